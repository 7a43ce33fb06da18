"""The lock of a results folder: its holder, what takes none, and file systems without locks."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from caco.errors import UserError
from caco.preflight import run_lock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def released(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Releases the locks of a test at its end."""
    held: list[int] = []
    monkeypatch.setattr(run_lock, "_held", held)
    yield
    for file in held:
        os.close(file)


def test_a_second_lock_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    assert run_lock.lock(tmp_path / "results")
    with pytest.raises(UserError) as refused:
        run_lock.lock(tmp_path / "results")
    assert str(refused.value) == (
        f"{tmp_path}/results: another Snakemake runs on this folder (process {os.getpid()} on "
        f"{os.uname().nodename}); wait until it has finished, or stop it"
    )
    assert run_lock.lock(tmp_path / "other"), "another folder is not locked"


def test_the_lock_ends_with_its_process_and_not_with_its_children(tmp_path: Path) -> None:
    program = (
        "import os, signal, subprocess, sys\n"
        "from pathlib import Path\n"
        "from caco.preflight.run_lock import lock\n"
        "lock(Path(sys.argv[1]))\n"
        "child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=ROOT / "src", stdout=subprocess.PIPE
    )
    child = int(killed.stdout)
    os.kill(child, 0)  # it is still running
    try:
        assert run_lock.lock(tmp_path)
    finally:
        os.kill(child, 9)


def test_a_file_system_without_locks_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def flock(file: object, how: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert not run_lock.lock(tmp_path)
    assert capsys.readouterr().err == (
        f"cluster notice: {tmp_path}: its file system does not support locks (Function not "
        "implemented), so Snakemake's own lock is used; if this command is killed, type it once "
        "with --unlock before the next run\n"
    )


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(UserError, match="results: a file is where a folder must be; move the"):
        run_lock.lock(tmp_path / "results")


@pytest.mark.parametrize(("main", "dry"), [(True, False), (True, True), (False, False)])
def test_only_a_run_of_the_main_process_takes_the_lock(
    tmp_path: Path, main: bool, dry: bool
) -> None:
    ran: list[Any] = []
    workflow = SimpleNamespace(
        is_main_process=main,
        execution_settings=SimpleNamespace(lock=True),
        execute=lambda executor_plugin, **settings: ran.append(settings),
    )
    plugin = SimpleNamespace(common_settings=SimpleNamespace(dryrun_exec=dry))
    run_lock.lock_when_executed(workflow, tmp_path)
    workflow.execute(executor_plugin=plugin, updated_files=None)
    assert ran == [{"updated_files": None}]
    locked = main and not dry
    assert (tmp_path / run_lock.FILE).exists() is locked
    assert workflow.execution_settings.lock is not locked, "Snakemake's own lock"
