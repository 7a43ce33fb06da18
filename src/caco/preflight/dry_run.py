"""Snakemake's own decision, without running a job: which jobs would run, and for which reasons."""

import contextlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake.cli import args_to_api, parse_args
from snakemake.workflow import Workflow

from caco.config.config import Config
from caco.errors import CacoError
from caco.workflow.rules import StageRules


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job that would run.

    Attributes:
        rule, identity: The job.
        spec, code: What its rule passes now.
        record: Its provenance record, which may not exist.
        inputs: The files that it would read.
        is_new: Whether none of its outputs exists.
        missing: Outputs that do not exist.
        incomplete: Outputs that an interrupted job left.
        newer: Inputs from outside the plan that have changed since it ran.
        upstream: Rules whose jobs would run and make its inputs again.
        changed: What Snakemake finds different from its last run: `settings or code`,
            `command`, `inputs`, `environment`.
        forced: Whether the command line demands it.
    """

    rule: str
    identity: str
    spec: str
    code: str
    record: Path
    inputs: frozenset[str]
    is_new: bool
    missing: tuple[str, ...]
    incomplete: tuple[str, ...]
    newer: tuple[str, ...]
    upstream: frozenset[str]
    changed: frozenset[str]
    forced: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run has found.

    Attributes:
        config: The run, as the Snakefile has read it.
        stage: Its rules.
        jobs: The jobs that would run.
        kept: The jobs that would not, as rule and record.
        snakemake_jobs: The first, as Snakemake's objects.
    """

    config: Config
    stage: StageRules
    jobs: list[PlannedJob]
    kept: list[tuple[str, Path]]
    snakemake_jobs: list[Any]


def dry_run(arguments: Sequence[str]) -> DryRun:
    """Plans a run as `snakemake --dry-run` does.

    No job is started or submitted, no lock is taken, and nothing is written into the run.

    Args:
        arguments: Snakemake's, such as `--profile slurm`.

    Raises:
        CacoError: Snakemake fails; it has printed why.
    """
    workflow = _planned(["--dry-run", "--quiet", "all", *arguments])
    dag = workflow.dag
    needed = [job for job in dag.needrun_jobs(exclude_finished=False) if _has_record(job)]
    rule_of = {str(file): job.rule.name for job in needed for file in job.output}
    return DryRun(
        workflow.globals["CONFIG"],
        workflow.globals["stage"],
        [_job(job, dag.reason(job), rule_of) for job in needed],
        [
            (job.rule.name, Path(str(job.output.provenance)))
            for job in dag.jobs
            if _has_record(job) and not dag.needrun(job)
        ],
        needed,
    )


def _planned(arguments: Sequence[str]) -> Any:
    """Returns Snakemake's workflow after a dry run."""
    found: list[Any] = []
    execute = Workflow.execute

    def execute_and_keep(workflow: Any, *args: Any, **settings: Any) -> Any:
        found.append(workflow)
        return execute(workflow, *args, **settings)

    # The API of Snakemake has no access to its jobs, and its output has no values of parameters.
    Workflow.execute = execute_and_keep
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):  # `--quiet` leaves a line
            parser, parsed = parse_args(list(arguments))
            done = args_to_api(parsed, parser)
    finally:
        Workflow.execute = execute
    if not done or not found:
        print(printed.getvalue(), file=sys.stderr, end="")
        raise CacoError("Snakemake cannot plan this run; its message is above")
    return found[-1]


def _has_record(job: Any) -> bool:
    return hasattr(job.output, "provenance")  # all but the target rule


def _job(job: Any, reason: Any, rule_of: dict[str, str]) -> PlannedJob:
    # The preflight rules have both texts as resources.
    texts = job.params if hasattr(job.params, "spec") else job.resources
    record = Path(str(job.output.provenance))
    again = {str(file) for file in reason.updated_input_run}
    flags = {
        "settings or code": reason.params_changed,
        "command": reason.code_changed,
        "inputs": reason.input_changed,
        "environment": reason.software_stack_changed,
    }
    return PlannedJob(
        rule=job.rule.name,
        identity=record.stem,
        spec=str(texts.spec),
        code=str(texts.code),
        record=record,
        inputs=frozenset(map(str, job.input)),
        is_new=not any(Path(str(file)).exists() for file in job.output),
        missing=tuple(sorted(map(str, reason.missing_output))),
        incomplete=tuple(sorted(map(str, reason.incomplete_output))),
        newer=tuple(sorted({str(file) for file in reason.updated_input} - again)),
        upstream=frozenset(rule_of[file] for file in again if file in rule_of),
        changed=frozenset(name for name, flag in flags.items() if flag),
        forced=reason.forced,
    )
