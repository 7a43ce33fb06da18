"""Restoring what Snakemake must know of the jobs of a run, from the run's records.

Snakemake compares each job with what it has stored in `.snakemake` (params, command, input files),
and the times of its files. A copy of `results/` in another checkout has other times, and nothing is
stored there: what runs again is then a matter of chance. The records have all of it.

A job whose files are as recorded is stored as Snakemake would have stored it when the job ended, so
that a changed setting or changed code re-runs what it would have re-run in the first place. A job
of which a file differs is stored as incomplete: Snakemake runs it again.
"""

import io
import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from snakemake.api import SnakemakeApi
from snakemake.cli import parse_args
from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord
from snakemake.settings.enums import Quietness, RerunTrigger
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    ResourceSettings,
)
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from caco.errors import CacoError, UserError
from caco.identity import canonical_json
from caco.models.manifest import open_checkpoint
from caco.reports.planning.restore import END_OF_COMMAND, MadeJob, flags_of, recorded_inputs
from caco.reports.record_form import load_whole_record
from caco.runtime.chain import (
    MANIFEST,
    altered,
    job_name,
    load_record,
    located,
    record_digest,
    run_folder,
    unrecorded,
)
from caco.runtime.checksums import sha256_of
from caco.runtime.heartbeat import heartbeat_file

_PROFILE = Path("profiles/local/config.yaml")
_PARAMS = ("spec", "code")
_NO_REASON = ("{params.", "{resources.", "{threads}")  # parts of a command, see `_is_same`


@contextmanager
def planned_workflow(configs: Iterable[Path], profile: str | None = None) -> Iterator[Any]:
    """Yields Snakemake's workflow with its planned jobs; no job runs.

    Args:
        configs: Config of the run and its overlays.
        profile: The profile whose resources the jobs have; without one, those of their rules.
    """
    resources, executor = ResourceSettings(cores=1), None
    if profile is not None:
        resources, executor = _of_profile(profile)
    # An error of Snakemake is still printed.
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        plan = api.workflow(
            resource_settings=resources,
            config_settings=ConfigSettings(configfiles=list(configs)),
            snakefile=Path("Snakefile"),
        )
        # As in a run with either profile, so that the jobs are those of its dry run.
        plan.dag(DAGSettings(rerun_triggers=_rerun_triggers(), force_incomplete=True))
        workflow = plan._workflow
        if executor is not None:  # tells which jobs are submitted
            workflow._executor_plugin = ExecutorPluginRegistry().get_plugin(executor)
        # Snakemake's commands that plan and run nothing, such as --summary, do the same.
        workflow._prepare_dag(forceall=False, ignore_incomplete=False, lock_warn_only=True)
        workflow._build_dag()
        yield workflow


def _of_profile(profile: str) -> tuple[ResourceSettings, str | None]:
    """Returns the resources that a profile sets, and its executor if it has one."""
    with redirect_stderr(io.StringIO()):  # Snakemake prints which profile it uses
        _, stated = parse_args(["--profile", profile])
    resources = ResourceSettings(
        cores=stated.cores,  # at most so many threads a job
        nodes=stated.jobs,
        default_resources=stated.default_resources,
        overwrite_resources=stated.set_resources,
        overwrite_threads=stated.set_threads,
    )
    return resources, stated.executor


def _rerun_triggers() -> set[RerunTrigger]:
    """Returns what makes a job of the profiles run again."""
    profile = yaml.safe_load(_PROFILE.read_text(encoding="utf-8"))
    triggers: set[RerunTrigger] = RerunTrigger.parse_choices_set(profile["rerun-triggers"])
    return triggers


def made_jobs(workflow: Any) -> list[MadeJob]:
    """Returns the jobs of a run, with what Snakemake has stored about those that it has run."""
    found = []
    for job in recorded_jobs(workflow):
        stored = [workflow.persistence.metadata(file) for file in job.output]
        made_by = {(tuple(one.input), one.shellcmd) for one in stored if one and one.shellcmd}
        # The outputs of a job were made by one command, or it is unknown what made them.
        inputs, command = made_by.pop() if len(made_by) == 1 else ((), "")
        record = Path(job.output.provenance)
        outputs = tuple(path for path in map(Path, job.output) if path != record)
        found.append(MadeJob(job.rule.name, record, outputs, inputs, command))
    return found


