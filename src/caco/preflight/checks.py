"""Checks on the submit host: they take seconds, and run before anything is submitted.

The config sets how many GPUs share a model; the profile and the site file set how many GPUs a job
has. A job with several times as many GPUs runs as many replicas of the model
(`caco.engines.data_parallel`).
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from caco.config.config import Config, read_config
from caco.config.plan import Assumptions, read_assumptions
from caco.config.training import FineTune
from caco.errors import CacoError, ClusterError, UserError
from caco.models.manifest import read_manifest
from caco.preflight.capacity import missing_resources, query_partitions
from caco.preflight.columns import missing_columns
from caco.preflight.disk import incomplete_models, insufficient_space
from caco.preflight.permissions import permission_errors
from caco.preflight.requests import ResourceRequest, last_attempt_requests, resource_requests
from caco.preflight.stale_state import DISCARD, discard, stale_state_errors, stale_states
from caco.preflight.templates import missing_templates
from caco.reports.planning.plan import STARTS_SHARE, InputSizes, estimate
from caco.slurm.site import FILE
from caco.training.runtime.launch import require_rows_for_ranks
from caco.training.runtime.memory import training_memory
from caco.workflow.paths import Paths
from caco.workflow.stages import engines_of

# Lengths and shares of rows, unless the site file has its own.
_DEFAULT_ASSUMPTIONS = Path("config/plan/a100.yaml")


def preflight_errors(jobs: Sequence[Any], config: Config, slurm: bool) -> list[CacoError]:
    """Returns everything known to make the run fail, each with its fix.

    Args:
        jobs: Snakemake's jobs that are to run.
        config: The run.
        slurm: Whether its jobs are submitted to Slurm.
    """
    found: list[CacoError] = [*missing_columns(jobs, config), *incomplete_models(jobs)]
    # Without its files the size of a run is unknown, and the manifest of an incomplete model has
    # neither a size nor a digest.
    if not found:
        found += missing_templates(jobs, config)
        found += insufficient_space(jobs, config, _assumptions())
        found += _stale_state(jobs)
    return found + (_cluster_errors(jobs, config) if slurm else [])


def _stale_state(jobs: Sequence[Any]) -> list[UserError]:
    """Returns errors for the saved state that jobs would refuse; discards it on demand."""
    states = stale_states(jobs)
    if DISCARD not in os.environ:
        return stale_state_errors(states)
    print_notices(discard(states))
    return []


def _cluster_errors(jobs: Sequence[Any], config: Config) -> list[CacoError]:
    requests = resource_requests(jobs)
    if not requests:
        return []
    found: list[CacoError] = [*too_few_gpus(requests, config), *too_small_batches(requests, config)]
    try:
        # A retry that requests more than the cluster has would be refused or stay pending forever.
        found += missing_resources([*requests, *last_attempt_requests(jobs)], query_partitions())
    except ClusterError as error:
        # Without an answer nothing is refused; sbatch waits for a controller that restarts.
        print_notices([f"cluster notice: {error}; the requested resources are not checked"])
    # For what was found already, Slurm only has a shorter message.
    found = found or [*permission_errors(requests)]
    if not found:
        print_notices(idle_gpus(requests, config))
        print_notices(too_little_gpu_memory(requests, config, _assumptions().gpu_gb))
        print_notices(costly_starts(requests, config, _assumptions()))
    return found


def print_notices(notices: Iterable[str]) -> None:
    """Prints notices to stderr, one per line."""
    for notice in notices:
        print(notice, file=sys.stderr, flush=True)


def _assumptions() -> Assumptions:
    has_plan = FILE.exists() and read_config(FILE).get("plan")
    return read_assumptions(FILE if has_plan else _DEFAULT_ASSUMPTIONS)


def too_small_batches(requests: Iterable[ResourceRequest], config: Config) -> list[UserError]:
    """Returns one error for each training whose global batch has fewer rows than it has ranks.

    Each GPU has one rank. Without GPUs, the number of ranks is known on the job's node only.

    Args:
        requests: The rules' requests.
        config: The run.
    """
    found = []
    for _, key, section, ranks in _trainings(requests, config):
        try:
            require_rows_for_ranks(section.training, ranks, key)
        except UserError as error:
            found.append(error)
    return found


def too_little_gpu_memory(
    requests: Iterable[ResourceRequest], config: Config, gpu_gb: float | None
) -> list[str]:
    """Returns one notice for each training that may not fit on its GPUs.

    What a training needs is an upper estimate, so this is no error.

    Args:
        requests: The rules' requests.
        config: The run.
        gpu_gb: Memory of one GPU, in GB; None if it is not known.
    """
    found = []
    for rule, key, section, ranks in _trainings(requests, config) if gpu_gb else ():
        manifest = Path(Paths(config.run).model(section.model))
        if not manifest.exists():
            continue
        needed = training_memory(read_manifest(manifest).folder, section.training, ranks)
        if needed and gpu_gb and needed.total > gpu_gb:
            found.append(
                f"notice: {rule} needs up to {needed.total:.0f} GB on each GPU "
                f"({needed.states:.0f} GB for weights, gradients and optimizer, "
                f"{needed.activations:.0f} GB for the activations of `{key}.training.micro_tokens`"
                f", {needed.loss:.0f} GB for the loss), and `plan.gpu_gb` in site.yaml is "
                f"{gpu_gb:g}; lower `micro_tokens`, set `gradient_checkpointing: true`, or request "
                "more GPUs"
            )
    return found


def costly_starts(
    requests: Iterable[ResourceRequest], config: Config, assumed: Assumptions
) -> list[str]:
    """Returns a notice if starts take much of the GPU time of the jobs of the run's shards.

    Only before programs are sampled: another size of a shard samples all of them again.

    Args:
        requests: The rules' requests.
        config: The run.
        assumed: The seconds of a start, and the rates of the models.
    """
    sampled = any(request.rule == "sample" and request.gpus for request in requests)
    if not sampled or config.shards == 1:
        return []
    # A shard costs the same whatever the number of seeds and problems.
    sizes = InputSizes(dict.fromkeys(config.sources, 1), dict.fromkeys(config.bench.benchmarks, 1))
    plan = estimate(config, sizes, assumed)
    if plan.starts_share <= STARTS_SHARE:
        return []
    assumption = f"with {assumed.start_s:g} s a start (`plan.start_s` in site.yaml)"
    return [f"notice: {assumption} {plan.starts_advice}"]


def _trainings(
    requests: Iterable[ResourceRequest], config: Config
) -> Iterator[tuple[str, str, FineTune, int]]:
    """Yields rule, key and config section, and number of ranks of each training with GPUs."""
    keys = {"codegen": "codegen", "student": "student", "ablation_student": "student"}
    if config.writer.fine_tune:
        keys["writer"] = "writer"
    for request in requests:
        if (key := keys.get(request.rule)) and request.gpus:
            yield request.rule, key, getattr(config, key), request.gpus * request.nodes


class _GpuUse(NamedTuple):
    """A rule's request, and its engine with the most GPUs per model."""

    request: ResourceRequest
    key: str
    gpus: int

    @property
    def fix(self) -> str:
        return f"set `{self.request.rule}: {{gpus: {self.gpus}}}` under `rules` in site.yaml"

    @property
    def idle(self) -> int:
        """GPUs that are left after the job's GPUs are divided into groups that share a model."""
        return self.request.gpus % self.gpus if self.gpus else self.request.gpus


