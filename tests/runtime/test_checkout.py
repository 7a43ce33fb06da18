"""The commit of a job, and the changes of its checkout."""

from pathlib import Path

import pytest
from tests.git import git

from caco.runtime.checkout import checkout


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder is a checkout with one commit."""
    folder = tmp_path / "checkout"
    (folder / "src").mkdir(parents=True)
    (folder / "src/one.py").write_text("X = 1\n")
    (folder / "config.yaml").write_text("run: a\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "code")
    monkeypatch.chdir(folder)
    return folder


def test_the_changes_of_a_commit_are_kept_once_and_restore_the_code(
    code: Path, tmp_path: Path
) -> None:
    run, commit = tmp_path / "run", git(code, "rev-parse", "HEAD")
    (code / "config.yaml").write_text("run: b\n")  # the record has the settings
    assert checkout(run) == {"commit": commit, "changes": None}
    (code / "src/one.py").write_text("X = 2\n")
    (code / "src/a new \u00e4.py").write_text("Y = 3\n")
    found = checkout(run)
    assert found["commit"] == f"{commit}+changes" and checkout(run) == found
    (patch,) = (run / "changes").iterdir()
    assert patch.name == f"{found['changes']}.diff"
    assert checkout(None) == {"commit": f"{commit}+changes", "changes": None}

    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(code), str(clone))
    git(clone, "apply", str(patch))
    for file in (code / "src").iterdir():
        assert (clone / "src" / file.name).read_bytes() == file.read_bytes()


def test_a_commit_that_cannot_be_told_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert checkout(None) == {"commit": "unknown: not a git repository", "changes": None}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout(None) == {"commit": "unknown: git is not installed", "changes": None}
