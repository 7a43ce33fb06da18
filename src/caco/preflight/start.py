"""What the submitting side looks at by itself, in seconds, before it submits anything."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caco.cluster.site import FILE
from caco.config.workflow import Config, read_config
from caco.errors import CacoError, ClusterError
from caco.plan.assumptions import Assumptions, read_assumptions
from caco.preflight.asks import asks_of
from caco.preflight.disk import too_little_room
from caco.preflight.fits import misfits
from caco.preflight.models import broken_models
from caco.preflight.partitions import ask_partitions
from caco.preflight.rights import refusals

# Lengths and shares of rows, where the site file does not give its own.
_USUAL = Path("config/plan/a100.yaml")


def problems(jobs: Sequence[Any], config: Config, slurm: bool) -> list[CacoError]:
    """Returns everything that is known to stand in a run's way, each with its mend.

    Args:
        jobs: Snakemake's jobs that are to run.
        config: The run.
        slurm: Whether its jobs go to Slurm.
    """
    found: list[CacoError] = [*broken_models(jobs)]
    # A manifest that cannot be read tells no size either.
    if not found:
        found += too_little_room(jobs, config, _assumed())
    return found + (_of_cluster(jobs) if slurm else [])


def _of_cluster(jobs: Sequence[Any]) -> list[CacoError]:
    asks = asks_of(jobs)
    if not asks:
        return []
    try:
        found = misfits(asks, ask_partitions())
    except ClusterError as error:
        # Who cannot be asked has refused nothing; sbatch waits for a controller that is restarted.
        print(f"cluster notice: {error}; what jobs need is not compared", file=sys.stderr)
        found = []
    # Slurm would only repeat in fewer words what was found already.
    return found or [*refusals(asks)]


def _assumed() -> Assumptions:
    has_plan = FILE.exists() and read_config(FILE).get("plan")
    return read_assumptions(FILE if has_plan else _USUAL)
