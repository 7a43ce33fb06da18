"""Explains, before anything runs, which jobs Snakemake would run and why.

Snakemake alone decides. Why, is what differs between a job and its record: settings by their config
keys, code by function; else the files that Snakemake names, or the rules before it that run.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from caco.config.config import Config
from caco.errors import UserError
from caco.reports.planning.code_changes import CodeChanges
from caco.reports.planning.plan import Plan
from caco.reports.planning.setting_names import changed_settings
from caco.reports.planning.snakemake_metadata import recorded_jobs
from caco.reports.wording import counted, listed
from caco.runtime.chain import load_record
from caco.runtime.kept import CHANGES
from caco.workflow.rules import StageRules
from caco.workflow.stages import BY_NAME

_NEW = "has not run yet"


@dataclass(frozen=True, slots=True)
class Explained:
    """The jobs of one rule.

    Attributes:
        rule: The rule.
        reasons: The identity of each job that would run, and why.
        kept: Number of jobs that would not run.
    """

    rule: str
    reasons: dict[str, tuple[str, ...]]
    kept: int


def explain(workflow: Any) -> list[Explained]:
    """Returns which jobs of each rule would run and why, in the order of the stage table.

    Args:
        workflow: As `planned_workflow` yields it.
    """
    jobs = recorded_jobs(workflow)
    run = set(workflow.dag.needrun_jobs())
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    kept: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        stage: StageRules = workflow.globals["stage"]
        reader = _Reasons(workflow, run, CodeChanges(stage.src, Path(folder)))
        for job in jobs:
            rule = job.rule.name
            reasons = found.setdefault(rule, {})
            if job in run:
                reasons[Path(job.output.provenance).stem] = tuple(reader.of(job))
            else:
                kept[rule] = kept.get(rule, 0) + 1
    return [Explained(rule, found[rule], kept.get(rule, 0)) for rule in BY_NAME if rule in found]


class _Reasons:
    """Finds out why the jobs of a plan run."""

    def __init__(self, workflow: Any, run: set[Any], code: CodeChanges) -> None:
        self._workflow, self._run, self._code = workflow, run, code
        self._stage: StageRules = workflow.globals["stage"]
        self._config = workflow.globals["CONFIG"].model_dump(mode="json")
        self._upstream = _upstream(workflow, run)
        self._code_words: dict[tuple[str | None, Path | None, str, str, str], str] = {}

    def of(self, job: Any) -> list[str]:
        """Returns why a job runs, in words."""
        if not any(Path(file).exists() for file in job.output):
            return [_NEW]
        reasons = list(self._own(job))
        if reasons:
            return reasons
        dependencies = self._workflow.dag.dependencies
        before = {other.rule.name for other in dependencies[job] if other in self._run}
        if before:
            # Of rules that follow each other, the last is the nearest; rounds follow both ways.
            far = {
                rule
                for rule in before
                for other in before
                if rule in self._upstream[other] and other not in self._upstream[rule]
            }
            names = [rule for rule in BY_NAME if rule in before - far]
            return [f"because {_and(names)} {'runs' if len(names) == 1 else 'run'}"]
        return [str(self._workflow.dag.reason(job))]

    def _own(self, job: Any) -> Iterator[str]:
        """Yields what differs in a job itself, whatever runs before it."""
        reason = self._workflow.dag.reason(job)
        if missing := sorted(map(str, reason.missing_output)):
            yield f"missing: {listed(missing)}"
        if self._workflow.async_run(self._workflow.persistence.incomplete(job)):
            yield "interrupted: its outputs are incomplete"
        yield from self._params(job)
        yield from self._inputs(job)
        made_now = set(map(str, reason.updated_input_run))
        if newer := sorted(set(map(str, reason.updated_input)) - made_now):
            yield f"newer than its outputs: {listed(newer)}"
        if reason.code_changed:
            yield "its command in rules/ changed"

    def _params(self, job: Any) -> Iterator[str]:
        """Yields the settings and the code that differ from those in a job's record."""
        if not hasattr(job.params, "spec"):
            return  # of a rule whose settings are no reason to re-run
        try:
            record = load_record(Path(job.output.provenance))
        except UserError:
            if self._workflow.dag.reason(job).params_changed:
                yield "settings or code changed (which, is unknown: it has no whole record)"
            return
        rule = job.rule.name
        for setting in changed_settings(
            rule,
            dict(job.wildcards.items()),
            self._config,
            record["spec"],
            json.loads(job.params.spec),
        ):
            yield f"{setting.key} {setting.values}"
        if record["code"] != job.params.code:
            run = Path(job.output.provenance).parents[2]
            yield self._changed_code(rule, record, run, job.params.code)

    def _changed_code(self, rule: str, record: Mapping[str, Any], run: Path, code: str) -> str:
        digest = record.get("changes")
        changes = None if digest is None else run / CHANGES.format(digest)
        key = record["commit"], changes, rule, record["code"], code
        if key not in self._code_words:
            chosen = self._stage.chosen(rule, code)
            self._code_words[key] = self._code.words(
                record["commit"], changes, record["code"], self._stage.script(rule), chosen
            )
        return self._code_words[key]

    def _inputs(self, job: Any) -> Iterator[str]:
        """Yields the input files that Snakemake has not stored, and those that are gone."""
        persistence = self._workflow.persistence
        now = set(map(str, persistence._input(job)))
        stored = [persistence.input(file) for file in job.output]
        known = [set(map(str, files)) for files in stored if files is not None]
        if not known:
            return
        if new := sorted(now - known[0]):
            yield f"reads now: {listed(new)}"
        if gone := sorted(known[0] - now):
            yield f"reads no longer: {listed(gone)}"


