"""Git in the tests of checkouts."""

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Runs a command of git in a folder, as a committer; returns what it prints."""
    committer = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *committer, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
