"""Whether a cluster has what a run's jobs ask for; what it has not, in one sentence each."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf

from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.partitions import Nodes, Partition
from caco.preflight.requests import ResourceRequest

_FILE = "site.yaml"


def missing_resources(
    asks: Iterable[ResourceRequest], partitions: Mapping[str, Partition]
) -> list[CacoError]:
    """Returns one error for each thing that is asked for and that the cluster has not.

    What a node has is looked at whether it is at work or not: a node that is down comes back.

    Args:
        asks: What the rules' jobs ask for; of a rule, the first attempt that has not is told.
        partitions: What there is, by name.
    """
    rules: defaultdict[tuple[type[CacoError], str], list[str]] = defaultdict(list)
    refused: set[str] = set()
    for ask in sorted(asks, key=lambda ask: ask.attempt):
        if ask.rule in refused:
            continue
        try:
            _fit(ask, partitions)
        except CacoError as error:
            refused.add(ask.rule)
            again = f" at attempt {ask.attempt}" if ask.attempt > 1 else ""
            rules[type(error), str(error)].append(f"{ask.rule}{again}")
    return [kind(f"{text} ({_asking(names)})") for (kind, text), names in rules.items()]


def _asking(rules: Sequence[str]) -> str:
    return f"asked for by {', '.join(rules)}"


def _fit(ask: ResourceRequest, partitions: Mapping[str, Partition]) -> None:
    """Returns if some node has all that is asked for.

    Raises:
        UserError, ClusterError: None has; the sentence says what is missing first.
    """
    chosen = _chosen(ask, partitions)
    where = f"partition {' or '.join(f'`{p.name}`' for p in chosen)}"
    nodes = [kind for partition in chosen for kind in partition.nodes]
    if not nodes:
        raise ClusterError(f"{where} has no nodes; set `{ask.section}.partition` in {_FILE}")
    nodes = _with_features(ask, nodes, where)
    nodes = _with_gpus(ask, nodes, where, partitions)
    nodes = _with_size(ask, nodes, where)
    there = sum(kind.count for kind in nodes)
    if ask.nodes > there:
        raise UserError(
            f"{ask.nodes} nodes are asked for, and {there} of {where} have what each needs; set "
            f"`nodes: {there}` under `rules` in {_FILE}"
        )
    longest = max(partition.minutes for partition in chosen)
    if ask.minutes > longest:
        raise UserError(
            f"{ask.minutes} minutes are asked for, and {where} gives {longest:.0f} at most; set "
            f"`{ask.section}.max_runtime: {longest:.0f}` in {_FILE}"
        )


def _chosen(ask: ResourceRequest, partitions: Mapping[str, Partition]) -> list[Partition]:
    """Returns the partitions that a job may go to."""
    key, there = f"`{ask.section}.partition`", ", ".join(sorted(partitions))
    names = ask.partition.split(",") if ask.partition else []
    chosen = [partitions[name] for name in names if name in partitions]
    if unknown := [name for name in names if name not in partitions]:
        raise UserError(f"{_FILE}: {key} is `{', '.join(unknown)}`; there are {there}")
    if not names:
        # Without a default the site may choose one itself (job_submit.lua), or refuse: rights asks.
        default = [partition for partition in partitions.values() if partition.default]
        chosen = default or [*partitions.values()]
    up = [partition for partition in chosen if partition.state == "up"]
    if not up:
        shut = ", ".join(f"`{partition.name}` is {partition.state}" for partition in chosen)
        open_ = ", ".join(sorted(p.name for p in partitions.values() if p.state == "up")) or "none"
        raise ClusterError(
            f"partition {shut}, so it takes no jobs; wait, or set {key} in {_FILE} to one that is "
            f"up ({open_})"
        )
    return up


def _with_features(ask: ResourceRequest, nodes: list[Nodes], where: str) -> list[Nodes]:
    """Returns the nodes that may satisfy the constraint; its grammar in full is Slurm's own."""
    # A count of nodes is no feature, as in `[a*2&b*4]`; a feature may begin with a digit: `80gb`.
    words = set(re.findall(r"(?<!\*)\b(?!\d+\b(?![.:-]))\w[\w.:-]*", ask.constraint))
    either = re.search(r"[|\[(]", ask.constraint)
    held = [
        kind
        for kind in nodes
        if not words or (words & kind.features if either else words <= kind.features)
    ]
    if held or not words:
        return held
    there = sorted(set().union(*(kind.features for kind in nodes)))
    raise UserError(
        f"{_FILE}: `{ask.section}.constraint` is `{ask.constraint}`, which no node of {where} "
        f"satisfies; its nodes have {', '.join(there) or 'no features'}"
    )


def _with_gpus(
    ask: ResourceRequest, nodes: list[Nodes], where: str, partitions: Mapping[str, Partition]
) -> list[Nodes]:
    if not ask.gpus:
        return nodes
    having = [kind for kind in nodes if kind.gpus]
    if not having:
        others = sorted(p.name for p in partitions.values() if any(kind.gpus for kind in p.nodes))
        raise UserError(
            f"{_FILE}: no node of {where} has a GPU; set `gpu.partition` to one that has "
            f"({', '.join(others) or 'this cluster has none'})"
        )
    models = sorted({model for kind in having for model in kind.gpus if model})
    of_model = [kind for kind in having if _count(kind, ask.gpu_model)]
    if not of_model:
        mend = f"have {', '.join(models)}" if models else "have GPUs without a name: leave it out"
        raise UserError(f"{_FILE}: `gpu.model` is `{ask.gpu_model}`; the nodes of {where} {mend}")
    most = max(_count(kind, ask.gpu_model) for kind in of_model)
    if ask.gpus > most:
        raise UserError(
            f"{ask.gpus} GPUs on a node are asked for, and a node of {where} has {most} at most; "
            f"set `gpus: {most}` under `rules` in {_FILE}, and more `nodes` where it trains"
        )
    return [kind for kind in of_model if _count(kind, ask.gpu_model) >= ask.gpus]


def _count(kind: Nodes, model: str) -> int:
    """Returns a node's GPUs of a model; of the most numerous one, where none is named."""
    return kind.gpus.get(model, 0) if model else sum(kind.gpus.values())


def _with_size(ask: ResourceRequest, nodes: list[Nodes], where: str) -> list[Nodes]:
    mem_mb = max((kind.mem_mb for kind in nodes), default=inf)
    if ask.mem_mb > mem_mb:
        raise UserError(
            f"{ask.mem_mb} MB on a node are asked for, and such a node of {where} has {mem_mb}; "
            f"set `{ask.section}.max_mem_mb: {mem_mb}` in {_FILE}"
        )
    nodes = [kind for kind in nodes if kind.mem_mb >= ask.mem_mb]
    cpus = max((kind.cpus for kind in nodes), default=inf)
    if ask.cpus > cpus:
        raise UserError(
            f"{ask.cpus} cores on a node are asked for, and such a node of {where} has {cpus}; set "
            f"`cpus: {cpus}` under `rules` in {_FILE}"
        )
    return [kind for kind in nodes if kind.cpus >= ask.cpus]
