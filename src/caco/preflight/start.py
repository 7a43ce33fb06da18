"""What the Snakemake that submits does first: alone in its folder, not beside an earlier run, fit.

Jobs of Slurm outlive the Snakemake that submitted them. So a run that finds some of them waits for
their end, and only then plans: none is lost, and none is made twice.
"""

import fcntl
import os
import socket
import sys
import time
from pathlib import Path
from typing import IO, Any, NoReturn

from caco.config.config import Config
from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.checks import preflight_errors
from caco.preflight.silent_failure import remove_old_logs
from caco.runtime.slurm_client import queued_jobs
from caco.slurm.site import FILE

# Holds an sbatch, a squeue and a sacct that stand what the executor would not.
_BIN = Path("profiles/slurm/bin")
_EVERY_S = 5.0
_held: list[IO[str]] = []


def start(workflow: Any, config: Config) -> None:
    """Refuses a run that should not be or cannot end well, and waits for an earlier run's jobs.

    Args:
        workflow: Snakemake's.
        config: The run.
    """
    executor = workflow.executor_plugin.name
    found: list[CacoError] = []
    try:
        if executor == "slurm":
            _hold(Path(".snakemake/caco.lock"))
            if _wait_for_leftovers(Path.cwd()):
                _again()
        elif executor == "local":
            _refuse_local()
        else:
            return  # a job's own Snakemake, or one that makes nothing
        jobs = [*workflow.dag.needrun_jobs()]
        found = preflight_errors(jobs, config, slurm=executor == "slurm")
    except CacoError as error:
        found = [error]
    if found:
        sys.exit("\n".join(error.line for error in found))
    _tell_what_is_not_seen({job.rule.name for job in jobs})
    if executor == "slurm":
        remove_old_logs(jobs)
        os.environ["PATH"] = f"{_BIN.resolve()}:{os.environ['PATH']}"


def _refuse_local() -> None:
    if FILE.exists() and "CACO_LOCAL" not in os.environ:
        raise UserError(
            f"{FILE} says that this checkout runs on a cluster, and this command would run every "
            "job right here; type `snakemake --profile slurm`, or put CACO_LOCAL=1 before a "
            "command that is meant to run here"
        )


def _tell_what_is_not_seen(rules: set[str]) -> None:
    """Says that a run which tries a node again looks for no other change; see rules/preflight.smk.

    Args:
        rules: Those with a job to run.
    """
    if "preflight" in rules and "model" not in rules:
        print(
            "notice: a node is tried again; Snakemake looks for no other change meanwhile, so type "
            "your command once more after this run",
            file=sys.stderr, flush=True,
        )  # fmt: skip


def _hold(path: Path) -> None:
    """Holds the folder for this process's life.

    Snakemake's own lock (off in the profile) outlives a SIGKILL, and has to be removed by hand.

    Raises:
        ClusterError: Another Snakemake holds it.
    """
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise ClusterError(
            f"a Snakemake runs in this folder ({file.read().strip()}): let it end, or end it"
        ) from None
    except OSError as error:
        print(
            f"cluster notice: the file system of this folder takes no locks ({error.strerror}), so "
            "nothing keeps a second Snakemake out of it: start no other while this one runs",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    _held.append(file)


def _wait_for_leftovers(folder: Path) -> bool:
    """Waits until no job of an earlier run is left in Slurm; tells whether there were any."""
    said: list[str] = []
    while left := _leftovers(folder):
        if left != said:
            print(
                f"an earlier run left {len(left)} jobs in Slurm, which are not submitted again: "
                f"waiting for {', '.join(left)}; `scancel` what you do not want",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            said = left
        time.sleep(_EVERY_S)
    return bool(said)


def _leftovers(folder: Path) -> list[str]:
    """Returns this folder's jobs that wait or run, as `id (state)`.

    Raises:
        ClusterError: Slurm does not answer.
    """
    return [f"{job.number} ({job.state})" for job in queued_jobs(folder, os.getuid())]


def _again() -> NoReturn:
    """Starts the same command anew in this process: what was planned before is out of date."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
