"""The rules that re-run when code changes: every module of src/caco, compared with a table."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

from caco.config.section import implementations
from caco.runtime import code_digest as digests
from caco.runtime.code_digest import code_digest, code_files
from caco.workflow.rules import StageRules
from tests.dag.checkout import ROOT, Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import ANSWERS, GRADES, downstream, each
from tests.dag.modules import EXAMPLES, TABLE, every_kind, sections

SRC = (ROOT / "src").resolve()
MODULES = {
    ".".join(path.relative_to(SRC / "caco").with_suffix("").parts): path
    for path in sorted((SRC / "caco").rglob("*.py"))
    if path.name != "__init__.py"
}


@pytest.fixture(scope="module")
def covered() -> dict[str, set[Path]]:
    """The files in the code digest of each rule."""
    config = every_kind()
    rules = StageRules(config, ROOT)
    return {
        rule: code_files(rules.script(rule.partition(":")[0]), SRC, implementations(section))
        for rule, section in sections(config).items()
    }


@pytest.mark.parametrize("module", MODULES)
def test_a_statement_re_runs_the_rules_of_the_table(
    covered: dict[str, set[Path]], module: str
) -> None:
    expected = EXAMPLES.get(module)
    if expected is None:
        expected = next((rules for pattern, rules in TABLE if fnmatch(module, pattern)), None)
    assert expected is not None, f"{module}: add the rules that depend on it to TABLE"
    rules = {rule for rule, files in covered.items() if MODULES[module] in files}
    assert rules - {"preflight", "preflight_passed", "report"} == expected


def test_every_rule_of_the_workflow_is_covered() -> None:
    from caco.workflow.stages import STAGES

    assert {rule.partition(":")[0] for rule in sections(every_kind())} == {s.name for s in STAGES}


def test_the_digest_changes_with_every_file_that_it_covers(tmp_path: Path) -> None:
    """The table of files is therefore a table of digests."""
    script = tmp_path / "scripts" / "a.py"
    module, data = tmp_path / "src/caco/a.py", tmp_path / "src/caco/a.j2"
    for path, text in {script: "import caco.a\n", module: "F = 'a.j2'\n", data: "x"}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert {script, module, data} == code_files(script, tmp_path / "src")
    digests_seen = {code_digest(script, tmp_path / "src")}
    for path in (script, module, data):
        path.write_text(path.read_text() + "y = 1\n")
        for function in ("_files", "_names_in", "_source", "_data_named_in", "_file_digest"):
            getattr(digests, function).cache_clear()
        digests_seen.add(code_digest(script, tmp_path / "src"))
    assert len(digests_seen) == 4


def added_statement(path: Path) -> tuple[str, str]:
    """Returns an import of a module, and the same import with a statement before it."""
    line = next(
        line for line in path.read_text().splitlines() if line.startswith(("import ", "from "))
    )
    return f"\n{line}\n", f"\nchanged = 1\n{line}\n"


@pytest.mark.parametrize("package", ["runtime", "slurm", "reports", "preflight", "config"])
def test_modules_that_decide_no_rows_re_run_nothing(
    finished: Checkout, edit: Edit, package: str
) -> None:
    for path in sorted((SRC / "caco" / package).rglob("*.py")):
        if path.name != "__init__.py":
            edit(str(path.relative_to(ROOT.resolve())), *added_statement(path))
    assert finished.planned() == set()


def test_a_statement_of_the_vllm_engine_re_runs_the_rules_that_use_it(
    finished: Checkout, edit: Edit
) -> None:
    raw = finished.config()
    raw["run"] = "vllm"
    raw["sample"]["engine"] = {"kind": "vllm", "dtype": "float32"}
    finished.snakemake(config=raw)
    edit("src/caco/engines/vllm_engine.py", *added_statement(SRC / "caco/engines/vllm_engine.py"))
    assert finished.planned() == set()
    assert finished.planned(config=raw) == downstream(each("sample"))


def test_a_statement_of_a_reader_re_runs_its_sources(finished: Checkout, edit: Edit) -> None:
    reader = "caco/stages/seeds/readers/codeio.py"
    edit(f"src/{reader}", *added_statement(SRC / reader))
    assert finished.planned() == downstream({"seeds:codeio"})


def test_a_statement_of_the_grader_re_runs_no_generation(finished: Checkout, edit: Edit) -> None:
    edit("src/caco/grading/grader.py", *added_statement(SRC / "caco/grading/grader.py"))
    planned = finished.planned()
    graded = {job for job in AFTER_GRADER if job.startswith("grade")}
    assert planned == AFTER_GRADER
    assert graded and not planned & (
        each("solution") | each("question") | {"answer:base-arithmetic"}
    )


AFTER_GRADER = downstream(
    each("judge") | {"calibrate", "grade:base-arithmetic", "grade:student-arithmetic"}
)


def test_a_statement_of_the_statement_reader_re_runs_no_judge(
    finished: Checkout, edit: Edit
) -> None:
    """The reader of statements re-runs neither a generation before the corpus nor a judge."""
    reader = "caco/statements/relations.py"
    edit(f"src/{reader}", *added_statement(SRC / reader))
    assert finished.planned() == downstream(each("check") | {"calibrate"} | GRADES)


def test_only_the_students_answers_depend_on_the_judge() -> None:
    """The student depends on the corpus, and the corpus on the judge; the base model does not."""
    affected = ANSWERS & AFTER_GRADER
    assert affected == {"answer:student-arithmetic"}


def test_reworded_messages_and_help_texts_re_run_nothing(finished: Checkout, edit: Edit) -> None:
    for file in ("src/caco/engines/transformers_model.py", "src/caco/models/manifest.py"):
        text = (ROOT / file).read_text()
        call = next(
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError"
        )
        message = ast.get_source_segment(text, call.args[0])
        assert message is not None
        edit(file, message, '"Reworded."')
    edit("scripts/verify.py", "sampled programs of the shard", "programs of the shard, sampled")
    assert finished.planned() == set()
