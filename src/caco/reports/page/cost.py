"""What a run cost, by rule: time, core-hours and GPU-hours, and what its jobs requested and used.

A job's core-hours are those that Slurm allocated; without Slurm, its CPU time. Its GPU-hours are
its wall time, multiplied by the GPUs that Slurm allocated or, without Slurm, that it could use.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from caco.reports.energy import energy
from caco.reports.page.svg import bar
from caco.reports.page.tables import NONE, Cell, Column, Table, columns, text
from caco.reports.records import Record
from caco.runtime.progress import duration
from caco.workflow.stages import BY_NAME

_HOUR = 3600
_ENERGIES = {"CPU energy": "cpu_j", "GPU energy": "gpu_j"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What some jobs cost.

    Attributes:
        jobs: Their number.
        seconds: The sum of their wall times.
        core_h: Core-hours.
        gpu_h: GPU-hours.
        kept: Rows that they accepted; None for a rule without rows.
    """

    jobs: int
    seconds: float
    core_h: float
    gpu_h: float
    kept: int | None = None


def cost(records: Sequence[Record]) -> Cost:
    """Returns the cost of some jobs."""
    kept = [record.counts.accepted for record in records if record.counts]
    return Cost(
        jobs=len(records),
        seconds=sum(record.seconds for record in records),
        core_h=sum(map(_core_h, records)),
        gpu_h=sum(map(_gpu_h, records)),
        kept=sum(kept) if kept else None,
    )


def _core_h(record: Record) -> float:
    if record.requested and "cores" in record.requested:
        cores = record.requested["cores"] * record.requested.get("nodes", 1)
        return cores * record.seconds / _HOUR
    return record.used.get("cpu_s", 0.0) / _HOUR


def _gpu_h(record: Record) -> float:
    if record.requested:
        gpus = record.requested.get("gpus", 0) * record.requested.get("nodes", 1)
    else:
        gpus = record.visible_gpus
    return gpus * record.seconds / _HOUR


def by_rule(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Returns the jobs of each rule, in the order of the stage table."""
    found: dict[str, list[Record]] = {rule: [] for rule in BY_NAME}
    for record in records:
        found[record.rule].append(record)
    return {rule: of_rule for rule, of_rule in found.items() if of_rule}


def cost_table(records: Sequence[Record]) -> Table:
    """Returns the cost of each rule, and of the run."""
    whole = cost(records)
    measured = is_measured(records)
    rows: list[Sequence[Cell]] = []
    for rule, of_rule in by_rule(records).items():
        one = cost(of_rule)
        share = one.seconds / whole.seconds if whole.seconds else 0.0
        drawing = bar(share, 0.0, f"{share:.0%} of the time of all jobs")
        rows.append([rule, drawing, *_cells(one), *_per_row(one), *_energies(of_rule, measured)])
    if rows:
        corpus = [r.counts.accepted for r in records if r.rule == "corpus" and r.counts]
        of_corpus = replace(whole, kept=sum(corpus) if corpus else None)
        cells = [*_cells(whole), *_per_row(of_corpus), *_energies(records, measured)]
        rows.append(["all, by row of the corpus", NONE, *cells])
    return Table(
        "Cost of each stage",
        [text("Stage"), text("Share of the time"), *map(Column, (
            "Jobs", "Time", "Core-hours", "GPU-hours", "Rows kept", "Core-s a row", "GPU-s a row",
            *(_ENERGIES if measured else ()),
        ))],
        rows,
    )  # fmt: skip


def is_measured(records: Iterable[Record]) -> bool:
    """Tells whether the energy of a job was measured."""
    return any(name in record.used for record in records for name in _ENERGIES.values())


def _energies(records: Iterable[Record], measured: bool) -> list[str]:
    used = [record.used for record in records]
    return [energy(used, name) for name in _ENERGIES.values()] if measured else []


def _cells(one: Cost) -> list[str]:
    return [f"{one.jobs:,}", duration(one.seconds), hours(one.core_h), hours(one.gpu_h)]


def _per_row(one: Cost) -> list[str]:
    if one.kept is None:
        return [NONE, NONE, NONE]
    if not one.kept:
        return ["0", NONE, NONE]
    return [f"{one.kept:,}", *(hours(h * _HOUR / one.kept) for h in (one.core_h, one.gpu_h))]


def hours(value: float) -> str:
    """Returns a number of hours or seconds with three digits, or more before the point."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def resource_table(records: Sequence[Record]) -> Table:
    """Returns what the jobs of each rule requested and used; the one with most time is first.

    Columns that no job fills are left out: those of Slurm and of GPUs.
    """
    scheduled = any(record.requested for record in records)
    on_gpus = any("gpu_busy" in record.used for record in records)
    titles = ["Rule", "Jobs", "Total time", "Time per job", "requested time", "Busy cores",
              "requested cores", "Largest process", "Largest job", "requested memory",
              "Busy GPUs", "Largest GPU memory"]  # fmt: skip
    of_slurm = {"requested time", "requested cores", "Largest job", "requested memory"}
    shown = [
        title
        for title in titles
        if (scheduled or title not in of_slurm) and (on_gpus or "GPU" not in title)
    ]
    most_time = sorted(
        by_rule(records).items(), key=lambda item: (-sum(r.seconds for r in item[1]), item[0])
    )
    rows = []
    for rule, of_rule in most_time:
        cells = dict(zip(titles, _resources(rule, of_rule), strict=True))
        rows.append([cells[title] for title in shown])
    return Table("Requested and used resources", columns(*shown), rows)


def _resources(rule: str, records: Sequence[Record]) -> list[str]:
    busy = [r.used["cpu_s"] / r.seconds for r in records if r.seconds and "cpu_s" in r.used]
    gpu_busy = [r.used["gpu_busy"] for r in records if "gpu_busy" in r.used]
    return [
        rule,
        f"{len(records):,}",
        duration(sum(r.seconds for r in records)),
        _median_and(max, [r.seconds for r in records], duration),
        _range(records, "wall_s", duration),
        _median_and(max, busy, "{:.1f}".format),
        _range(records, "cores", str),
        _largest(records, "process_mb"),
        _largest(records, "job_mb"),
        _range(records, "mem_mb", _megabytes),
        _median_and(min, gpu_busy, "{:.0%}".format),
        _largest(records, "gpu_mb"),
    ]


def _median_and(
    extreme: Callable[[Sequence[float]], float],
    values: Sequence[float],
    form: Callable[[float], str],
) -> str:
    return f"{form(median(values))}, {form(extreme(values))}" if values else NONE


def _range(records: Iterable[Record], name: str, form: Callable[[float], str]) -> str:
    """Returns the range of a requested resource: retries request more than first attempts."""
    found = {r.requested[name] for r in records if r.requested and name in r.requested}
    return " to ".join(dict.fromkeys((form(min(found)), form(max(found))))) if found else NONE


def _largest(records: Iterable[Record], name: str) -> str:
    found = [r.used[name] for r in records if name in r.used]
    return _megabytes(max(found)) if found else NONE


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"
