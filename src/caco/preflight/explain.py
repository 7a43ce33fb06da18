"""Why a run would run: every job that Snakemake plans, with what has changed, in words.

Snakemake decides (`caco.preflight.dry_run`). This module only says which setting, definition, file
or package is behind a decision, from the records of the jobs' last runs.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.config.plan import Assumptions
from caco.preflight.dry_run import DryRun, PlannedJob
from caco.preflight.packages import package_changes
from caco.preflight.stale_state import DISCARD, stale_state_errors, stale_states
from caco.reports.plan import estimate, input_sizes
from caco.runtime.checksums import read_checked
from caco.runtime.code_state import CodeState, changed_definitions, read_states
from caco.workflow.paths import Paths
from caco.workflow.spec_keys import config_key
from caco.workflow.stages import jobs_of

_MOST = 12  # lines of one kind of change
_MOST_RULES = 3
_LONGEST = 60  # characters of a value
_UNSET = "(none)"


@dataclass(frozen=True, slots=True)
class Explained:
    """A job that would run, with its reasons.

    Attributes:
        job: The job.
        keys: The changed config keys, with the old and the new value as text.
        code: The changed definitions and files of the code, in words.
        other: Other reasons, in words.
    """

    job: PlannedJob
    keys: Mapping[str, tuple[str, str]]
    code: tuple[str, ...]
    other: tuple[str, ...]


def explained(plan: DryRun) -> list[Explained]:
    """Returns the jobs that would run, in the order of the stage table, with their reasons."""
    benchmarks = plan.config.bench.benchmarks
    own_sampling = frozenset(n for n, b in benchmarks.items() if b.sampling is not None)
    code = _Code(read_states(Path(Paths(plan.config.run).code())), plan.stage.code_state())
    order = {rule: n for n, rule in enumerate(jobs_of(plan.config))}
    jobs = sorted(plan.jobs, key=lambda job: (order[job.rule], job.identity))
    return [_explained(job, own_sampling, code) for job in jobs]


class _Code:
    """The code of earlier runs and of now."""

    def __init__(self, earlier: Sequence[CodeState], now: CodeState) -> None:
        self._earlier, self._now = earlier, now
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def changes(self, old: str, new: str) -> tuple[str, ...]:
        """Returns what has changed between two code digests, in words."""
        if old == new:
            return ()
        if (old, new) not in self._known:
            self._known[old, new] = self._compared(old, new)
        return self._known[old, new]

    def _compared(self, old: str, new: str) -> tuple[str, ...]:
        found = (state.of_rule(old) for state in self._earlier)
        before, after = next(filter(None, found), None), self._now.of_rule(new)
        if before is None or after is None:
            return (f"which part is unknown (the run has no file of that code): {old} -> {new}",)
        return tuple(changed_definitions(before, after))


def _explained(job: PlannedJob, own_sampling: frozenset[str], code: _Code) -> Explained:
    record = _record(job.record)
    other = list(_other_reasons(job, record))
    if record is None:
        if not job.upstream and not other:
            other.append(f"{job.record} is no whole record, so what has changed is unknown")
        return Explained(job, {}, (), tuple(other))
    keys = {
        config_key(job.rule, job.identity, key, own_sampling): values
        for key, values in _differences(record["spec"], json.loads(job.spec)).items()
    }
    changes = code.changes(record["code"], job.code)
    if "settings or code" in job.changed and not keys and not changes:
        other.append("settings or code differ from Snakemake's own notes, not from the record")
    return Explained(job, keys, changes, tuple(other))


def _record(path: Path) -> dict[str, Any] | None:
    try:
        return read_checked(path)
    except (FileNotFoundError, ValueError):
        return None


def _other_reasons(job: PlannedJob, record: dict[str, Any] | None) -> Iterable[str]:
    if job.forced:
        yield "the command line demands it"
    if job.is_new:
        yield "none of its files exists yet"
    else:
        yield from (f"{file} is missing" for file in job.missing)
    yield from (f"{file} was left by an interrupted job" for file in job.incomplete)
    yield from (f"{file} has changed since" for file in job.newer)
    if "inputs" in job.changed:
        read = set(record["inputs"]) if record and record.get("inputs") else None
        if read is None:
            yield "it reads other files than before"
        else:
            yield from (f"{file} is a new input" for file in sorted(job.inputs - read))
            yield from (f"{file} is no input any more" for file in sorted(read - job.inputs))
    if "command" in job.changed:
        yield "the command of its rule has changed"
    if "environment" in job.changed:
        yield "the environment of its rule has changed"


def _differences(old: Any, new: Any, key: str = "") -> dict[str, tuple[str, str]]:
    """Returns the leaves that differ between two specs, as text, by key with dots."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, tuple[str, str]] = {}
        for name in sorted(old.keys() | new.keys()):
            inner = f"{key}.{name}" if key else name
            found |= _differences(old.get(name, ...), new.get(name, ...), inner)
        return found
    return {} if old == new else {key: (_value(old), _value(new))}


