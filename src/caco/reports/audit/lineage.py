"""Lineage: the fate of a sampled program and of its rows, and all that they were made from."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from caco.errors import UserError
from caco.models.manifest import read_manifest
from caco.reports.audit.identities import Hit, Trace, rejected_row
from caco.reports.records import trains
from caco.reports.run_files import Job, Run, inputs, row, unrecorded_file
from caco.rows.solution import solution_id
from caco.rows.table import count_rows, read_columns
from caco.workflow.stages import BY_NAME, SHARD_STAGES

_CORPUS = "corpus/train.parquet"
_IDS = ("sample_id", "question_id", "solution_variant")
_SHOWN = 5  # rows of a stage that are listed; all are counted
_LENGTH = 100  # characters of a text that are shown
# The column of a model's digest, and the rule in which it generated.
_MODELS = {
    "codegen": "sample",
    "question_model": "question",
    "round_trip_model": "redraft",
    "solution_model": "solution",
    "llm_judge_model": "llm_judge",
    "pass_rate_model": "rollout",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A sampled program, one of its questions, or one solution of a question.

    Attributes:
        shard: Its shard.
        sample_id: The program's sample.
        question_id: The question; None for all questions of the program.
        variant: Number of the solution; None for all solutions of the question.
    """

    shard: str
    sample_id: str
    question_id: str | None = None
    variant: int | None = None


def target_of(run: Run, hit: Hit, variant: int | None) -> Target:
    """Returns what a row of a sampled program stands for.

    Args:
        run: The run.
        hit: The row.
        variant: The number of the solution, if one is named.

    Raises:
        UserError: The row is not one that a stage writes.
    """
    found = row(run.path(hit.name), hit.index)
    if hit.column == "row_id":  # the identity may have a number; the whole row is in the rejection
        found = rejected_row(found["row"])
        number = hit.value.rpartition(".")[2] if "." in hit.value else None
        variant = int(number) if number and "question_id" in found else variant
    if "sample_id" not in found:
        raise UserError(
            f"{run.path(hit.name)}: row {hit.index} is not one that a stage rejected; type `python "
            f"scripts/audit.py verify {run.folder}`, which tells whether the file is as recorded"
        )
    shard = found.get("shard") or hit.name.rpartition("/")[2].partition(".")[0]
    question = found.get("question_id") if hit.column in ("question_id", "row_id") else None
    return Target(shard, found["sample_id"], question, variant if question else None)


def lineage(run: Run, target: Target, altered: Collection[str], every: bool) -> Trace:
    """Traces a row forward to where it ended, and back to the seeds.

    Args:
        run: The run.
        target: The row.
        altered: The tables that are not as recorded.
        every: Whether each Code CoT is listed on which its models were trained.

    Raises:
        UserError: A file is missing or unreadable.
    """
    trace = Trace()
    last = _fate(run, target, altered, trace)
    if last is not None:
        _texts(last, trace)
        _models(run, target, last, every, trace)
    return trace


def _fate(
    run: Run, target: Target, altered: Collection[str], trace: Trace
) -> dict[str, Any] | None:
    """Adds a line for each stage; returns the columns of the row in the stages that accepted it."""
    last: dict[str, Any] | None = None
    questions = {target.question_id} if target.question_id else set()
    for rule, identity, name in _stages(run, target.shard):
        job = rule, identity
        if job not in run.records:
            if job in run.torn:
                trace.gap(run.torn[job])
            elif run.path(name).exists():
                trace.gap(unrecorded_file(run, name))
            else:
                trace.add(rule, "not run yet")
            break
        accepted = _accepted(run, name, target)
        if rule == "question":
            questions |= {found["question_id"] for _, found in accepted}
        rejected = _rejected(run, rule, identity, target, questions)
        for index, _ in accepted[:_SHOWN]:
            trace.add(rule, f"accepted, row {index} of {run.path(name)}")
        for index, found in rejected[:_SHOWN]:
            file = run.path(f"rejected/{rule}/{identity}.parquet")
            reason = short(found["reason"])
            trace.add(rule, f"rejected, {found['verdict']}: {reason}, row {index} of {file}")
        if (more := len(accepted) + len(rejected) - 2 * _SHOWN) > 0:
            trace.add("", f"and further rows, {more + 2 * _SHOWN:,} in all")
        if not accepted and not rejected:
            why = (
                "it is not as recorded"
                if name in altered
                else "the shard was made again since then: run the workflow again"
            )
            trace.gap(
                f"{run.path(name)}: has no row of {_named(target)}, and none was rejected; {why}"
            )
        trace.add("", made(run, job))
        if not accepted:
            break
        last = {**(last or {}), **row(run.path(name), accepted[0][0])}
    else:
        _used(run, trace)
    return last


