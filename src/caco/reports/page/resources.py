"""The resources that the jobs requested, next to those that they used."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from caco.reports.records import Record
from caco.runtime.progress import duration

_NONE = "-"


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """The jobs of one rule, as cells of the report.

    Attributes:
        rule: The rule.
        jobs: Their number.
        total: The sum of their wall times.
        wall: Wall time of the median job, and of the longest job.
        limit: The requested time limit.
        busy: Busy cores, CPU time divided by wall time, of the median job and of the busiest job.
        cores: Requested cores per node.
        process: Memory of the largest process.
        job: Memory of the largest job, where Slurm's cgroup reports it.
        memory: Requested memory per node.
        gpu_hours: Allocated GPUs multiplied by wall time.
        gpu_busy: Share of the time in which a job's GPUs were busy, of the median job and of the
            least busy job.
        gpu_memory: Largest memory in use on one GPU.
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
    """Returns the jobs of each rule; the rule with the largest total wall time comes first."""
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
        wall=_median_and(max, [r.seconds for r in records], duration),
        limit=_range(records, "wall_s", duration),
        busy=_median_and(max, busy, "{:.1f}".format),
        cores=_range(records, "cores", str),
        process=_largest(records, "process_mb"),
        job=_largest(records, "job_mb"),
        memory=_range(records, "mem_mb", _megabytes),
        gpu_hours=_gpu_hours(records),
        gpu_busy=_median_and(min, gpu_busy, "{:.0%}".format),
        gpu_memory=_largest(records, "gpu_mb"),
    )


def _median_and(
    extreme: Callable[[Sequence[float]], float],
    values: Sequence[float],
    text: Callable[[float], str],
) -> str:
    return f"{text(median(values))}, {text(extreme(values))}" if values else _NONE


def _range(records: Iterable[Record], name: str, text: Callable[[float], str]) -> str:
    """Returns the range of a requested resource: retries request more than first attempts."""
    found = {r.requested[name] for r in records if r.requested and name in r.requested}
    return " to ".join(dict.fromkeys((text(min(found)), text(max(found))))) if found else _NONE


def _largest(records: Iterable[Record], name: str) -> str:
    found = [r.used[name] for r in records if name in r.used]
    return _megabytes(max(found)) if found else _NONE


def _gpu_hours(records: Iterable[Record]) -> str:
    hours = [
        r.requested.get("gpus", 0) * r.requested.get("nodes", 1) * r.seconds / 3600
        for r in records
        if r.requested
    ]
    return f"{sum(hours):,.2f}" if any(hours) else _NONE


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"
