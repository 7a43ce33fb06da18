"""Rates, lengths and shares measured on a finished run, in place of assumed ones."""

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

_CHARS_A_TOKEN = 3.6  # of questions and solutions, whose rows have no token counts


def measured(run: Path, assumed: Assumptions) -> Assumptions:
    """Returns `assumed` with the rates, lengths and shares that were measured on a run.

    Rates of models are per GPU: a job's seconds count once for each of its GPUs. They include the
    job's start, so the rates of short jobs are lower than those of long ones.

    Args:
        run: The run's folder, `results/{run}`.
        assumed: Used for what the run does not show: the cluster, the converter, and the
            benchmarks of a run that ends with its corpus.

    Raises:
        UserError: The folder contains no complete run.
    """
    records = read_records(sorted((run / "provenance").rglob("*.json")))
    if not any(record.rule == "corpus" for record in records):
        raise UserError(f"{run}: contains no finished run to measure; pass the folder of one")
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
        unify=assumed.rates.unify,
        sample=rows_in["sample"] * lengths.program / seconds["sample"],
        question=rows_in["question"] * lengths.question / seconds["question"],
        solution=rows_in["solution"] * lengths.solution / seconds["solution"],
        train=_training_rate(run, records),
        answer=sum(_column(run / "answers", "tokens")) / seconds["answer"]
        if seconds["answer"]
        else assumed.rates.answer,
        verify=rows_in["verify"] / cpu_s["verify"],
        judge=rows_in["judge"] / cpu_s["judge"],
    )
    shares = Yields(
        unify=_share(accepted["unify"], rows_in["unify"]),
        verify=_share(accepted["verify"], rows_in["verify"]),
        # per question: a program may have several
        reverse=_share(accepted["corpus"], rows_in["question"]),
    )
    return assumed.model_copy(update={"rates": rates, "tokens": lengths, "yields": shares})


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
    """Returns the GPUs of a job, on all its nodes; 1 if it had none."""
    requested = record.requested or {}
    return max(1, requested.get("gpus", 0) * requested.get("nodes", 1))


def _training_rate(run: Path, records: Iterable[Record]) -> float:
    """Returns tokens per second and GPU over the steps of all trainings of a run."""
    gpus = {record.rule: _gpus(record) for record in records}
    tokens, seconds = 0, 0.0
    for path in sorted(run.glob("*/loss.parquet")):
        rows = list(read_rows(path, Loss))
        if rows:
            tokens += rows[-1].tokens
            seconds += rows[-1].seconds * gpus.get(path.parent.name, 1)
    if not tokens:
        raise UserError(
            f"{run}: contains no training, so it has no training rate; pass another run"
        )
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
    """Returns a share above 0: a stage that has accepted nothing so far may still do so."""
    return max(out, 0.5) / max(of, 1)
