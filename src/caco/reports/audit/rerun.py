"""Executes random jobs of a finished run again and compares their outputs with the records.

The jobs run as the workflow runs them: the script of the record, in the environment of its rule, in
a folder of its own. Nothing is written into the run.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from caco.errors import CacoError, UserError
from caco.models.manifest import checkpoint_digests, read_manifest
from caco.reports.audit.first_difference import first_difference
from caco.reports.audit.job_folder import altered_outputs, make_job_folder, require_inputs
from caco.reports.audit.rerun_checks import Check, check_of
from caco.reports.record_form import load_whole_record
from caco.reports.records import planned_jobs
from caco.runtime.chain import MANIFEST, job_name, listed_files, located
from caco.runtime.checksums import sha256_of
from caco.runtime.progress import duration
from caco.workflow.paths import Paths
from caco.workflow.stages import BY_NAME

_SHORT = 12  # hex digits of a digest that are shown
_AS_RECORDED = (
    "code, packages, commit and machine are as recorded: the rule is not deterministic, or depends "
    "on what its record does not name"
)


class Result(StrEnum):
    """What came of a job."""

    EQUAL = "equal"
    CONSISTENT = "consistent"  # its rows are samples of the recorded model, as far as can be told
    DIFFERENT = "different"  # also: its rows are no such samples
    NOT_EXECUTED = "not executed"
    NOT_CHECKED = "not checked"


_PROVEN = (Result.EQUAL, Result.CONSISTENT)
_PROVEN_BY_MODEL = (Check.SCORED, Check.TRAINING)
_COUNTED = (Result.EQUAL, Result.DIFFERENT, Result.NOT_EXECUTED)  # also where there is none


@dataclass(frozen=True, slots=True)
class Rerun:
    """A job that was to be executed again.

    Attributes:
        rule, identity: The job; the identity of jobs that are not checked is their number.
        check: The check of its rule.
        result: What came of it.
        seconds: Wall time.
        reasons: What differs in the outputs, why there is nothing to compare, or the evidence of a
            scored job.
        changes: What else differs from the record: code, packages, commit, machine.
    """

    rule: str
    identity: str
    check: Check
    result: Result
    seconds: float = 0.0
    reasons: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The job on one line, then what differs, indented."""
        names = f"{self.rule:<16} {self.identity:<20} {self.check:<13}"
        if self.result is Result.NOT_CHECKED:
            return [f"{names} {self.result}: {self.reasons[0]}"]
        head = f"{names} {self.result:<12} {self.seconds:6.1f} s"
        if self.result is not Result.DIFFERENT:
            return [head, *(f"  {reason}" for reason in self.reasons)]
        found = self.changes if self.check in _PROVEN_BY_MODEL else self.changes or [_AS_RECORDED]
        return [head, *(f"  {line}" for line in [*self.reasons, *found])]


def rerun(
    run: Path, scratch: Path, shards: int, stages: Sequence[str] | None, seed: int, steps: int
) -> Iterator[Rerun]:
    """Executes random jobs of every rule again; yields the result of each.

    Args:
        run: `results/{run}`. The working folder is that of the checkout.
        scratch: An empty folder, in which the jobs write.
        shards: Number of jobs of each rule.
        stages: The rules; None for every rule of the run.
        seed: Chooses the jobs.
        steps: Steps of a training that are executed again.

    Raises:
        UserError: No run was started there, it has no such rule, or the working folder is no
            checkout.
    """
    planned = planned_jobs(run)
    if unknown := [name for name in stages or () if name not in planned]:
        raise UserError(
            f"--stage {unknown[0]}: {run} has no such rule; it has {', '.join(planned)}"
        )
    if not Path("envs/python").is_file():
        raise UserError(
            "envs/python: there is no such file, so this is no checkout; change to the folder of "
            "the checkout"
        )
    chosen = [
        (rule, identity)
        for rule in planned
        if stages is None or rule in stages
        for identity in _drawn(rule, planned[rule], shards, seed)
    ]
    for number, (rule, identity) in enumerate(chosen, 1):
        known = check_of(rule)
        if known.not_checked is not None:
            jobs = f"{len(planned[rule])} of {len(planned[rule])} jobs"
            yield Rerun(rule, jobs, known.check, Result.NOT_CHECKED, reasons=[known.not_checked])
            continue
        record = Path(Paths(run.name, str(run.parent)).provenance(rule, identity))
        label = f"job {number} of {len(chosen)}: {rule} {identity}"
        if known.check in _PROVEN_BY_MODEL:
            yield _score_job(record, run, known.check, label, steps)
        else:
            yield _rerun_job(record, run, scratch / rule / identity, label)


