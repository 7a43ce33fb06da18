"""Assembly of the corpus from checked rows: deduplication, decontamination, constant answers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from caco.config.checks import Corpus, Decontaminate
from caco.errors import UserError
from caco.overlap.contamination import Item, Items
from caco.rows.corpus import CorpusRow
from caco.rows.passes import Passes
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import Row, count_rows, read_rows, write_outcomes
from caco.rows.verified import Verified
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.corpus.difficulty import difficulty
from caco.stages.corpus.duplicates import Duplicates
from caco.stages.corpus.embedded import Embedded
from caco.stages.corpus.families import Families, families, family_key
from caco.stages.corpus.quotas import dropped_rows
from caco.text.answers import answer_text

R = TypeVar("R", bound=Row)
_SHOWN = 3  # verdicts of a step in the message on too few rows
Benchmarks = tuple[Items, ...]  # the problems of files, and held-out seeds


def assemble(
    checked: list[Path],
    verified: list[Path],
    benchmarks: Benchmarks,
    settings: Corpus,
    corpus: Path,
    rejected: Path,
    earlier: Callable[[], Mapping[str, Counts]],
    pass_rates: Sequence[Path] = (),
    embedded: Embedded | None = None,
) -> tuple[Counts, Families]:
    """Writes the corpus and the rejected rows.

    The rows are streamed; memory holds digests, and a signature and the pass rate of each question.

    Args:
        checked: Shards of accepted solutions (`Solution` rows).
        verified: Shards of verified programs (`Verified` rows), accepted later or not.
        benchmarks: The result of `benchmark_items`.
        settings: Which checks are on.
        corpus: The file of the corpus (`CorpusRow` rows).
        rejected: The file of rejected rows (`Rejected` rows), each with one verdict.
        earlier: Returns the counts of the steps before, by rule, for the message on too few rows.
        pass_rates: Shards of pass rates (`Passes` rows); none where they are not configured.
        embedded: The problems near each question, by their vectors, where they are compared.

    Returns:
        The counts of both files, and the families of the accepted rows.

    Raises:
        UserError: An input file is unreadable, a question lacks its pass rate, or the corpus has
            fewer rows than `min_rows`; then neither file is written.
    """
    found = families(
        _read(checked, Solution), _read(verified, Verified), settings.constant_answers_chance
    )
    constant = found.constant if settings.constant_answers else ()
    total = sum(count_rows(shard, Solution) for shard in checked)
    passes = {row.question_id: row for row in _read(pass_rates, Passes)} if pass_rates else None

    def filtered(what: str, dropped: Mapping[int, str]) -> Iterator[CorpusRow | Rejected]:
        rows = _counted(best_first(_read(checked, Solution)), Progress(what, total))
        return filter_rows(rows, settings, benchmarks, constant, dropped, passes, embedded)

    dropped: Mapping[int, str] = {}
    if settings.quotas:  # which depend on all rows
        dropped = dropped_rows(filtered("quotas", {}), settings.quotas)
    outcomes = filtered("corpus", dropped)

    def enough() -> Iterator[CorpusRow | Rejected]:
        counts = Counts()
        for row in outcomes:
            counts.reject(row.verdict) if isinstance(row, Rejected) else counts.accept()
            yield row
        require_rows(counts, settings.min_rows, earlier)

    return write_outcomes(corpus, CorpusRow, rejected, enough()), found


def require_rows(
    counts: Counts, min_rows: int, earlier: Callable[[], Mapping[str, Counts]]
) -> None:
    """Raises `UserError` if the corpus has too few rows, with what each step has rejected.

    Args:
        counts: Of the corpus.
        min_rows: The setting.
        earlier: As in `assemble`.
    """
    if counts.accepted >= min_rows:
        return
    steps = [_step(rule, of_rule) for rule, of_rule in {**earlier(), "corpus": counts}.items()]
    raise UserError(
        f"corpus: it has {counts.accepted:,} rows, but `corpus.min_rows` is {min_rows:,}; accepted "
        f"by each step, with the most frequent verdicts on the others: {'; '.join(steps)}; the "
        "files in `rejected/` have the reasons. Change the settings of the step that rejects most, "
        "sample more programs, or lower `min_rows`"
    )


def _step(rule: str, counts: Counts) -> str:
    most = sorted(counts.rejected.items(), key=lambda item: -item[1])[:_SHOWN]
    verdicts = ", ".join(f"{verdict} {rows:,}" for verdict, rows in most)
    return f"{rule} {counts.accepted:,} of {counts.rows_in:,}" + (verdicts and f" ({verdicts})")


def best_first(rows: Iterable[Solution]) -> Iterator[Solution]:
    """Yields the rows of each program in descending order of their share of the round trip.

    The corpus retains the first of them. Rows of one share, and rows without one, stay in their
    order.

    Args:
        rows: Rows in which those of a sampled program follow each other.
    """
    for _, group in groupby(rows, key=lambda row: row.sample_id):
        yield from sorted(group, key=lambda row: -(row.round_trip_share or 0.0))


def filter_rows(
    rows: Iterable[Solution],
    settings: Corpus,
    benchmarks: Benchmarks,
    constant: Collection[bytes] = (),
    dropped: Mapping[int, str] = MappingProxyType({}),
    passes: Mapping[str, Passes] | None = None,
    embedded: Embedded | None = None,
) -> Iterator[CorpusRow | Rejected]:
    """Yields, for every row in order, its corpus row or its rejection.

    The verdict is the first that applies: `contaminated` (the row restates a benchmark's problem),
    `no_vector` (the layer `embedding` cannot compare it),
    `constant_answers` (all accepted rows of the program's family have the same answer, although the
    outputs of its programs vary; see `caco.stages.corpus.families`), `pass_rate` (that of the
    question is outside of `pass_rates`), one of `caco.stages.corpus.duplicates`, or `over_quota`.

    Args:
        rows: Accepted solutions, in the order of the corpus.
        settings: Which checks are on.
        benchmarks: The result of `benchmark_items`.
        constant: Identities of the families with constant answers.
        dropped: The result of `caco.stages.corpus.quotas.dropped_rows`.
        passes: The right answers of a model by question; None where they are not configured.
        embedded: As in `assemble`.

    Raises:
        UserError: A question lacks its pass rate or its vector.
    """
    duplicates = Duplicates(settings)
    place = -1  # among the rows that satisfy every other check
    for row in rows:
        matches = (items.match(row.question, row.program) for items in benchmarks)
        if match := next(filter(None, matches), None):
            yield reject(row.row_id, "contaminated", match.reason, row)
        elif embedded and (rejection := embedded.verdict(row)):
            yield rejection
        elif constant and family_key(row.program) in constant:
            reason = (
                f"every accepted row of its family has the answer {answer_text(row.output)}, "
                "although the outputs of the programs vary"
            )
            yield reject(row.row_id, "constant_answers", reason, row)
        elif why := _outside(rated := _rated(row, passes), settings.pass_rates):
            yield reject(row.row_id, "pass_rate", why, row)
        elif found := duplicates.verdict(row):
            yield reject(row.row_id, *found, row)
        elif over := dropped.get(place := place + 1):
            yield reject(row.row_id, "over_quota", over, row)
        else:
            yield corpus_row(row, rated)


def _rated(row: Solution, passes: Mapping[str, Passes] | None) -> Passes | None:
    """Returns the pass rate of a row's question; None where none are configured."""
    if passes is None:
        return None
    if row.question_id not in passes:
        raise UserError(
            f"corpus: no file of pass rates has the question {row.question_id}, so they are of "
            "other rows; delete `pass_rates/` and `rollouts/` of the run and run again"
        )
    return passes[row.question_id]


def _outside(rated: Passes | None, limits: Sequence[float] | None) -> str:
    """Returns why a pass rate is outside of the limits; empty if it is not."""
    if rated is None or limits is None or limits[0] <= rated.rate <= limits[1]:
        return ""
    return (
        f"{rated.passes} of {rated.answers} answers are right, a share outside of "
        f"{limits[0]:g} to {limits[1]:g}"
    )


def corpus_row(row: Solution, rated: Passes | None = None) -> CorpusRow:
    """Returns the corpus row of a checked solution.

    Args:
        row: The solution.
        rated: The right answers of a model to its question, if they are configured.
    """
    measures = difficulty(row.program, row.input, row.output, row.solution)
    return CorpusRow(
        instruction=row.question,
        output=row.solution,
        answer=answer_text(row.output),
        code=row.program,
        question_id=row.question_id,
        program_id=row.program_id,
        sample_id=row.sample_id,
        shard=row.shard,
        codegen=row.codegen,
        question_model=row.question_model,
        solution_model=row.solution_model,
        question_prompt=row.question_prompt,
        solution_prompt=row.solution_prompt,
        variant=row.variant,
        style=row.style,
        llm_judge_model=row.llm_judge_model,
        llm_judge_prompt=row.llm_judge_prompt,
        statements=row.statements,
        checked_statements=row.checked_statements,
        false_statements=row.false_statements,
        solution_variant=row.solution_variant,
        **(asdict(measures) if measures else {}),
        pass_rate=rated.rate if rated else None,
        pass_rate_answers=rated.answers if rated else None,
        pass_rate_model=rated.model if rated else None,
        round_trip_model=row.round_trip_model,
        round_trip_prompt=row.round_trip_prompt,
        round_trip_share=row.round_trip_share,
    )


def benchmark_items(
    problems: list[Path], held_out: list[Path], settings: Decontaminate
) -> Benchmarks:
    """Returns what the rows are compared with.

    Args:
        problems: Problems of benchmarks from files (`Seed` rows), for the layers `settings.layers`.
        held_out: Problems of benchmarks of held-out seeds, for `settings.held_out`.
        settings: The layers and their thresholds.
    """
    return (
        Items(_items(problems), settings.layers, settings),
        Items(_items(held_out), settings.held_out, settings),
    )


def _items(files: list[Path]) -> Iterator[Item]:
    for file in files:
        for seed in read_rows(file, Seed):
            yield Item(f"problem {seed.seed_id} of {file.stem}", seed.problem, seed.program)


def _read(shards: Sequence[Path], row_type: type[R]) -> Iterator[R]:
    """Streams the rows in the order of the shards' names, whatever the order of `shards`."""
    for shard in sorted(shards, key=lambda path: (path.name, str(path))):
        yield from read_rows(shard, row_type)


def _counted(rows: Iterable[Solution], progress: Progress) -> Iterator[Solution]:
    for row in rows:
        yield row
        progress.add()
