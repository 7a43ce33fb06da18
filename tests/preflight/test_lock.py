"""One Snakemake per folder, and the notice on a file system without locks."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from caco.errors import ClusterError
from caco.preflight import start


def test_a_second_snakemake_is_refused_with_the_process_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_locks", [])
    start._lock_folder(tmp_path / "lock")
    with pytest.raises(
        ClusterError, match=f"another Snakemake runs in this folder .process {os.getpid()} on "
    ):
        start._lock_folder(tmp_path / "lock")


def test_a_file_system_without_locks_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def flock(file: object, how: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    start._lock_folder(tmp_path / "lock")
    assert "does not support locks (Function not implemented)" in capsys.readouterr().err
    assert "process" in (tmp_path / "lock").read_text()