def _upstream(workflow: Any, run: set[Any]) -> dict[str, set[str]]:
    """Returns, for each rule that would run, the rules on whose jobs it depends, near or far."""
    found: dict[str, set[str]] = {}
    for level in workflow.dag.toposorted():
        for job in level:
            if job in run:
                direct = {other.rule.name for other in workflow.dag.dependencies[job]}
                own = found.setdefault(job.rule.name, set())
                own.update(direct, *(found.get(rule, set()) for rule in direct))
    return found


def explanation_text(rules: Iterable[Explained]) -> str:
    """Returns the explanation, one line a rule that runs, and the totals."""
    rules = list(rules)
    run, kept = sum(len(rule.reasons) for rule in rules), sum(rule.kept for rule in rules)
    if not run:
        return f"nothing would run: all {kept:,} jobs are as the config and the code ask"
    if all(why == (_NEW,) for rule in rules for why in rule.reasons.values()) and not kept:
        return f"nothing exists yet: all {run:,} jobs would run"
    lines = [_line(rule) for rule in rules if rule.reasons]
    all_kept = [f"{rule.rule} ({rule.kept:,})" for rule in rules if rule.kept]
    lines.append(f"{run:,} of {run + kept:,} jobs would run")
    if all_kept:
        lines.append(f"kept: {', '.join(all_kept)}")
    return "\n".join(lines)


def cost_text(rules: Iterable[Explained], config: Config, plan: Plan) -> str:
    """Returns the hours of the jobs that would run, by the share of their rule's jobs.

    Args:
        rules: What `explain` returned.
        config: The config of the run.
        plan: The plan of the complete run.
    """
    share = {r.rule: len(r.reasons) / (len(r.reasons) + r.kept) for r in rules}
    gpu = sum(stage.gpu_h * share.get(stage.name, 0.0) for stage in plan.stages)
    core = sum(stage.core_h * share.get(stage.name, 0.0) for stage in plan.stages)
    return f"estimated for these jobs: {gpu:,.1f} GPU-hours, {core:,.1f} core-hours"


def _line(rule: Explained) -> str:
    """Returns the line of a rule: its jobs, then each reason, with its jobs if not all share it."""
    number, total = len(rule.reasons), len(rule.reasons) + rule.kept
    jobs = counted(total, "job")
    if rule.kept:
        jobs = f"{number:,} of {jobs} ({listed(list(rule.reasons))})"
    sharing: dict[str, list[str]] = {}
    for identity, reasons in rule.reasons.items():
        for reason in reasons:
            sharing.setdefault(reason, []).append(identity)
    shown = [
        reason if len(identities) == number else f"{reason} ({listed(identities)})"
        for reason, identities in sharing.items()
    ]
    return f"{rule.rule}: {jobs}, {'; '.join(shown)}"


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
