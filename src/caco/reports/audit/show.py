"""What a person who audits a run asks first, answered from its records.

Every answer names the rules that it holds for; one value for all jobs is written once.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.identity import canonical_json
from caco.reports.energy import NOT_MEASURED, energy
from caco.reports.records import visible_gpus
from caco.reports.run_files import Run, open_run
from caco.reports.wording import counted
from caco.runtime.chain import (
    MANIFEST,
    job_name,
    located,
    name_in_run,
    record_digest,
    root_digest,
)
from caco.runtime.checksums import read_checked, write_checked
from caco.runtime.kept import CHANGES, PACKAGES
from caco.workflow.stages import WITHOUT_ROWS

_VERIFIED = "verified.json"  # in the run's folder: the last verification
_RERUN = "rerun.json"  # and the last jobs that were executed again
VERIFICATION = "Is it as recorded?"
"""The question that the last verification answers."""
_SHORT = 16  # hex digits of a digest that are shown
_Values = Mapping[str, Any]  # of a record; of a job without one, its rule and identity


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and the lines that answer it."""

    question: str
    lines: list[str]


def show(run: Path) -> list[Answer]:
    """Returns the answers for a run, finished or not.

    Args:
        run: `results/{run}`.

    Raises:
        UserError: No run was started there.
    """
    opened = open_run(run)
    jobs: list[_Values] = list(opened.records.values())
    missing: list[_Values] = [
        {"rule": rule, "identity": identity} for rule, identity in opened.missing()
    ]
    root = _root(jobs, missing)
    return [
        Answer("Which run is it?", _identity(run, jobs, missing, root)),
        Answer("What did it read from outside?", _inputs(run, jobs)),
        Answer("What did it write?", _outputs(jobs)),
        Answer("With which code?", _code(jobs)),
        Answer("With which settings?", _settings(opened, jobs)),
        Answer("With which models and data sets?", _models(jobs)),
        Answer("With which seeds of random numbers?", _each(jobs, lambda v: v["seed"])),
        Answer("With which software?", _software(jobs)),
        Answer("On which nodes and GPUs?", _nodes(jobs)),
        Answer("How long did it take, and what did it use?", _cost(jobs)),
        Answer("What failed, was retried or was restored?", _troubles(opened, jobs)),
        Answer("What was rejected?", _rejected(jobs)),
        Answer(VERIFICATION, _verification(run, root)),
        Answer("Do its jobs have the same outputs again?", _last_rerun(run, root)),
    ]


def show_text(answers: Iterable[Answer]) -> str:
    """Returns answers as text for a terminal, in which control characters are escaped."""
    blocks = (
        "\n".join([answer.question, *(f"  {printable(line)}" for line in answer.lines)])
        for answer in answers
    )
    return "\n\n".join(blocks)


