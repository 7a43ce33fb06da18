"""What the submitting Snakemake does first: waits for earlier jobs, then runs checks.

Slurm jobs outlive the Snakemake that submitted them. A run that finds such jobs waits until they
have ended, and plans only then: no job is lost, and none is submitted twice.
"""

import logging
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from snakemake.logging import logger

from caco.config.config import Config
from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.checks import preflight_errors, print_notices
from caco.preflight.copied_run import copied_run_error
from caco.runtime.file_system import clock_notice
from caco.runtime.slurm_client import queued_jobs
from caco.slurm.site import FILE
from caco.workflow.inputs import LocalInputs
from caco.workflow.paths import Paths

# Wrappers of sbatch, squeue and sacct that handle what the executor does not.
_BIN = Path("profiles/slurm/bin")
_POLL_S = 5.0


def start(workflow: Any, config: Config, inputs: LocalInputs) -> None:
    """Refuses a run that must not start or is known to fail, and waits for an earlier run's jobs.

    Args:
        workflow: Snakemake's workflow.
        config: The run.
        inputs: The user's files.
    """
    executor = workflow.executor_plugin.name
    found: list[CacoError] = []
    try:
        if executor == "slurm":
            if _wait_for_earlier_jobs(Path.cwd()):
                _restart()
        elif executor == "local":
            _refuse_local()
        else:
            return  # the Snakemake inside a job, or one that runs nothing
        jobs = [*workflow.dag.needrun_jobs()]
        copied = copied_run_error(workflow, Path(Paths(config.run).root))
        found = [copied] if copied is not None else missing_files(jobs, inputs)
        found = found or preflight_errors(jobs, config, slurm=executor == "slurm")
    except CacoError as error:
        found = [error]
    if found:
        sys.exit("\n".join(error.line for error in found))
    _print_second_run_notice({job.rule.name for job in jobs})
    read = {Path(str(file)) for job in jobs for file in job.input}
    if (notice := clock_notice(sorted(read), time.time())) is not None:
        print_notices([notice])
    if executor == "slurm":
        remove_old_logs(jobs)
        logger.addFilter(account_guess_filter)
        os.environ["PATH"] = f"{_BIN.resolve()}:{os.environ['PATH']}"


def missing_files(jobs: Iterable[Any], inputs: LocalInputs) -> list[CacoError]:
    """Returns one error for each job whose file does not exist.

    A run of everything is refused earlier, before it is planned; a part of it needs the files of
    that part.

    Args:
        jobs: Snakemake's jobs that are to run.
        inputs: The user's files.
    """
    errors = (inputs.missing_of(job.rule.name, "".join(job.wildcards)) for job in jobs)
    return [error for error in errors if error is not None]


def account_guess_filter(record: logging.LogRecord) -> bool:
    """A logging filter for the executor's warnings that it guesses an account; keeps all others.

    If the site names no account, Slurm uses the user's default one, and the executor's query for an
    account is answered with "none" (profiles/slurm/bin/sacct). No setting turns the query off.
    """
    return not record.getMessage().startswith(
        ("No SLURM account given, trying to guess", "Unable to guess SLURM account")
    )


def _refuse_local() -> None:
    if FILE.exists() and "CACO_LOCAL" not in os.environ:
        raise UserError(
            f"{FILE} describes a cluster, but this command would run every job on this machine; "
            "type `snakemake --profile slurm`, or put CACO_LOCAL=1 before a command that is meant "
            "to run here"
        )


def _print_second_run_notice(rules: set[str]) -> None:
    """Prints that a run that repeats the preflight job ignores other changes.

    See rules/preflight.smk.

    Args:
        rules: The rules with a job to run.
    """
    if "preflight" in rules and "model" not in rules:
        print_notices(
            [
                "notice: this run repeats the preflight job, and Snakemake ignores other changes "
                "meanwhile; type your command once more after it"
            ]
        )


def _wait_for_earlier_jobs(folder: Path) -> bool:
    """Waits until Slurm has no job of an earlier run left; tells whether it had any."""
    printed: list[str] = []
    while earlier := _earlier_jobs(folder):
        if earlier != printed:
            print_notices(
                [
                    f"an earlier run has {len(earlier)} jobs left in Slurm, which are not "
                    f"submitted again: waiting for {', '.join(earlier)}; `scancel` those that you "
                    "do not need"
                ]
            )
            printed = earlier
        time.sleep(_POLL_S)
    return bool(printed)


def _earlier_jobs(folder: Path) -> list[str]:
    """Returns this folder's pending and running jobs, as `id (state)`.

    Raises:
        ClusterError: Slurm does not answer.
    """
    return [f"{job.job_id} ({job.state})" for job in queued_jobs(folder, os.getuid())]


def _restart() -> NoReturn:
    """Starts the same command again in this process: its plan is out of date."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def remove_old_logs(jobs: Iterable[Any]) -> None:
    """Deletes the log of an earlier preflight job: it could be mistaken for that of the next one.

    Args:
        jobs: Snakemake's jobs that are to run.
    """
    for log in _preflight_logs(jobs):
        log.unlink(missing_ok=True)


def report_silent_failure(workflow: Any) -> None:
    """Prints the possible causes of a silent failure: the preflight job failed and logged nothing.

    A job whose node cannot access this folder writes neither its own log nor Slurm's, so only the
    submitting Snakemake can report it.

    Args:
        workflow: Snakemake's workflow, after its last job.
    """
    if workflow.executor_plugin.name != "slurm":
        return
    for log in _preflight_logs(workflow.scheduler.failed):
        if log.exists() and log.stat().st_size:  # Snakemake creates a missing log, empty
            continue
        error = ClusterError(
            f"the job of rule `preflight` wrote no line to {log}: if Slurm started it, its node "
            f"cannot access {Path.cwd()}, cannot write to it or cannot start {sys.executable}, or "
            "`setup` of site.yaml fails there; keep the checkout, its environments and the Python "
            "that they were made with on file systems that all nodes share"
        )
        print_notices([error.line])


def _preflight_logs(jobs: Iterable[Any]) -> list[Path]:
    return [Path(log) for job in jobs if job.rule.name == "preflight" for log in job.log]
