"""Changed code is named by file and function where the recorded commit shows it."""

from pathlib import Path
from tempfile import mkdtemp

import pytest
from tests.git import git

from caco.reports.planning.code_changes import CodeChanges
from caco.runtime.code_digest import code_digest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "src/caco/runtime").mkdir(parents=True)
    (folder / "scripts").mkdir()
    (folder / "src/caco/__init__.py").write_text("")
    (folder / "src/caco/runtime/__init__.py").write_text("RESULTS_VERSION = 1\n")
    (folder / "src/caco/rows.py").write_text(
        "X = 1\ndef one():\n    return 1\ndef two():\n    pass\n"
    )
    (folder / "scripts/sample.py").write_text("from caco.rows import one\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "code")
    return folder


def words(checkout: Path, commit: str | None, code: str, patch: Path | None = None) -> str:
    folder = Path(mkdtemp(dir=checkout.parent))
    changes = CodeChanges(checkout / "src", folder)
    return changes.words(commit, patch, code, checkout / "scripts/sample.py", ())


def test_functions_are_named(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caco.reports.planning.code_changes.RESULTS_VERSION", 1)
    monkeypatch.setattr("caco.runtime.code_digest.RESULTS_VERSION", 1)
    commit = git(checkout, "rev-parse", "HEAD")
    first = checkout.parent / "first"
    git(checkout, "worktree", "add", "-q", str(first))  # the digest of a path is computed once
    code = code_digest(first / "scripts/sample.py", first / "src")
    (checkout / "src/caco/rows.py").write_text(
        "X = 1\ndef one():\n    '''Text.'''\n    return 2\ndef three():\n    pass\n"
    )
    changed = "src/caco/rows.py (one, three, two)"
    assert words(checkout, commit, code) == f"code changed: {changed}"
    assert words(checkout, f"{commit}+changes", code) == f"code changed: {changed}"
    assert words(checkout, f"{commit}+changes", "0" * 32) == (
        f"code changed: made from uncommitted changes at {commit[:12]}, so it is unknown which "
        f"function; since that commit changed: {changed}"
    )
    assert "other modules than its settings choose now" in words(checkout, commit, "0" * 32)
    assert "has no commit" in words(checkout, None, code)
    assert "commit 111111111111 is not read" in words(checkout, "1" * 40, code)


def test_another_version_of_results_is_named(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    code = code_digest(checkout / "scripts/sample.py", checkout / "src")
    monkeypatch.setattr("caco.reports.planning.code_changes.RESULTS_VERSION", 2)
    assert words(checkout, commit, code) == "code changed: RESULTS_VERSION 1 -> 2"


def test_functions_are_named_of_code_that_was_changed_when_the_job_ran(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("reports.planning.code_changes", "runtime.code_digest"):
        monkeypatch.setattr(f"caco.{module}.RESULTS_VERSION", 1)
    commit = git(checkout, "rev-parse", "HEAD")
    first = checkout.parent / "first"
    git(checkout, "worktree", "add", "-q", str(first))  # where the job ran
    rows = (first / "src/caco/rows.py").read_text()
    (first / "src/caco/rows.py").write_text(rows + "def three():\n    pass\n")
    (first / "scripts/sample.py").write_text("from caco.more import five\n")
    (first / "src/caco/more.py").write_text("from caco.rows import one\ndef five():\n    pass\n")
    git(first, "add", "--intent-to-add", ".")
    patch = checkout.parent / "changes.diff"
    patch.write_text(git(first, "diff", "HEAD") + "\n")
    code = code_digest(first / "scripts/sample.py", first / "src")
    git(checkout, "apply", str(patch))
    text = (checkout / "src/caco/rows.py").read_text()
    (checkout / "src/caco/rows.py").write_text(text.replace("return 1", "return 2"))
    said = words(checkout, f"{commit}+changes", code, patch)
    assert said == "code changed: src/caco/rows.py (one)"
    assert "unknown which function" in words(checkout, f"{commit}+changes", code, patch / "gone")
    patch.write_text(patch.read_text().replace("def two", "def other"))
    assert f"{patch} cannot be applied: " in words(checkout, f"{commit}+changes", code, patch)