@contextmanager
def scratch_folder(named: Path | None, run: Path) -> Iterator[Path]:
    """Yields a folder for the outputs of jobs: a new one with a name, or one that is deleted.

    Args:
        named: The folder; None for a temporary one.
        run: The folder of the run.

    Raises:
        UserError: The folder has files, or is in the run.
    """
    if named is None:
        with tempfile.TemporaryDirectory(prefix="caco-rerun-") as folder:
            yield Path(folder)
        return
    if named.resolve().is_relative_to(run.resolve()):
        raise UserError(f"--scratch {named}: in the folder of the run; name another folder")
    if named.exists() and (not named.is_dir() or any(named.iterdir())):
        raise UserError(f"--scratch {named}: not an empty folder; name a new one")
    named.mkdir(parents=True, exist_ok=True)
    yield named.resolve()


def executed_jobs(results: Iterable[Rerun]) -> tuple[list[str], list[str]]:
    """Returns the names of the jobs that are as recorded, and of the others that were checked."""
    proven: list[str] = []
    others: list[str] = []
    for one in results:
        if one.result is not Result.NOT_CHECKED:
            (proven if one.result in _PROVEN else others).append(f"{one.rule} {one.identity}")
    return proven, others


def summary(results: Sequence[Rerun]) -> list[str]:
    """Returns what differs from the records without a change of an output, and the counts."""
    changed: dict[str, dict[str, None]] = defaultdict(dict)
    for one in results:
        if one.result is Result.EQUAL:
            for change in one.changes:
                changed[change][one.rule] = None
    equal = {one.rule for one in results if one.result is Result.EQUAL}
    lines = [
        f"notice: {change} ({'every equal job' if set(rules) == equal else ', '.join(rules)})"
        for change, rules in changed.items()
    ]
    executed = [one for one in results if one.result is not Result.NOT_CHECKED]
    counts = ", ".join(
        f"{sum(one.result is result for one in executed)} {result}"
        for result in Result
        if result in _COUNTED or any(one.result is result for one in executed)
    )
    left = [one.rule for one in results if one.result is Result.NOT_CHECKED]
    lines.append(f"{len(executed)} jobs of {len({one.rule for one in executed})} rules: {counts}")
    return [*lines, f"rules that are not checked: {', '.join(left)}"] if left else lines


def _drawn(rule: str, identities: Sequence[str], shards: int, seed: int) -> list[str]:
    """Returns the jobs of a rule to execute, in the order of the data."""
    if check_of(rule).not_checked is not None:
        return list(identities[:1])  # stands for all
    chosen = random.Random(f"{seed} {rule}").sample(identities, min(shards, len(identities)))
    return [identity for identity in identities if identity in chosen]


def _rerun_job(record: Path, run: Path, folder: Path, label: str) -> Rerun:
    rule, identity = record.parent.name, record.stem
    check, started = check_of(rule).check, time.monotonic()
    try:
        values = load_whole_record(record)
        reasons, changes = _compare(values, run, folder, label)
    except CacoError as error:
        seconds = time.monotonic() - started
        return Rerun(rule, identity, check, Result.NOT_EXECUTED, seconds, [str(error)])
    result = Result.DIFFERENT if reasons else Result.EQUAL
    seconds = time.monotonic() - started
    return Rerun(rule, identity, check, result, seconds, reasons, changes)


