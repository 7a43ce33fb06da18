"""What a cluster has, as `sinfo` tells it: partitions, and the kinds of their nodes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from caco.errors import ClusterError
from caco.runtime.slurm_client import slurm_output

# Partition (the default one starred), state, time limit; of nodes alike: number, CPUs, memory, GRES
# and features. --exact, or nodes that differ are lumped together with the least that any of them
# has; --all, or partitions of other people's groups would be taken for absent.
ASKED = ("sinfo", "--all", "--exact", "--noheader", "--format=%P|%a|%l|%D|%c|%m|%G|%f")
_ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of one partition that are alike.

    Attributes:
        count: How many there are.
        cpus: CPUs of each.
        mem_mb: Memory of each, MB.
        gpus: GPUs of each, by the name of their model; the name of GPUs without one is empty.
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
        default: Whether jobs that name none go there.
        state: `up`, or why it takes no jobs.
        minutes: Longest wall time; infinite where there is no limit.
        nodes: Its nodes by kind.
    """

    name: str
    default: bool
    state: str
    minutes: float
    nodes: tuple[Nodes, ...]


def ask_partitions() -> dict[str, Partition]:
    """Returns the cluster's partitions by name.

    Raises:
        ClusterError: Slurm does not answer, or in other words than these.
    """
    return read_partitions(slurm_output(ASKED, _ANSWER_S))


def read_partitions(printed: str) -> dict[str, Partition]:
    """Returns the partitions that `sinfo` printed when it was asked as `ASKED` says.

    Raises:
        ClusterError: A line is none of these.
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
            raise ClusterError(f"sinfo answers in a way that is not known here: {line}") from None
    return found


def gpus_of(gres: str) -> dict[str, int]:
    """Returns the GPUs in a list of generic resources, by model; one that is not named is empty.

    Args:
        gres: As Slurm writes them: `gpu:4`, `gpu:h100:4(S:0-1),nvme:1`; a number left out is 1.
    """
    counts: dict[str, int] = {}
    for item in re.sub(r"\([^)]*\)", "", gres).split(","):
        kind, *rest = item.split(":")
        if kind == "gpu":
            count = int(rest.pop()) if rest and rest[-1].isdigit() else 1
            model = rest[0] if rest else ""
            counts[model] = counts.get(model, 0) + count
    return counts


def _features(listed: str) -> frozenset[str]:
    return frozenset() if listed == "(null)" else frozenset(listed.split(","))


def _number(text: str) -> int:
    """Returns a count; `128+`, the least of several, is taken for what it is."""
    return int(text.removesuffix("+"))


def _minutes(limit: str) -> float:
    """Returns the minutes of `infinite`, `30:00`, `1:00:00` or `2-00:00:00`."""
    if limit in ("infinite", "n/a"):
        return inf
    days, _, clock = limit.rpartition("-")
    hours, minutes, seconds = ([0, 0] + [int(part) for part in clock.split(":")])[-3:]
    return int(days or 0) * 1440 + hours * 60 + minutes + seconds / 60
