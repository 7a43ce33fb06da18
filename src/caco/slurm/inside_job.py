"""What the Snakemake inside a Slurm job does before it runs the job's command."""

import os
import signal
from typing import Any

from snakemake.persistence import PersistenceBase


def inside_a_job() -> None:
    """Makes this Snakemake fit to be the only one that sees its job end.

    The Snakemake that submitted the job may be dead by then (a login node that was restarted, a
    SIGKILL). The job lives on, and what it made must be known to the next run for what it is.
    """
    # Sent some minutes before the wall time is over, to every process of the job: only those that
    # have a use for it (training) handle it, and what is started from here inherits this.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    _pass_on_nodes()
    _keep_metadata()


def _pass_on_nodes() -> None:
    """Lets the job's command know of how many nodes the job is.

    The executor takes Slurm's variables from the Snakemake that it starts inside the job. srun
    gives them back, but a job of several nodes is started without it.
    """
    nodes = os.environ.get("SLURM_JOB_NUM_NODES", os.environ.get("CACO_NODES"))
    if nodes is not None:
        os.environ["CACO_NODES"] = os.environ["SLURM_JOB_NUM_NODES"] = nodes


def _keep_metadata() -> None:
    """Lets this Snakemake write its outputs' metadata (params, code), as the submitting one does.

    Snakemake leaves that to the one that submitted, except with `--immediate-submit`, where nobody
    waits. Without metadata a changed setting would not be seen by later runs.
    """
    finished = PersistenceBase.finished

    async def finished_here(self: PersistenceBase, job: Any) -> None:
        settings = self.dag.workflow.remote_execution_settings
        before, settings.immediate_submit = settings.immediate_submit, True
        try:
            await finished(self, job)
        finally:
            settings.immediate_submit = before

    PersistenceBase.finished = finished_here
