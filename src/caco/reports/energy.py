"""The energy of jobs in words: what was not measured is said, and is no zero."""

from collections.abc import Mapping, Sequence

from caco.reports.wording import counted

NOT_MEASURED = "not measured"


def energy(used: Sequence[Mapping[str, float]], name: str) -> str:
    """Returns the energy of some jobs, and of how many if not of all.

    Args:
        used: As `caco.runtime.provenance.used_resources` returns it, of each job.
        name: `cpu_j` or `gpu_j`.
    """
    found = [one[name] for one in used if name in one]
    if not found:
        return NOT_MEASURED
    part = f" ({len(found):,} of {counted(len(used), 'job')})" if len(found) < len(used) else ""
    return joules(sum(found)) + part


def joules(value: float) -> str:
    """Returns an energy with three digits and its unit."""
    for unit, size in (("GJ", 1e9), ("MJ", 1e6), ("kJ", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} J"