def _value(value: Any) -> str:
    if value is ...:
        return _UNSET
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def gpu_hours(plan: DryRun, assumed: Assumptions) -> dict[str, float]:
    """Returns the estimated GPU-hours of the jobs that would run, by rule.

    A rule's jobs count as equal. The drafts of a converter are in the plan's stage `unify`.
    """
    costs = estimate(plan.config, input_sizes(plan.config), assumed).stages
    hours = {cost.name: cost.gpu_h for cost in costs}
    if "draft" in jobs_of(plan.config):
        hours["draft"] = hours.pop("unify")
    total = {rule: len(identities) for rule, identities in jobs_of(plan.config).items()}
    planned = Counter(job.rule for job in plan.jobs)
    shares = {r: hours.get(r, 0.0) * n / total[r] for r, n in planned.items()}
    return {rule: share for rule, share in shares.items() if share > 0}


def why_text(plan: DryRun, assumed: Assumptions, rates: Path) -> str:
    """Returns the explanation of a planned run.

    Args:
        plan: What Snakemake would run.
        assumed: The rates of the cluster.
        rates: The file that they come from.
    """
    root = Paths(plan.config.run).root
    if not plan.jobs:
        up_to_date = f"{root}: nothing would run; all {len(plan.kept):,} jobs are up to date"
        return "\n".join([up_to_date, *_packages(plan)])
    jobs = explained(plan)
    if not plan.kept and all(one.job.is_new for one in jobs):
        lines = [f"{root}: nothing exists yet, all {len(jobs):,} jobs would run"]
        lines += [f"  {rule}: {n:,}" for rule, n in Counter(j.job.rule for j in jobs).items()]
    else:
        would_run = f"{_jobs(len(jobs))} would run, {len(plan.kept):,} are kept"
        lines = [f"{root}: {would_run}", *_by_rule(jobs, jobs_of(plan.config))]
        if plan.kept:
            lines.append(f"kept: {_counted(rule for rule, _ in plan.kept)}")
    hours = gpu_hours(plan, assumed)
    parts = ", ".join(f"{rule} {share:,.2f}" for rule, share in hours.items())
    lines.append(
        f"about {sum(hours.values()):,.2f} GPU-hours by the rates of {rates}"
        + (f": {parts}" if parts else "")
    )
    lines += _packages(plan)
    for error in stale_state_errors(stale_states(plan.snakemake_jobs)):
        lines.append(f"before it starts ({DISCARD} is explained in README.md): {error}")
    return "\n".join(lines)


def _packages(plan: DryRun) -> list[str]:
    last = [*((job.rule, job.record) for job in plan.jobs), *plan.kept]
    records = [(rule, record) for rule, path in last if (record := _record(path)) is not None]
    return [
        f"locked package changed since, which re-runs nothing: {words}"
        for words in package_changes(records, plan.config)
    ]


def _by_rule(jobs: Sequence[Explained], total: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """Yields the lines of each rule: its jobs with the same reasons together."""
    together: defaultdict[tuple[str, tuple[str, ...]], list[Explained]] = defaultdict(list)
    for one in jobs:
        together[one.job.rule, tuple(_reasons(one))].append(one)
    for (rule, reasons), same in together.items():
        of = f"{len(same):,} of {_jobs(len(total[rule]))}"
        which = "" if len(total[rule]) in (1, len(same)) else f" ({_identities(same)})"
        upstream = sorted(set().union(*(one.job.upstream for one in same)), key=list(total).index)
        because = f"because {_rules(upstream)}" if upstream else ""
        if not reasons:
            yield f"{rule}, {of}{which}: {because or 'Snakemake states no reason'}"
            continue
        yield f"{rule}, {of}{which}:"
        yield from (f"  {reason}" for reason in reasons)
        if because and not all(one.job.is_new for one in same):
            yield f"  and {because}"


def _reasons(one: Explained) -> Iterable[str]:
    keys = [f"{key}: {old} -> {new}" for key, (old, new) in one.keys.items()]
    yield from _limited("setting ", keys, "keys")
    yield from _limited("code ", one.code, "definitions")
    yield from _limited("", one.other, "reasons")


def _limited(kind: str, lines: Sequence[str], what: str) -> Iterable[str]:
    yield from (f"{kind}{line}" for line in lines[:_MOST])
    if len(lines) > _MOST:
        yield f"{kind}and {len(lines) - _MOST:,} more {what}"


def _rules(names: Sequence[str]) -> str:
    if len(names) > _MOST_RULES + 1:
        return f"{', '.join(names[:_MOST_RULES])} and {len(names) - _MOST_RULES} more rules run"
    return f"{' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))} " + (
        "run" if len(names) > 1 else "runs"
    )


def _identities(jobs: Sequence[Explained]) -> str:
    names = [one.job.identity for one in jobs]
    return ", ".join(names) if len(names) <= _MOST_RULES + 1 else f"{names[0]} to {names[-1]}"


def _counted(rules: Iterable[str]) -> str:
    return ", ".join(f"{rule} {n:,}" for rule, n in Counter(rules).items())


def _jobs(n: int) -> str:
    return f"{n:,} job{'s' if n != 1 else ''}"