def too_few_gpus(requests: Iterable[ResourceRequest], config: Config) -> list[UserError]:
    """Returns one error for each rule whose engine shards its model over more GPUs than requested.

    A job without GPUs runs on the CPU if its engine shards nothing.

    Args:
        requests: The rules' requests.
        config: The run.
    """
    return [
        UserError(
            f"`{use.key}.tensor_parallel` is {use.gpus}, but the jobs of {use.request.rule} "
            f"request {use.request.gpus} GPUs per node; {use.fix}"
        )
        for use in _gpu_uses(requests, config)
        if use.request.gpus < use.gpus > 1
    ]


def idle_gpus(requests: Iterable[ResourceRequest], config: Config) -> list[str]:
    """Returns a notice for each rule whose jobs request GPUs that none of their engines uses.

    It is no error: some clusters allocate complete nodes only.

    Args:
        requests: The rules' requests.
        config: The run.
    """
    return [
        f"notice: the jobs of {use.request.rule} request {use.request.gpus} GPUs per node, of "
        f"which `{use.key}` leaves {use.idle} idle; to request no more than it uses, {use.fix}"
        for use in _gpu_uses(requests, config)
        if use.idle and use.request.gpus > use.gpus
    ]


def _gpu_uses(requests: Iterable[ResourceRequest], config: Config) -> Iterator[_GpuUse]:
    engines = engines_of(config)
    for request in requests:
        used = {key: engine.gpus for key, engine in engines.get(request.rule, {}).items()}
        if used:
            key = max(used, key=lambda name: used[name])
            yield _GpuUse(request, key, used[key])
