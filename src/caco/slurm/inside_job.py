"""The setup of the Snakemake inside a Slurm job, before it runs the job's command."""

import os
import signal
from typing import Any

from snakemake.persistence import PersistenceBase


def inside_a_job() -> None:
    """Prepares this Snakemake to finish its job without the Snakemake that submitted it.

    That one may be dead by then (login node restarted, SIGKILL). The job continues, and the next
    run needs the complete metadata of its outputs.
    """
    # Slurm sends SIGUSR1 some minutes before the time limit, to every process of the job. Only a
    # training handles it; child processes inherit SIG_IGN.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    _keep_node_count()
    _keep_metadata()


def _keep_node_count() -> None:
    """Passes the number of the job's nodes to the job's command.

    The executor removes Slurm's variables from the environment of the inner Snakemake. srun sets
    them again, but a job on several nodes is started without srun.
    """
    nodes = os.environ.get("SLURM_JOB_NUM_NODES", os.environ.get("CACO_NODES"))
    if nodes is not None:
        os.environ["CACO_NODES"] = os.environ["SLURM_JOB_NUM_NODES"] = nodes


def _keep_metadata() -> None:
    """Makes this Snakemake write its outputs' metadata (params, code), as the submitting one does.

    Snakemake leaves that to the submitting process, except with `--immediate-submit`, where none
    waits. Without metadata, later runs would not detect a changed setting.
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
