"""One Snakemake at a time in a results folder, whatever its command line.

A second one would delete outputs that the first has just written. The kernel holds the lock until
the process exits, so after a SIGKILL nothing has to be unlocked, as it has to be with Snakemake's
own lock, which is a file.
"""

import fcntl
import os
import socket
import sys
from pathlib import Path
from typing import Any

from caco.errors import CacoError, UserError
from caco.runtime.file_system import NO_LOCKS, file_system_error

FILE = "run.lock"
_held: list[int] = []  # descriptors, which must stay open


def lock_when_executed(workflow: Any, results: Path) -> None:
    """Makes a workflow lock its results folder before it plans a run, and end if another holds it.

    A plan that is made before the lock is held may contain jobs that the other run finishes
    meanwhile. Snakemake has no hook that early, so its method is wrapped. A dry run, commands that
    run no jobs (`--lint`, `--summary`, `--dag`, `--unlock`) and the Snakemake inside a job take no
    lock.

    Args:
        workflow: Snakemake's workflow.
        results: The results folder.
    """
    if not workflow.is_main_process:
        return
    execute = workflow.execute

    def execute_locked(executor_plugin: Any, **settings: Any) -> None:
        if not executor_plugin.common_settings.dryrun_exec:
            try:
                locked = lock(results)
            except CacoError as error:
                sys.exit(error.line)
            if locked:
                workflow.execution_settings.lock = False
        execute(executor_plugin=executor_plugin, **settings)

    workflow.execute = execute_locked


def lock(results: Path) -> bool:
    """Locks a results folder until this process exits; processes that it starts do not inherit it.

    Returns:
        Whether it is locked. On a file system without locks it is not, which a notice says:
        Snakemake's own lock is then left on.

    Raises:
        UserError: Another process holds the lock, or the folder cannot be written.
        ClusterError: The file system failed.
    """
    path = results / FILE
    try:
        results.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise file_system_error(error, path) or UserError(
            f"{path}: cannot be opened for writing ({error.strerror}); a run writes to this "
            "folder, so make it writable, or change `run` in the config"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(file, 1000, 0).decode("utf-8", "replace").strip()
        os.close(file)
        raise UserError(
            f"{results}: another Snakemake runs on this folder ({holder or 'unknown process'}); "
            "wait until it has finished, or stop it"
        ) from None
    except OSError as error:
        os.close(file)
        if error.errno not in NO_LOCKS:
            raise
        print(
            f"cluster notice: {results}: its file system does not support locks "
            f"({error.strerror}), so Snakemake's own lock is used; if this command is killed, type "
            "it once with --unlock before the next run",
            file=sys.stderr,
            flush=True,
        )
        return False
    os.ftruncate(file, 0)
    os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    _held.append(file)
    return True
