"""A run whose results were copied here without what Snakemake has stored about them."""

from pathlib import Path
from typing import Any

from caco.errors import UserError


def copied_run_error(workflow: Any, run: Path) -> UserError | None:
    """Returns an error if Snakemake knows none of the finished jobs of a run; None otherwise.

    It would decide by the times of the files alone, which a copy changes: trainings run again, or a
    changed setting re-runs nothing. A job that an earlier Snakemake did not see end is not counted;
    it is marked as incomplete.

    Args:
        workflow: Snakemake's workflow, after it has planned the run.
        run: `results/{run}`.
    """
    persistence = workflow.persistence
    finished = 0
    for job in workflow.dag.jobs:
        if not hasattr(job.output, "provenance") or not Path(job.output.provenance).exists():
            continue
        if persistence.has_metadata(job):
            return None
        finished += not workflow.async_run(persistence.incomplete(job))
    if not finished:
        return None
    files = " ".join(map(str, workflow.configfiles))
    return UserError(
        f"{run}: Snakemake knows none of its {finished:,} finished jobs, as after a copy without "
        f"`.snakemake`; type `python scripts/restore.py {run} --configfile {files}` and then your "
        f"command again, or `rm -r {run}` to make everything again"
    )
