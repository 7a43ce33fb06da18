"""What the submitting side looks at by itself, in seconds, before it submits anything."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from caco.cluster.site import FILE
from caco.config.workflow import Config, read_config
from caco.errors import CacoError, ClusterError, UserError
from caco.plan.assumptions import Assumptions, read_assumptions
from caco.preflight.asks import asks_of, last_asks_of
from caco.preflight.batches import uneven_batches
from caco.preflight.disk import too_little_room
from caco.preflight.fits import misfits
from caco.preflight.gpus import idle_gpus, too_few_gpus
from caco.preflight.half_done import FORGET, begun_otherwise, forget, refusals_of
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
    # A manifest that cannot be read tells no size either, and no digest.
    if not found:
        found += too_little_room(jobs, config, _assumed())
        found += _half_done(jobs)
    return found + (_of_cluster(jobs, config) if slurm else [])


def _half_done(jobs: Sequence[Any]) -> list[UserError]:
    """Returns what jobs would refuse to go on with; drops it where that is wanted."""
    works = begun_otherwise(jobs)
    if FORGET not in os.environ:
        return refusals_of(works)
    _tell(forget(works))
    return []


def _of_cluster(jobs: Sequence[Any], config: Config) -> list[CacoError]:
    asks = asks_of(jobs)
    if not asks:
        return []
    found: list[CacoError] = [*too_few_gpus(asks, config), *uneven_batches(asks, config)]
    try:
        # A later attempt that asks for more than there is would wait for ever, or never be taken.
        found += misfits([*asks, *last_asks_of(jobs)], ask_partitions())
    except ClusterError as error:
        # Who cannot be asked has refused nothing; sbatch waits for a controller that is restarted.
        _tell([f"cluster notice: {error}; what jobs need is not compared"])
    # Slurm would only repeat in fewer words what was found already.
    found = found or [*refusals(asks)]
    if not found:
        _tell(idle_gpus(asks, config))
    return found


def _tell(notices: Iterable[str]) -> None:
    for notice in notices:
        print(notice, file=sys.stderr, flush=True)


def _assumed() -> Assumptions:
    has_plan = FILE.exists() and read_config(FILE).get("plan")
    return read_assumptions(FILE if has_plan else _USUAL)
