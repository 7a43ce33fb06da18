"""Whether a cluster has the resources that a run's jobs request.

`query_partitions` reads the partitions and their nodes from `sinfo`; `missing_resources` compares
them with the requests.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.requests import ResourceRequest, gpus_of
from caco.runtime.slurm_client import slurm_output
from caco.slurm.site import FILE

# Partition (the default one has a star), state, time limit; for each group of identical nodes:
# count, CPUs, memory, GRES and features. Without --exact, nodes that differ are merged into one
# group with their minimum; without --all, partitions of other users' groups are left out.
SINFO = ("sinfo", "--all", "--exact", "--noheader", "--format=%P|%a|%l|%D|%c|%m|%G|%f")
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """Identical nodes of one partition.

    Attributes:
        count: Number of nodes.
        cpus: CPUs of each.
        mem_mb: Memory of each, MB.
        gpus: GPUs of each, by model; the empty model stands for GPUs without a name.
        features: Features of each.
    """

    count: int
    cpus: int
    mem_mb: int
    gpus: Mapping[str, int]
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition.

    Attributes:
        name: Its name.
        default: Whether it takes the jobs that name no partition.
        state: `up`, or the state in which it takes no jobs.
        minutes: Longest wall time; infinite without a limit.
        nodes: Its nodes, by group of identical nodes.
    """

    name: str
    default: bool
    state: str
    minutes: float
    nodes: tuple[Nodes, ...]


def query_partitions() -> dict[str, Partition]:
    """Returns the cluster's partitions by name.

    Raises:
        ClusterError: Slurm does not answer, or its output is not in the expected format.
    """
    return read_partitions(slurm_output(SINFO, _TIMEOUT_S))


def read_partitions(printed: str) -> dict[str, Partition]:
    """Parses the output of the command `SINFO`.

    Raises:
        ClusterError: A line is not in the expected format.
    """
    found: dict[str, Partition] = {}
    for line in filter(None, printed.splitlines()):
        try:
            starred, state, limit, count, cpus, memory, gres, features = line.split("|")
            name = starred.removesuffix("*")
            nodes = Nodes(
                int(count), _number(cpus), _number(memory), gpus_of(gres), _features(features)
            )
            before = found[name].nodes if name in found else ()
            more = (nodes,) if nodes.count else ()
            found[name] = Partition(
                name, starred.endswith("*"), state, _minutes(limit), before + more
            )
        except ValueError:
            raise ClusterError(f"sinfo printed a line in an unknown format: {line}") from None
    return found


def _features(listed: str) -> frozenset[str]:
    return frozenset() if listed == "(null)" else frozenset(listed.split(","))


def _number(text: str) -> int:
    """Returns a count; `128+` is the minimum of several counts."""
    return int(text.removesuffix("+"))


def _minutes(limit: str) -> float:
    """Returns the minutes of `infinite`, `30:00`, `1:00:00` or `2-00:00:00`."""
    if limit in ("infinite", "n/a"):
        return inf
    days, _, clock = limit.rpartition("-")
    hours, minutes, seconds = ([0, 0] + [int(part) for part in clock.split(":")])[-3:]
    return int(days or 0) * 1440 + hours * 60 + minutes + seconds / 60


def missing_resources(
    requests: Iterable[ResourceRequest], partitions: Mapping[str, Partition]
) -> list[CacoError]:
    """Returns one error for each requested resource that the cluster lacks.

    Busy nodes and nodes that are down count too: both become available again.

    Args:
        requests: The rules' requests; of each rule, only its first failing attempt is reported.
        partitions: The cluster's partitions by name.
    """
    rules: defaultdict[tuple[type[CacoError], str], list[str]] = defaultdict(list)
    refused: set[str] = set()
    for request in sorted(requests, key=lambda request: request.attempt):
        if request.rule in refused:
            continue
        try:
            _check(request, partitions)
        except CacoError as error:
            refused.add(request.rule)
            attempt = f" at attempt {request.attempt}" if request.attempt > 1 else ""
            rules[type(error), str(error)].append(f"{request.rule}{attempt}")
    return [
        kind(f"{text} (requested by {', '.join(names)})") for (kind, text), names in rules.items()
    ]


def _check(request: ResourceRequest, partitions: Mapping[str, Partition]) -> None:
    """Checks that enough nodes have everything that a job requests.

    Raises:
        UserError, ClusterError: They do not; the message names the first missing resource.
    """
    chosen = _chosen_partitions(request, partitions)
    where = f"partition {' or '.join(f'`{p.name}`' for p in chosen)}"
    nodes = [group for partition in chosen for group in partition.nodes]
    if not nodes:
        raise ClusterError(f"{where} has no nodes; set `{request.section}.partition` in {FILE}")
    nodes = _with_features(request, nodes, where)
    nodes = _with_gpus(request, nodes, where, partitions)
    nodes = _with_size(request, nodes, where)
    available = sum(group.count for group in nodes)
    if request.nodes > available:
        raise UserError(
            f"{request.nodes} nodes are requested, but {where} has {available} with the requested "
            f"resources; set `nodes: {available}` under `rules` in {FILE}"
        )
    longest = max(partition.minutes for partition in chosen)
    if request.minutes > longest:
        raise UserError(
            f"{request.minutes} minutes are requested, but {where} allows at most {longest:.0f}; "
            f"set `{request.section}.max_runtime: {longest:.0f}` in {FILE}"
        )


