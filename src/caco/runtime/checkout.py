"""The checkout of a job: its commit, and what was changed since."""

import subprocess
from pathlib import Path

from caco.runtime.kept import CHANGES, keep

CHANGED = "+changes"
"""The end of a commit if files of the checkout differ from it."""
UNKNOWN = "unknown: "
"""The start of a commit that cannot be told; the reason follows."""
_CODE = ("Snakefile", "envs", "profiles", "rules", "scripts", "slurm", "src")
_TIMEOUT_S = 20.0


def checkout(run: Path | None) -> dict[str, str | None]:
    """Returns the checkout in the working folder: `commit`, and the digest of its `changes`.

    Changed and new files of the code are kept as a patch. Configs, data and documents do not count:
    records have the settings, and the digests of inputs.

    Args:
        run: The folder of the run; None for a job outside a run, of which no changes are kept.
    """
    try:
        commit, changes = _commit_and_changes()
    except FileNotFoundError:
        return {"commit": f"{UNKNOWN}git is not installed", "changes": None}
    except subprocess.TimeoutExpired:
        return {"commit": f"{UNKNOWN}git took over {_TIMEOUT_S:.0f} s", "changes": None}
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[-1].removeprefix("fatal: ").partition(" (")[0] if lines else "git failed"
        return {"commit": UNKNOWN + reason, "changes": None}
    if not changes:
        return {"commit": commit, "changes": None}
    digest = None if run is None else keep(run, CHANGES, changes)
    return {"commit": commit + CHANGED, "changes": digest}


def _commit_and_changes() -> tuple[str, bytes]:
    status = _git(
        "status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=all",
        "--", *_CODE,
    ).split(b"\0")[:-1]  # fmt: skip
    commit = status[0].removeprefix(b"# branch.oid ").decode()
    changed = [entry for entry in status if not entry.startswith(b"# ")]
    if not changed:
        return commit, b""
    patch = _git("diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", *_CODE)
    for entry in changed:
        if entry.startswith(b"? "):
            new = ("--no-index", "--no-color", "--", "/dev/null", entry[2:])
            patch += _git("diff", *new, success=1)
    return commit, patch


def _git(*words: str | bytes, success: int = 0) -> bytes:
    """Returns what a command of git prints.

    Args:
        words: The command.
        success: Its exit code if it did not fail.

    Raises:
        FileNotFoundError: There is no git.
        subprocess.SubprocessError: It failed, or did not finish in time.
    """
    done = subprocess.run(
        # Many jobs ask at the same time: none writes the index.
        ["git", "--no-optional-locks", *words],
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != success:
        raise subprocess.CalledProcessError(done.returncode, "git", done.stdout, done.stderr)
    return done.stdout
