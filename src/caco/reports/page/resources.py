"""What the jobs asked the scheduler for, beside what they used."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from caco.reports.records import Record
from caco.runtime.progress import duration

_NONE = "-"


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """The jobs of one rule, as the report's cells.

    Attributes:
        rule: The rule.
        jobs: How many.
        total: Their wall time in all.
        wall: Wall time of the median job, and of the longest.
        limit: The time limit.
        busy: CPU time by wall time, of the median job and the busiest: cores that were at work.
        cores: Cores on a node.
        process: Memory of the largest process.
        job: Memory of the largest job, where Slurm's cgroup told it.
        memory: Memory on a node.
        gpu_hours: GPUs by the hours that they were held.
        gpu_busy: Share of the time in which a job's GPUs were at work, of the median job and of the
            idlest.
        gpu_memory: Most memory in use on one GPU.
    """

    rule: str
    jobs: str
    total: str
    wall: str
    limit: str
    busy: str
    cores: str
    process: str
    job: str
    memory: str
    gpu_hours: str
    gpu_busy: str
    gpu_memory: str


def resource_use(records: Iterable[Record]) -> list[ResourceUse]:
    """Returns the rules' jobs, those of the longest rule first."""
    by_rule: dict[str, list[Record]] = {}
    for record in records:
        by_rule.setdefault(record.rule, []).append(record)
    total = {rule: sum(r.seconds for r in of_rule) for rule, of_rule in by_rule.items()}
    return [
        _resource_use(rule, by_rule[rule]) for rule in sorted(by_rule, key=lambda r: (-total[r], r))
    ]


def _resource_use(rule: str, records: Sequence[Record]) -> ResourceUse:
    busy = [r.used["cpu_s"] / r.seconds for r in records if r.seconds and "cpu_s" in r.used]
    gpu_busy = [r.used["gpu_busy"] for r in records if "gpu_busy" in r.used]
    return ResourceUse(
        rule=rule,
        jobs=f"{len(records):,}",
        total=duration(sum(r.seconds for r in records)),
        wall=_middle_and(max, [r.seconds for r in records], duration),
        limit=_span(records, "wall_s", duration),
        busy=_middle_and(max, busy, "{:.1f}".format),
        cores=_span(records, "cores", str),
        process=_most(records, "process_mb"),
        job=_most(records, "job_mb"),
        memory=_span(records, "mem_mb", _megabytes),
        gpu_hours=_gpu_hours(records),
        gpu_busy=_middle_and(min, gpu_busy, "{:.0%}".format),
        gpu_memory=_most(records, "gpu_mb"),
    )


def _middle_and(
    end: Callable[[Sequence[float]], float], values: Sequence[float], text: Callable[[float], str]
) -> str:
    return f"{text(median(values))}, {text(end(values))}" if values else _NONE


def _span(records: Iterable[Record], name: str, text: Callable[[float], str]) -> str:
    """Returns what was given of a thing: more to some jobs where others had failed with less."""
    found = {r.given[name] for r in records if r.given and name in r.given}
    return " to ".join(dict.fromkeys((text(min(found)), text(max(found))))) if found else _NONE


def _most(records: Iterable[Record], name: str) -> str:
    found = [r.used[name] for r in records if name in r.used]
    return _megabytes(max(found)) if found else _NONE


def _gpu_hours(records: Iterable[Record]) -> str:
    held = [
        r.given.get("gpus", 0) * r.given.get("nodes", 1) * r.seconds / 3600
        for r in records
        if r.given
    ]
    return f"{sum(held):,.2f}" if any(held) else _NONE


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"