def _score_job(record: Path, run: Path, check: Check, label: str, steps: int) -> Rerun:
    """Has the recorded model score its own or its training rows, in the environment of models."""
    rule, identity = record.parent.name, record.stem
    started = time.monotonic()
    try:
        values = load_whole_record(record)
        require_inputs(values, run)
        if wrong := altered_outputs(values, run):
            raise UserError(wrong[0])
    except CacoError as error:
        seconds = time.monotonic() - started
        return Rerun(rule, identity, check, Result.NOT_EXECUTED, seconds, [str(error)])
    print(label, file=sys.stderr, flush=True)
    done = subprocess.run(
        ["envs/python", "train", "scripts/prove.py", str(record), "--steps", str(steps)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.strip().removeprefix(f"{record}: ")
    if said.startswith("not scorable"):
        return Rerun(rule, identity, check, Result.NOT_CHECKED, reasons=[said])
    if said:
        result = Result.DIFFERENT if done.returncode else Result.CONSISTENT
    else:
        said = (done.stderr.strip().splitlines() or ["scripts/prove.py printed nothing"])[-1]
        result = Result.NOT_EXECUTED
    seconds = time.monotonic() - started
    return Rerun(rule, identity, check, result, seconds, [said.removeprefix(f"{result}: ")])


def _compare(
    values: Mapping[str, Any], run: Path, folder: Path, label: str
) -> tuple[list[str], list[str]]:
    """Executes a job again; returns what differs in its outputs, and what else does.

    Raises:
        CacoError: The job cannot be executed, or it failed.
    """
    if not values.get("command"):
        raise UserError(
            f"{values['record']}: the record has no command, so its job cannot be executed again"
        )
    environment = BY_NAME[values["rule"]].environment
    assert environment is not None, values["rule"]  # only a model that generates has several
    require_inputs(values, run)
    made = make_job_folder(folder, values, run)
    took = f" (took {duration(values['seconds'])})" if values["seconds"] else ""
    print(f"{label}{took}", file=sys.stderr, flush=True)
    code = made.execute(environment, values["command"])
    if code != 0:
        lines = made.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise UserError(
            f"job `{job_name(values)}`, recorded at commit {values['commit'] or 'unknown'}, exited "
            f"with code {code} and printed `{lines[-1] if lines else 'nothing'}`"
        )
    now = load_whole_record(made.work / values["record"])
    differences = _output_differences(values, now, run, made.work)
    if not differences and (edited := altered_outputs(values, run)):
        return edited, ["the job writes what its record says, so the run was changed since"]
    return differences, _changes(values, now)


def _output_differences(
    values: Mapping[str, Any], now: Mapping[str, Any], run: Path, work: Path
) -> list[str]:
    """Returns one sentence for each output that is not as recorded."""
    lines = []
    listed = values.get("listed", {})
    for name, sha in values["outputs"].items():
        file = work / name
        if not file.is_file():
            lines.append(f"{name}: the job does not write it any more")
        # A manifest names the folder of the files, which may be another on this machine.
        elif Path(name).name == MANIFEST and name in listed:
            if listed_files([str(file)]).get(str(file)) != listed[name]:
                lines.append(f"{name}: {_where(located(values, name, run), sha, file)}")
        elif sha256_of([file])[file] != sha:
            lines.append(f"{name}: {_where(located(values, name, run), sha, file)}")
    lines += [
        f"{name}: the job did not write it before"
        for name in now["outputs"]
        if name not in values["outputs"]
    ]
    if not lines and now["rows"] != values["rows"]:
        lines.append(f"the record has the rows {values['rows']}, now {now['rows']}")
    return lines


def _where(recorded: Path, sha: str, now: Path) -> str:
    if not recorded.is_file() or sha256_of([recorded])[recorded] != sha:
        return "another SHA-256; the file of the run is not as recorded, so no row can be compared"
    if now.name == MANIFEST:
        return _where_in_checkpoint(recorded, now)
    return first_difference(recorded, now)


def _where_in_checkpoint(recorded: Path, now: Path) -> str:
    """Returns which file of a checkpoint differs, and where.

    Args:
        recorded: The manifest of the run.
        now: The manifest of the same job, executed again.
    """
    before, after = _files(recorded), _files(now)
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            return f"the file {name} is {'new' if name in after else 'missing now'}"
        (old, old_sha), (new, new_sha) = before[name], after[name]
        if old_sha != new_sha:
            return f"{name}: {first_difference(old, new)}"
    return "the files are equal, the manifest is another"


def _files(manifest: Path) -> dict[str, tuple[Path, str]]:
    """Returns the files of a checkpoint with their SHA-256, by name."""
    folder = read_manifest(manifest).folder
    digests = checkpoint_digests(manifest)
    return {file.relative_to(folder).as_posix(): (file, sha) for file, sha in digests.items()}


def _changes(values: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Returns what of code, packages and machine is not as recorded: `what A is now B`."""
    if values.get("restored"):
        return ["the record was restored, so packages, commit and machine of the job are unknown"]
    lines = []
    if values["code"] != now["code"]:
        lines.append(f"code digest {values['code'][:_SHORT]} is now {now['code'][:_SHORT]}")
    before, after = values["versions"], now["versions"]
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            lines.append(f"{name} {before.get(name, 'absent')} is now {after.get(name, 'absent')}")
    for what in ("commit", "changes", "host", "kernel"):
        if (was := values.get(what)) != (present := now.get(what)):
            lines.append(f"{what} {was or 'none'} is now {present or 'none'}")
    return lines
