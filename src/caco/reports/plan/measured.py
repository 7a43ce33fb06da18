"""Rates and shares that a finished run has shown, in place of given ones."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from caco.config.plan import Assumptions, Rates, Tokens, Yields
from caco.errors import UserError
from caco.reports.records import Record, read_records
from caco.rows.loss import Loss
from caco.rows.table import read_rows

_CHARS_A_TOKEN = 3.6  # of questions and solutions, whose rows hold no token counts


def measured(run: Path, given: Assumptions) -> Assumptions:
    """Returns `given` with the rates, lengths and shares that the run in a folder has shown.

    Rates of models are those of one GPU: jobs' seconds count once for each GPU that they held. A
    job's time holds its start, so short jobs look slower than long ones are.

    Args:
        run: The run's folder, `results/{run}`.
        given: Stands in for what the run does not tell: the cluster, the converter, and the
            benchmarks of a run that ends with its corpus.

    Raises:
        UserError: The folder holds no whole run.
    """
    records = read_records(sorted((run / "provenance").rglob("*.json")))
    if not any(record.rule == "corpus" for record in records):
        raise UserError(f"{run}: holds no finished run to measure; give the folder of one")
    rows_in, accepted = Counter[str](), Counter[str]()
    seconds: defaultdict[str, float] = defaultdict(float)
    cpu_s: defaultdict[str, float] = defaultdict(float)
    for record in records:
        seconds[record.rule] += record.seconds * _gpus(record)
        cpu_s[record.rule] += record.used.get("cpu_s", record.seconds)
        if record.counts is not None:
            rows_in[record.rule] += record.counts.rows_in
            accepted[record.rule] += record.counts.accepted
    lengths = _lengths(run)
    rates = Rates(
        unify=given.rates.unify,
        sample=rows_in["sample"] * lengths.program / seconds["sample"],
        question=rows_in["question"] * lengths.question / seconds["question"],
        solution=rows_in["solution"] * lengths.solution / seconds["solution"],
        train=_training_rate(run, records),
        answer=sum(_column(run / "answers", "tokens")) / seconds["answer"]
        if seconds["answer"]
        else given.rates.answer,
        verify=rows_in["verify"] / cpu_s["verify"],
        judge=rows_in["judge"] / cpu_s["judge"],
    )
    shares = Yields(
        unify=_share(accepted["unify"], rows_in["unify"]),
        verify=_share(accepted["verify"], rows_in["verify"]),
        # of questions, since a program may get several
        reverse=_share(accepted["corpus"], rows_in["question"]),
    )
    return given.model_copy(update={"rates": rates, "tokens": lengths, "yields": shares})


def _lengths(run: Path) -> Tokens:
    """Returns the mean lengths of a run's texts."""
    questions = _column(run / "questions", "question")
    solutions = _column(run / "solutions", "solution")
    return Tokens(
        program=_mean(_column(run / "programs", "tokens")),
        question=_mean(len(text) / _CHARS_A_TOKEN for text in questions),
        solution=_mean(len(text) / _CHARS_A_TOKEN for text in solutions),
    )


def _gpus(record: Record) -> int:
    """Returns the GPUs that a job held, on all its nodes; 1 where it ran on cores."""
    given = record.given or {}
    return max(1, given.get("gpus", 0) * given.get("nodes", 1))


def _training_rate(run: Path, records: Iterable[Record]) -> float:
    """Returns tokens a second and GPU over all trainings of a run, their steps alone."""
    gpus = {record.rule: _gpus(record) for record in records}
    tokens, seconds = 0, 0.0
    for path in sorted(run.glob("*/loss.parquet")):
        rows = list(read_rows(path, Loss))
        if rows:
            tokens += rows[-1].tokens
            seconds += rows[-1].seconds * gpus.get(path.parent.name, 1)
    if not tokens:
        raise UserError(f"{run}: has trained nothing, so it tells no training rate")
    return tokens / seconds


def _column(folder: Path, name: str) -> Iterator[Any]:
    for path in sorted(folder.rglob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=[name]):
            yield from batch.column(0).to_pylist()


def _mean(values: Iterable[float]) -> float:
    total, count = 0.0, 0
    for value in values:
        total, count = total + value, count + 1
    return total / max(count, 1) or 1.0


def _share(out: int, of: int) -> float:
    """Returns a share above 0: a stage that let nothing through yet tells no zero."""
    return max(out, 0.5) / max(of, 1)