def _chosen_partitions(
    request: ResourceRequest, partitions: Mapping[str, Partition]
) -> list[Partition]:
    """Returns the partitions in which a job may run."""
    key, known = f"`{request.section}.partition`", ", ".join(sorted(partitions))
    names = request.partition.split(",") if request.partition else []
    chosen = [partitions[name] for name in names if name in partitions]
    if unknown := [name for name in names if name not in partitions]:
        raise UserError(
            f"{FILE}: {key} is `{', '.join(unknown)}`, which does not exist; the partitions are "
            f"{known}"
        )
    if not names:
        # Without a default partition the site may choose one itself (job_submit.lua), or refuse the
        # job; caco.preflight.permissions finds out.
        default = [partition for partition in partitions.values() if partition.default]
        chosen = default or [*partitions.values()]
    up = [partition for partition in chosen if partition.state == "up"]
    if not up:
        down = ", ".join(f"`{partition.name}` is {partition.state}" for partition in chosen)
        usable = ", ".join(sorted(p.name for p in partitions.values() if p.state == "up")) or "none"
        raise ClusterError(
            f"partition {down}, so it takes no jobs; wait, or set {key} in {FILE} to one that is "
            f"up ({usable})"
        )
    return up


def _with_features(request: ResourceRequest, nodes: list[Nodes], where: str) -> list[Nodes]:
    """Returns the nodes that may satisfy the constraint; only Slurm knows its complete grammar."""
    # A node count is not a feature, as in `[a*2&b*4]`; a feature may begin with a digit: `80gb`.
    words = set(re.findall(r"(?<!\*)\b(?!\d+\b(?![.:-]))\w[\w.:-]*", request.constraint))
    either = re.search(r"[|\[(]", request.constraint)
    matching = [
        group
        for group in nodes
        if not words or (words & group.features if either else words <= group.features)
    ]
    if matching or not words:
        return matching
    known = sorted(set().union(*(group.features for group in nodes)))
    raise UserError(
        f"{FILE}: `{request.section}.constraint` is `{request.constraint}`, which no node of "
        f"{where} satisfies; its nodes have {', '.join(known) or 'no features'}"
    )


def _with_gpus(
    request: ResourceRequest, nodes: list[Nodes], where: str, partitions: Mapping[str, Partition]
) -> list[Nodes]:
    if not request.gpus:
        return nodes
    with_gpus = [group for group in nodes if group.gpus]
    if not with_gpus:
        others = sorted(p.name for p in partitions.values() if any(group.gpus for group in p.nodes))
        raise UserError(
            f"{FILE}: no node of {where} has a GPU; set `gpu.partition` to one with GPUs "
            f"({', '.join(others) or 'this cluster has none'})"
        )
    models = sorted({model for group in with_gpus for model in group.gpus if model})
    of_model = [group for group in with_gpus if _gpu_count(group, request.gpu_model)]
    if not of_model:
        fix = f"have {', '.join(models)}" if models else "have GPUs without a name; leave it out"
        raise UserError(f"{FILE}: `gpu.model` is `{request.gpu_model}`; the nodes of {where} {fix}")
    most = max(_gpu_count(group, request.gpu_model) for group in of_model)
    if request.gpus > most:
        raise UserError(
            f"{request.gpus} GPUs per node are requested, but a node of {where} has at most "
            f"{most}; set `gpus: {most}` under `rules` in {FILE}, and more `nodes` for a training"
        )
    return [group for group in of_model if _gpu_count(group, request.gpu_model) >= request.gpus]


def _gpu_count(group: Nodes, model: str) -> int:
    """Returns the GPUs of a model on each node; of all models where none is named."""
    return group.gpus.get(model, 0) if model else sum(group.gpus.values())


def _with_size(request: ResourceRequest, nodes: list[Nodes], where: str) -> list[Nodes]:
    mem_mb = max((group.mem_mb for group in nodes), default=inf)
    if request.mem_mb > mem_mb:
        raise UserError(
            f"{request.mem_mb} MB per node are requested, but a matching node of {where} has at "
            f"most {mem_mb} MB; set `{request.section}.max_mem_mb: {mem_mb}` in {FILE}"
        )
    nodes = [group for group in nodes if group.mem_mb >= request.mem_mb]
    cpus = max((group.cpus for group in nodes), default=inf)
    if request.cpus > cpus:
        raise UserError(
            f"{request.cpus} cores per node are requested, but a matching node of {where} has at "
            f"most {cpus}; set `cpus: {cpus}` under `rules` in {FILE}"
        )
    return [group for group in nodes if group.cpus >= request.cpus]
