"""Checks on the submit host, which take seconds, before anything is submitted.

How many GPUs share a model is set in the config, how many a job gets in the profile and the site
file. Several times as many hold as many replicas of the model (`caco.engines.data_parallel`).
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from caco.config.config import Config, read_config
from caco.config.plan import Assumptions, read_assumptions
from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.capacity import missing_resources
from caco.preflight.disk import too_little_room
from caco.preflight.models import broken_models
from caco.preflight.partitions import ask_partitions
from caco.preflight.permissions import permission_errors
from caco.preflight.requests import ResourceRequest, last_attempt_requests, resource_requests
from caco.preflight.stale_state import DISCARD, discard, stale_state_errors, stale_states
from caco.slurm.site import FILE
from caco.training.runtime.launch import accumulation
from caco.workflow.stages import engines_of


def uneven_batches(asks: Iterable[ResourceRequest], config: Config) -> list[UserError]:
    """Returns one error for each training whose global batch does not go into its ranks.

    There is a rank on each GPU; how many there are without one, only the job's node tells.

    Args:
        asks: What the rules' jobs ask for.
        config: The run.
    """
    trained = {"codegen": config.codegen, "student": config.student}
    if config.writer.fine_tune:
        trained["writer"] = config.writer
    found = []
    for ask in asks:
        if ask.rule in trained and ask.gpus:
            try:
                accumulation(trained[ask.rule].training, ask.gpus * ask.nodes, ask.rule)
            except UserError as error:
                found.append(error)
    return found


class _Use(NamedTuple):
    """What a rule's jobs ask for, and the engine of theirs that uses most."""

    ask: ResourceRequest
    key: str
    gpus: int

    @property
    def mend(self) -> str:
        return f"set `{self.ask.rule}: {{gpus: {self.gpus}}}` under `rules` in site.yaml"

    @property
    def idle(self) -> int:
        """GPUs that fill no group of those which share a model."""
        return self.ask.gpus % self.gpus if self.gpus else self.ask.gpus


def too_few_gpus(asks: Iterable[ResourceRequest], config: Config) -> list[UserError]:
    """Returns one error for each rule with an engine that shares its model over more than is asked.

    Without any GPU a job runs on the CPU, where an engine that shares nothing can.

    Args:
        asks: What the rules' jobs ask for.
        config: The run.
    """
    return [
        UserError(
            f"`{use.key}.tensor_parallel` is {use.gpus}, and the jobs of {use.ask.rule} ask for "
            f"{use.ask.gpus} GPUs on a node; {use.mend}"
        )
        for use in _uses(asks, config)
        if use.ask.gpus < use.gpus > 1
    ]


def idle_gpus(asks: Iterable[ResourceRequest], config: Config) -> list[str]:
    """Returns a notice for each rule whose jobs would hold GPUs that no engine of theirs uses.

    It may be meant: some clusters give whole nodes only.

    Args:
        asks: What the rules' jobs ask for.
        config: The run.
    """
    return [
        f"notice: the jobs of {use.ask.rule} ask for {use.ask.gpus} GPUs on a node, of which "
        f"`{use.key}` leaves {use.idle} idle; to ask for no more, {use.mend}"
        for use in _uses(asks, config)
        if use.idle and use.ask.gpus > use.gpus
    ]


def _uses(asks: Iterable[ResourceRequest], config: Config) -> Iterator[_Use]:
    engines = engines_of(config)
    for ask in asks:
        used = {key: engine.gpus for key, engine in engines.get(ask.rule, {}).items()}
        if used:
            key = max(used, key=lambda name: used[name])
            yield _Use(ask, key, used[key])


# Lengths and shares of rows, where the site file does not give its own.
_USUAL = Path("config/plan/a100.yaml")


def preflight_errors(jobs: Sequence[Any], config: Config, slurm: bool) -> list[CacoError]:
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
    works = stale_states(jobs)
    if DISCARD not in os.environ:
        return stale_state_errors(works)
    _tell(discard(works))
    return []


def _of_cluster(jobs: Sequence[Any], config: Config) -> list[CacoError]:
    asks = resource_requests(jobs)
    if not asks:
        return []
    found: list[CacoError] = [*too_few_gpus(asks, config), *uneven_batches(asks, config)]
    try:
        # A later attempt that asks for more than there is would wait for ever, or never be taken.
        found += missing_resources([*asks, *last_attempt_requests(jobs)], ask_partitions())
    except ClusterError as error:
        # Who cannot be asked has refused nothing; sbatch waits for a controller that is restarted.
        _tell([f"cluster notice: {error}; what jobs need is not compared"])
    # Slurm would only repeat in fewer words what was found already.
    found = found or [*permission_errors(asks)]
    if not found:
        _tell(idle_gpus(asks, config))
    return found


def _tell(notices: Iterable[str]) -> None:
    for notice in notices:
        print(notice, file=sys.stderr, flush=True)


def _assumed() -> Assumptions:
    has_plan = FILE.exists() and read_config(FILE).get("plan")
    return read_assumptions(FILE if has_plan else _USUAL)