def _stages(run: Run, shard: str) -> Iterator[tuple[str, str, str]]:
    """Yields rule, identity and file of each stage through which a row of a shard goes."""
    for stage in SHARD_STAGES:
        if stage.row is not None and stage.name in run.planned:
            yield stage.name, shard, f"{stage.shard_files}/{shard}.parquet"
    if "corpus" in run.planned:
        yield "corpus", "all", _CORPUS


def _used(run: Run, trace: Trace) -> None:
    """Adds the jobs that read the corpus."""
    for job in run.read_by.get(_CORPUS, []):
        if job[0] != "report":
            what = "trained on it" if trains(job[0]) else "has it"
            trace.add(job[0], f"{what}; {made(run, job)}")


def _accepted(run: Run, name: str, target: Target) -> list[tuple[int, dict[str, Any]]]:
    found = read_columns(run.path(name), _IDS)
    mask = pc.equal(found["sample_id"], pa.scalar(target.sample_id))
    if target.question_id and "question_id" in found.column_names:
        mask = pc.and_(mask, pc.equal(found["question_id"], pa.scalar(target.question_id)))
    if target.variant is not None and "solution_variant" in found.column_names:
        mask = pc.and_(mask, pc.equal(found["solution_variant"], pa.scalar(target.variant)))
    rows = zip(pc.indices_nonzero(mask).to_pylist(), found.filter(mask).to_pylist(), strict=True)
    return [(int(str(index)), found_row) for index, found_row in rows]


def _rejected(
    run: Run, rule: str, identity: str, target: Target, questions: set[str]
) -> list[tuple[int, dict[str, Any]]]:
    if not BY_NAME[rule].rejects:
        return []
    found = read_columns(
        run.path(f"rejected/{rule}/{identity}.parquet"), ("row_id", "verdict", "reason")
    )
    ids: set[str] = {target.sample_id}
    if rule not in ("verify", "question"):
        ids = questions
        if target.question_id and target.variant is not None:
            ids = {solution_id(target.question_id, target.variant)}
    elif rule == "question" and target.question_id:
        return []  # of other questions of the program
    return [
        (index, found.slice(index, 1).to_pylist()[0])
        for index, row_id in enumerate(map(str, found["row_id"].to_pylist()))
        if row_id in ids or (target.variant is None and row_id.rpartition(".")[0] in ids)
    ]


def _named(target: Target) -> str:
    if target.question_id is None:
        return f"sample {target.sample_id}"
    return f"question {solution_id(target.question_id, target.variant or 0)}"


def _texts(last: dict[str, Any], trace: Trace) -> None:
    """Adds the texts and identities of a row, the newest first."""
    in_corpus = "instruction" in last  # where `output` is the solution
    if "solution" in last:
        trace.add("solution", short(last["solution"]))
    if "question" in last:
        style = f", style {short(last['style'])}" if last.get("style") else ""
        solution = f", solution {last['solution_variant']}" if last.get("solution_variant") else ""
        trace.add("question", short(last["question"]))
        trace.add("", f"{last['question_id']}, variant {last.get('variant', 0)}{style}{solution}")
    if last.get("pass_rate") is not None:
        trace.add("", f"pass rate {last['pass_rate']:g}, of {last['pass_rate_answers']} answers")
    if "input" in last:
        output = last["answer" if in_corpus else "output"]
        trace.add("execution", f"input {short(last['input'])}, output {short(output)}")
    trace.add("program", short(last["program"]))
    trace.add("", f"{last['program_id']}, sample {last['sample_id']}")


