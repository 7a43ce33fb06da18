"""Names the files and functions in which a rule's code differs from that of a recorded commit."""

import ast
import io
import os
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from caco.runtime import RESULTS_VERSION
from caco.runtime.checkout import CHANGED, UNKNOWN
from caco.runtime.code_digest import definitions, digest_of_files, file_digests


class _Tree(NamedTuple):
    """The code of a commit.

    Attributes:
        folder: Where it is.
        results_version: Its `RESULTS_VERSION`; None if it has none.
    """

    folder: Path
    results_version: int | None


class CodeChanges:
    """Compares the checkout's code with that of recorded commits, each of which is read once."""

    def __init__(self, src: Path, folder: Path) -> None:
        """Stores where the code is.

        Args:
            src: The checkout's folder that contains the package `caco`.
            folder: An empty folder, for the code of the commits.
        """
        self._src, self._folder = src, folder
        self._trees: dict[tuple[str, Path | None], _Tree | str] = {}

    def words(
        self,
        commit: str | None,
        changes: Path | None,
        code: str,
        script: Path,
        chosen: Iterable[str],
    ) -> str:
        """Returns what of a rule's code has changed since a job.

        Args:
            commit: The commit that the job's record has.
            changes: The patch with the changes of the checkout since that commit; None if the
                record names none.
            code: The code digest that it has.
            script: The rule's script in the checkout.
            chosen: The modules that the rule's settings choose now.
        """
        if commit is None or commit.startswith(UNKNOWN):
            return "code changed (its record has no commit, so it is unknown what)"
        name = commit.removesuffix(CHANGED)
        patch = changes if changes is not None and changes.is_file() else None
        if (name, patch) not in self._trees:
            self._trees[name, patch] = self._tree(name, patch)
        tree = self._trees[name, patch]
        if isinstance(tree, str):
            return f"code changed (it is unknown what: commit {_short(name)} is not read: {tree})"
        old_script, old_src = tree.folder / "scripts" / script.name, tree.folder / "src"
        chosen = list(chosen)
        old = file_digests(old_script, old_src, chosen) if old_script.is_file() else {}
        new = file_digests(script, self._src, chosen)
        changed = [
            self._file(file, tree, script)
            for file in sorted(old.keys() | new.keys())
            if old.get(file) != new.get(file)
        ]
        if tree.results_version != RESULTS_VERSION:
            changed.append(f"RESULTS_VERSION {tree.results_version} -> {RESULTS_VERSION}")
        if old and digest_of_files(old, tree.results_version or 0) == code:
            return f"code changed: {', '.join(changed)}"
        since = f"; since that commit changed: {', '.join(changed)}" if changed else ""
        if commit.endswith(CHANGED) and patch is None:
            return (
                f"code changed: made from uncommitted changes at {_short(name)}, so it is unknown "
                f"which function{since}"
            )
        return (
            f"code changed: made from other modules than its settings choose now, or with another "
            f"code digest, at {_short(name)}{since}"
        )

    def _tree(self, commit: str, patch: Path | None) -> _Tree | str:
        """Returns a commit's code with a patch, or why it cannot be read."""
        try:
            done = subprocess.run(
                ["git", "archive", commit, "src", "scripts"],
                cwd=self._src.parent, capture_output=True, check=True, timeout=60,
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines()
            return lines[-1] if lines else "git failed"
        except (OSError, subprocess.SubprocessError) as error:
            return f"git: {error}"
        folder = self._folder / str(len(self._trees))
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        if patch is not None and (why := _apply(patch, folder)) is not None:
            return why
        return _Tree(folder, _results_version(folder))

    def _file(self, name: str, tree: _Tree, script: Path) -> str:
        """Returns a file that differs, with the parts in which it does."""
        if "/" in name:
            shown, old, new = f"src/{name}", tree.folder / "src" / name, self._src / name
        else:
            shown, old, new = f"scripts/{name}", tree.folder / "scripts" / name, script
        if not old.is_file():
            return f"{shown} (new)"
        if not new.is_file():
            return f"{shown} (gone)"
        if new.suffix != ".py":
            return shown
        before, after = definitions(old.read_bytes()), definitions(new.read_bytes())
        names = dict.fromkeys((*after, *before))
        parts = [name for name in names if before.get(name) != after.get(name)]
        return f"{shown} ({', '.join(parts)})" if parts else shown


def _apply(patch: Path, folder: Path) -> str | None:
    """Applies the changes of a checkout to the code of its commit; returns why that fails."""
    only = ("--include=src/*", "--include=scripts/*")
    done = subprocess.run(
        ["git", "apply", *only, str(patch.resolve())],
        cwd=folder,
        # No repository around the folder: git would skip files that are not in it.
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return f"{patch} cannot be applied: {lines[-1] if lines else 'git failed'}"


def _results_version(folder: Path) -> int | None:
    """Returns the `RESULTS_VERSION` of a commit's code, which is not imported."""
    try:
        module = (folder / "src/caco/runtime/__init__.py").read_bytes()
    except OSError:
        return None
    for node in ast.parse(module).body:
        match node:
            case ast.Assign([ast.Name("RESULTS_VERSION")], ast.Constant(int(value))):
                return value
    return None


def _short(commit: str) -> str:
    return commit[:12] if len(commit) == 40 else commit