@dataclass(slots=True)
class Known:
    """The result of `restore_metadata`.

    Attributes:
        jobs: Number of jobs that Snakemake knows again.
        errors: One for each file because of which a job runs again.
        notices: What could not be compared.
    """

    jobs: int = 0
    errors: list[CacoError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def restore_metadata(workflow: Any, run: Path) -> Known:
    """Restores Snakemake's metadata of each finished job that it does not know, and file times.

    A job without a whole record is stored as incomplete.

    Args:
        workflow: As `planned_workflow` yields it.
        run: `results/{run}`.
    """
    known = Known()
    digests: dict[Path, str] = {}  # of the files that were read
    different: dict[Path, CacoError] = {}
    # In the order of the data: new times of a job's outputs may make its readers unknown.
    for job in recorded_jobs(workflow):
        if not _is_unknown(workflow, job):
            continue
        try:
            values = load_whole_record(Path(job.output.provenance))
        except UserError:
            _run_again(workflow, job)  # `restore` has reported it
            continue
        found = _differences(job, values, run, digests)
        known.notices.extend(
            f"{folder}: outside of the run and not there, so not compared"
            for folder in map(_folder_outside, map(Path, job.output))
            if folder is not None and not folder.exists()
        )
        if found:
            for file, error in found.items():
                different.setdefault(file, error)  # of an altered output, that of its own job
            _run_again(workflow, job)
        else:
            _set_times(job)
            _store(workflow, job, values)
            known.jobs += 1
    known.errors.extend(different.values())
    return known


def recorded_jobs(workflow: Any) -> list[Any]:
    """Returns the jobs that have a record, in the order of the data."""
    return [
        job
        for level in workflow.dag.toposorted()
        for job in sorted(level, key=lambda job: [str(file) for file in job.output])
        if hasattr(job.output, "provenance")
    ]


def _is_unknown(workflow: Any, job: Any) -> bool:
    """Tells whether a job has outputs that Snakemake does not know or takes for outdated ones."""
    files = [Path(file) for file in job.output]
    if not any(file.exists() for file in files):
        return False
    if not workflow.persistence.has_metadata(job):
        return True
    return all(file.exists() for file in files) and _newest_input(job) > min(map(_time, files))


def _run_again(workflow: Any, job: Any) -> None:
    """Stores a job as incomplete; if it is, it may have the ID of a Slurm job, which is kept."""
    if not workflow.async_run(workflow.persistence.incomplete(job)):
        workflow.persistence.started(job)


def _read(files: Iterable[Path], digests: dict[Path, str]) -> None:
    """Adds the SHA-256 of each file that exists and is new; of a record, its digest."""
    names = {file for file in files if file not in digests and file.is_file()}
    records = {file for file in names if run_folder(file) is not None}
    digests.update(sha256_of(names - records))
    for file in records:
        try:
            digests[file] = record_digest(load_record(file))
        except UserError:
            digests[file] = "that of no record"


def _differences(
    job: Any, values: Mapping[str, Any], run: Path, digests: dict[Path, str]
) -> dict[Path, CacoError]:
    """Returns, by file, why a job's outputs are not what its code makes of its inputs.

    Args:
        job: Snakemake's job.
        values: The values of its record.
        run: As in `restore_metadata`.
        digests: Of the files that were read before; those of this job are added.
    """
    record = Path(job.output.provenance)
    found: dict[Path, CacoError] = {}
    if heartbeat_file(record).exists():
        found[record] = UserError(
            f"{record}: a later start of its job has not finished, so the job runs again"
        )
    outputs = {located(values, file, run): sha for file, sha in values["outputs"].items()}
    inputs = {located(values, file, run): sha for file, sha in values["inputs"].items()}
    _read([*outputs, *inputs], digests)
    for file in map(Path, job.output):
        if file != record and file not in outputs:
            found[file] = UserError(unrecorded(file, record))
    for file, sha in outputs.items():
        if digests.get(file) != sha:
            found[file] = UserError(altered(file, digests.get(file), record, values, sha))
        elif file.name == MANIFEST and (_folder_outside(file) or file).exists():
            try:
                open_checkpoint(file)
            except UserError as error:
                found[file] = error
    for file, sha in inputs.items():
        if digests.get(file) != sha:
            found[file] = UserError(
                f"{file}: its SHA-256 is {digests.get(file, 'that of no file: it is missing')}, "
                f"but job `{job_name(values)}` read a file with {sha}, so the job runs again"
            )
    return found


def _folder_outside(file: Path) -> Path | None:
    """Returns the folder of a manifest's files if it is none of the run, as of a local model."""
    if file.name != MANIFEST:
        return None
    try:
        folder = Path(json.loads(file.read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if folder.is_absolute() else None


def _newest_input(job: Any) -> int:
    """Returns the time of change of a job's newest input, ns; those that Snakemake compares."""
    read = [Path(file) for file in job.input if not file.is_ancient]
    return max((_time(file) for file in read if file.exists()), default=0)


def _time(file: Path) -> int:
    return file.stat().st_mtime_ns


def _set_times(job: Any) -> None:
    """Makes a job's outputs as new as its newest input, if one is older."""
    outputs = [Path(file) for file in job.output]
    newest = _newest_input(job)
    if newest > min(map(_time, outputs)):
        time = max(newest, *map(_time, outputs))
        for file in outputs:
            os.utime(file, ns=(time, time))


def _store(workflow: Any, job: Any, values: Mapping[str, Any]) -> None:
    """Stores a job as Snakemake does when it ends, with what its record says was run."""
    persistence = workflow.persistence
    command, now = _command(job, values), job.shellcmd
    read, limit = set(values["inputs"]), persistence.max_checksum_file_size
    reads_same = read == set(map(str, recorded_inputs(now, job.input)))
    texts = {"spec": canonical_json(values["spec"]), "code": str(values["code"])}
    sums = {
        str(file): workflow.async_run(file.checksum(limit))
        for file in job.input
        if str(file) in read
    }
    metadata = MetadataRecord(
        rule=job.rule.name,
        # Some inputs only order the jobs; the command does not name them, nor does the record.
        input=persistence._input(job) if reads_same else sorted(read),
        log=persistence._log(job),
        shellcmd=command,
        # Of a rule whose settings are no reason to re-run they are no params.
        params=sorted(
            persistence._serialize_param(texts[name])
            for name in _PARAMS
            if hasattr(job.params, name)
        ),
        code=job.rule.shellcmd if _is_same(job.rule.shellcmd, now, command) else command,
        record_format_version=RECORD_FORMAT_VERSION,
        job_hash=hash(job),
        starttime=datetime.fromisoformat(values["started"]).timestamp(),
        endtime=datetime.fromisoformat(values["ended"]).timestamp(),
        incomplete=False,
        input_checksums={file: sum_ for file, sum_ in sums.items() if sum_ is not None},
    )
    for file in job.output:
        persistence.cleanup_metadata(file)
        persistence._write_record(persistence._get_key(file), metadata)


def _command(job: Any, values: Mapping[str, Any]) -> str:
    """Returns the shell command that a record has; the environment is that of the rule now."""
    start = job.shellcmd.partition("scripts/")[0]
    return f"{start}{shlex.join(values['command'])}{END_OF_COMMAND}{job.log}"


def _is_same(template: str, now: str, recorded: str) -> bool:
    """Tells whether a rule's command is still the one that was run.

    Settings and code digest are params, which Snakemake compares itself. Resources and threads are
    no reason to re-run.

    Args:
        template: The rule's command.
        now: The command of its job.
        recorded: The command that was run.
    """
    free = {
        flag
        for flag, words in flags_of(template).items()
        if any(word.startswith(_NO_REASON) for word in words)
    }
    then, today = flags_of(recorded), flags_of(now)
    return then.keys() == today.keys() and all(
        then[flag] == today[flag] for flag in today.keys() - free
    )