def _models(run: Run, target: Target, last: dict[str, Any], every: bool, trace: Trace) -> None:
    """Adds request, prompts and models of a row, and what the models were trained on."""
    sampled = _accepted(run, f"programs/{target.shard}.parquet", Target("", target.sample_id))
    program = row(run.path(f"programs/{target.shard}.parquet"), sampled[0][0])
    trace.add(
        "request", f"index {program['index']} of shard {target.shard}, seed {program['seed']}"
    )
    for name in ("question", "round_trip", "solution", "llm_judge"):
        if last.get(f"{name}_prompt"):
            trace.add("prompt", f"{last[f'{name}_prompt']} of {name}")
    trained: dict[tuple[str, ...], list[str]] = {}  # the rules of the trainings, by Code CoTs
    for column, rule in _MODELS.items():
        digest = program["model"] if column == "codegen" else last.get(column)
        if digest is not None:
            maker = _model(run, rule, target.shard, digest, trace)
            if maker is not None and trains(maker[0]):
                rules = trained.setdefault(_code_cots(run, maker), [])
                rules += [] if maker[0] in rules else [maker[0]]
            if examples := _code_cots(run, (rule, target.shard)):
                trace.add("", f"its prompts show rows of {', '.join(examples)}")
    for files, rules in trained.items():
        trace.add("trained on", f"by {' and '.join(rules)}:")
        for name in files:
            _trained_on(run, name, every, trace)


def _code_cots(run: Run, job: Job) -> tuple[str, ...]:
    """Returns the files of Code CoTs that a job read."""
    read = inputs(run.records[job]) if job in run.records else {}
    return tuple(name for name in read if name.startswith("code_cots/"))


def _model(run: Run, rule: str, shard: str, digest: str, trace: Trace) -> Job | None:
    """Adds the model of a job; returns the job that made it."""
    label = f"{rule} by"
    values = run.records.get((rule, shard))
    names = [name for name in inputs(values) if name.endswith("manifest.json")] if values else []
    if not names:
        trace.gap(f"{label} {digest}: its path is unknown, no record of {rule} {shard} names it")
        return None
    path, maker = run.path(names[0]), run.made_by.get(names[0])
    own = maker is not None and trains(maker[0])
    try:
        current = read_manifest(path).digest
    except UserError:
        text = f"{digest}, whose files are no longer at {path}"
        trace.gap(f"{label} {text}") if own else trace.add(label, text)
        return maker
    if current != digest:
        trace.gap(f"{label} {digest}, which is no longer the digest of {path}")
        return maker
    trace.add(label, f"{digest}, {path}")
    if maker is None:
        trace.gap(unrecorded_file(run, names[0]))
    else:
        trace.add("", made(run, maker))
        if not own:
            trace.add("", json.dumps(run.records[maker]["spec"], sort_keys=True))
    return maker


def _trained_on(run: Run, name: str, every: bool, trace: Trace) -> None:
    """Adds a file of Code CoTs with their seeds."""
    trace.add("", f"{count_rows(run.path(name)):,} Code CoTs, {run.path(name)}")
    maker = run.made_by.get(name)
    if maker is None:
        trace.gap(unrecorded_file(run, name))
        return
    trace.add("", made(run, maker))
    _seeds(run, name, f"seeds/{maker[1]}.parquet", every, trace)


def _seeds(run: Run, code_cots: str, seeds: str, every: bool, trace: Trace) -> None:
    """Adds the seeds of a file of Code CoTs, by source and licence."""
    rows = read_columns(run.path(code_cots), ("program_id", "seed_id")).to_pylist()
    known = {
        seed["seed_id"]: (seed["source"], seed["licence"])
        for seed in read_columns(run.path(seeds), ("seed_id", "source", "licence")).to_pylist()
    }
    lost = [found["seed_id"] for found in rows if found["seed_id"] not in known]
    if lost:
        trace.gap(f"{run.path(seeds)}: has no seed {lost[0]} ({len(lost)} are missing)")
    counts = Counter(known[found["seed_id"]] for found in rows if found["seed_id"] in known)
    for (source, licence), n in sorted(counts.items()):
        trace.add("", f"from {n:,} seeds of {source}, licence {licence}, {run.path(seeds)}")
    if seeds in run.made_by:
        trace.add("", made(run, run.made_by[seeds]))
    else:
        trace.gap(unrecorded_file(run, seeds))
    for found in rows if every else ():
        trace.add("", f"Code CoT {found['program_id']} of seed {found['seed_id']}")


def made(run: Run, job: Job) -> str:
    """Returns when, where and with which commit a job ran."""
    values = run.records[job]
    name = job[0] if job[1] == "all" else " ".join(job)
    if values.get("restored"):
        return f"by {name}; its record was restored, so when it ran is unknown"
    return (
        f"by {name}, {values['started']}, {values['host']}, commit {values['commit'] or 'unknown'}"
    )


def short(text: str) -> str:
    """Returns the beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 3]}..."