def printable(line: str) -> str:
    """Returns a line in which control characters are escaped."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def remember_verification(run: Path, root: str, at: str, signature: str | None) -> None:
    """Writes down that every file of a run was as recorded.

    Args:
        run: `results/{run}`.
        root: The root digest.
        at: When, in UTC.
        signature: When and by whom it was signed; None without a signature.

    Raises:
        CacoError: The folder is not writable.
    """
    write_checked(run / _VERIFIED, {"root": root, "at": at, "signature": signature})


def remember_rerun(
    run: Path, root: str, at: str, equal: Sequence[str], others: Sequence[str]
) -> None:
    """Writes down which jobs of a run were executed again.

    Args:
        run: `results/{run}`.
        root: The root digest.
        at: When, in UTC.
        equal: Names of the jobs whose outputs were equal, or consistent with their model.
        others: Names of the jobs whose outputs were different, or that could not be executed.

    Raises:
        CacoError: The folder is not writable.
    """
    write_checked(
        run / _RERUN, {"root": root, "at": at, "equal": list(equal), "others": list(others)}
    )


def _identity(
    run: Path, jobs: Sequence[_Values], missing: Sequence[_Values], root: str | None
) -> list[str]:
    return [
        f"{run}: {len(jobs):,} of {len(jobs) + len(missing):,} jobs have a record",
        f"root digest {root or 'unknown: a record is missing or not whole'}",
    ]


def _root(jobs: Iterable[_Values], missing: Iterable[_Values]) -> str | None:
    if any(values["rule"] not in WITHOUT_ROWS for values in missing):
        return None
    return root_digest(
        (values["rule"], values["identity"], record_digest(values))
        for values in jobs
        if values["rule"] not in WITHOUT_ROWS
    )


def _inputs(run: Path, jobs: Iterable[_Values]) -> list[str]:
    outside: dict[tuple[str, str], set[str]] = defaultdict(set)
    for values in jobs:
        for file, sha in values["inputs"].items():
            if not located(values, file, run).is_relative_to(run):
                outside[file, sha].add(values["rule"])
    return [
        f"{file}  {sha[:_SHORT]}  ({', '.join(sorted(rules))})"
        for (file, sha), rules in sorted(outside.items())
    ] or ["nothing"]


def _outputs(jobs: Iterable[_Values]) -> list[str]:
    lines = []
    for rule, of_rule in _by_rule(jobs).items():
        files = sum(len(values["outputs"]) for values in of_rule)
        line = f"{rule}: {counted(len(of_rule), 'job')}, {counted(files, 'file')}"
        if rows := [values["rows"] for values in of_rule if values["rows"]]:
            rows_in, accepted = (sum(one[name] for one in rows) for name in ("in", "accepted"))
            line += f"; {rows_in:,} rows in, {accepted:,} accepted"
        lines.append(line)
    return lines


def _code(jobs: Sequence[_Values]) -> list[str]:
    lines = _each(jobs, _commit)
    for rule, of_rule in _by_rule(jobs).items():
        digests = dict.fromkeys(values["code"][:_SHORT] for values in of_rule)
        lines.append(f"{rule}: code digest {', '.join(digests)}")
    return lines


def _commit(values: _Values) -> str:
    commit = f"commit {values.get('commit') or 'unknown: the record was restored'}"
    changes = values.get("changes")
    return f"{commit}, the changes are in {CHANGES.format(changes)}" if changes else commit


def _settings(run: Run, jobs: Sequence[_Values]) -> list[str]:
    whole = [f"the complete config is in {run.paths.jobs()}"] if run.config else []
    return whole + [
        line
        for rule, of_rule in _by_rule(jobs).items()
        for line in _of_jobs(rule, of_rule, lambda v: v["spec"])
    ]


def _models(jobs: Iterable[_Values]) -> list[str]:
    """Returns the models and data sets with their sources, and the digest of each manifest."""
    lines = []
    for values in jobs:
        is_source = values["rule"] in ("model", "data_set")
        source = canonical_json(values["spec"]) if is_source else f"made by {job_name(values)}"
        for file, sha in values["outputs"].items():
            if Path(file).name == MANIFEST:
                digest = values.get("listed", {}).get(file, sha)
                lines.append(f"{name_in_run(values, file)}  {digest[:_SHORT]}  {source}")
    return lines or ["none"]


def _software(jobs: Sequence[_Values]) -> list[str]:
    def versions(values: _Values) -> str | None:
        found = values.get("versions") or {}
        return ", ".join(f"{name} {version}" for name, version in found.items()) or None

    def environment(values: _Values) -> str | None:
        if not (found := values.get("environment")):
            return None
        nsjail = f", nsjail {found['nsjail'][:_SHORT]}" if found["nsjail"] else ""
        return f"{found['interpreter']}, packages in {PACKAGES.format(found['packages'])}{nsjail}"

    def variables(values: _Values) -> str | None:
        found = (values.get("environment") or {}).get("variables") or {}
        return ", ".join(f"{name}={value}" for name, value in found.items()) or None

    parts = versions, environment, variables
    return [line for part in parts for line in _each(jobs, part)] or ["unknown"]


def _nodes(jobs: Sequence[_Values]) -> list[str]:
    def node(values: _Values) -> str | None:
        if not values.get("host"):
            return None
        devices = (values.get("gpus") or {}).get("devices") or []
        return (
            f"{values['host']}, kernel {values['kernel']}, "
            f"{'; '.join(devices) if devices else 'no GPU'}"
        )

    def machine(values: _Values) -> str | None:
        if not (found := values.get("machine")):
            return None
        known = [found[key] for key in ("os", "libc", "architecture", "cpu") if found[key]]
        return f"{', '.join(known)}, {counted(found['cores'], 'core')} for a job"

    return [*_each(jobs, node), *_each(jobs, machine)] or ["unknown"]


def _cost(jobs: Sequence[_Values]) -> list[str]:
    timed = [values for values in jobs if values.get("started")]
    if not timed:
        return ["unknown"]
    return [
        f"{min(v['started'] for v in timed)} to {max(v['ended'] for v in timed)}",
        _cost_of("all rules", timed),
        *(_cost_of(rule, of_rule) for rule, of_rule in _by_rule(timed).items()),
    ]


def _cost_of(name: str, jobs: Sequence[_Values]) -> str:
    seconds = sum(values["seconds"] for values in jobs)
    cpu = sum(values["used"].get("cpu_s", 0.0) for values in jobs)
    gpu = sum(values["seconds"] * visible_gpus(values) for values in jobs)
    peak = max(values["used"].get("process_mb", 0) for values in jobs)
    return (
        f"{name}: {seconds:,.0f} s of jobs, {cpu:,.0f} s of CPU"
        + (f", {gpu:,.0f} s of GPUs" if gpu else "")
        + f", at most {peak:,.0f} MB; {_energy(jobs)}"
    )


def _energy(jobs: Iterable[_Values]) -> str:
    used = [values["used"] for values in jobs]
    cpus, gpus = energy(used, "cpu_j"), energy(used, "gpu_j")
    if cpus == gpus == NOT_MEASURED:
        return f"energy {NOT_MEASURED}"
    return f"energy of CPUs {cpus}, of GPUs {gpus}"


def _troubles(run: Run, jobs: Iterable[_Values]) -> list[str]:
    lines = [
        run.torn.get(job) or f"{job_name({'rule': job[0], 'identity': job[1]})}: no record"
        for job in run.missing()
    ]
    for values in jobs:
        name = job_name(values)
        if values.get("restored"):
            lines.append(f"{name}: its record was restored, so when and where it ran is unknown")
        if starts := values.get("starts"):
            lines.append(f"{name}: {counted(len(starts), 'start')} before the one that finished")
    return lines or ["nothing"]


def _rejected(jobs: Iterable[_Values]) -> list[str]:
    lines = []
    for rule, of_rule in _by_rule(jobs).items():
        verdicts: dict[str, int] = defaultdict(int)
        for values in of_rule:
            for verdict, rows in (values["rows"] or {}).get("rejected", {}).items():
                verdicts[verdict] += rows
        if verdicts:
            most_first = sorted(verdicts.items(), key=lambda item: (-item[1], item[0]))
            lines.append(f"{rule}: {', '.join(f'{name} {rows:,}' for name, rows in most_first)}")
    return lines or ["nothing"]


def _verification(run: Path, root: str | None) -> list[str]:
    command = f"type `python scripts/audit.py verify {run}`"
    if (last := _note(run / _VERIFIED, "root", "at")) is None:
        return [f"never verified; {command}"]
    if last["root"] != root:
        return [f"the run has changed since it was verified, {last['at']}; {command}"]
    return [
        f"every file was as recorded at the last verification, {last['at']}",
        last.get("signature")
        or f"not signed; type `python scripts/audit.py sign {run} --key FILE`",
    ]


def _last_rerun(run: Path, root: str | None) -> list[str]:
    command = f"type `python scripts/audit.py rerun {run}`"
    if (last := _note(run / _RERUN, "root", "at", "equal", "others")) is None:
        return [f"no job was executed again; {command}"]
    if last["root"] != root:
        return [f"the run has changed since jobs were executed again, {last['at']}; {command}"]
    if last["others"]:
        return [
            f"at the last rerun, {last['at']}, other outputs or none: {', '.join(last['others'])}"
        ]
    return [
        f"{counted(len(last['equal']), 'job')} proven at the last rerun, {last['at']}, by equal "
        f"outputs or by the scores of the recorded model: {', '.join(last['equal'])}"
    ]


def _note(file: Path, *names: str) -> dict[str, Any] | None:
    """Returns what an earlier command has noted; None without a note that has these values."""
    try:
        found = read_checked(file)
    except (OSError, ValueError):
        return None
    return found if all(name in found for name in names) else None


def _each(jobs: Sequence[_Values], value: Callable[[_Values], Any]) -> list[str]:
    """Returns one line for each value, with the rules that have it; null is left out."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for values in jobs:
        if (one := value(values)) is not None:
            found[str(one)][values["rule"]] = None
    everywhere = {values["rule"] for values in jobs}
    return [
        f"{one}  ({'all rules' if set(rules) == everywhere else ', '.join(rules)})"
        for one, rules in found.items()
    ]


def _of_jobs(rule: str, jobs: Sequence[_Values], value: Callable[[_Values], Any]) -> list[str]:
    """Returns one line for each value that jobs of a rule have, with the jobs if they differ."""
    found: dict[str, list[str]] = defaultdict(list)
    for values in jobs:
        found[canonical_json(value(values))].append(values["identity"])
    if len(found) == 1:
        return [f"{rule}: {text}" for text in found]
    return [f"{rule} {', '.join(names)}: {text}" for text, names in found.items()]


def _by_rule(jobs: Iterable[_Values]) -> dict[str, list[_Values]]:
    found: dict[str, list[_Values]] = defaultdict(list)
    for values in jobs:
        found[values["rule"]].append(values)
    return found
