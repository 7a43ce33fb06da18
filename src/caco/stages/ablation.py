"""The rows of an ablation's student: the seeds themselves, or solutions without verification."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from caco.config.ablation import AblationCorpus
from caco.config.checks import Corpus
from caco.identity import digest
from caco.rows.ablation import AblationRow
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.rows.solution import Solution, solution_id
from caco.rows.table import Row, count_rows, read_rows
from caco.stages.corpus.assemble import Benchmarks, filter_rows
from caco.stages.corpus.quotas import dropped_rows
from caco.stages.reverse.solution_prompt import solution_reply

R = TypeVar("R", bound=Row)
Outcomes = Iterator[AblationRow | Rejected]


@dataclass(frozen=True, slots=True)
class RowFiles:
    """The files that the rows of an ablation are made from.

    Attributes:
        code_cots, seeds: Of the ablation `seeds_only`: Code CoTs and seeds of every source.
        solutions, checked: Of the others: every shard of solutions, before and after verification.
        corpus: Likewise the corpus, whose rows are counted.
    """

    code_cots: Sequence[Path]
    seeds: Sequence[Path]
    solutions: Sequence[Path]
    checked: Sequence[Path]
    corpus: Sequence[Path]


def ablation_rows(section: AblationCorpus, files: RowFiles, benchmarks: Benchmarks) -> Outcomes:
    """Yields the rows of an ablation, and the rejected ones: `not_drawn`, or as below.

    Args:
        section: The ablation, and the checks of the corpus that apply.
        files: The rows that it is made from.
        benchmarks: The result of `caco.stages.corpus.assemble.benchmark_items`.
    """
    ablation, settings = section.ablation, section.settings
    if ablation.corpus == "seeds_only":
        seeds = {row.seed_id: row for row in _read(files.seeds, Seed)}

        def of_seeds() -> Outcomes:
            return seed_rows(_read(files.code_cots, CodeCoT), seeds, benchmarks)

        return draw(of_seeds, ablation.rows, ablation.seed)

    accepted = {row.row_id for row in _read(files.checked, Solution)}

    def solutions() -> Iterator[Solution]:
        for row in _read(files.solutions, Solution):
            if ablation.corpus == "unverified" or row.row_id not in accepted:
                yield row

    def of_solutions() -> Outcomes:
        return solution_rows(solutions, accepted, settings, benchmarks)

    wanted = ablation.rows or sum(count_rows(file, CorpusRow) for file in files.corpus)
    return draw(of_solutions, wanted, ablation.seed)


def _read(files: Sequence[Path], row_type: type[R]) -> Iterator[R]:
    for file in files:
        yield from read_rows(file, row_type)


def seed_rows(
    code_cots: Iterable[CodeCoT], seeds: Mapping[str, Seed], benchmarks: Benchmarks
) -> Outcomes:
    """Yields the seeds of the Code CoTs as rows: what the run would train on without the method.

    A solution ends with the sentence of its answer, as those of the writer do.

    Verdicts: `no_solution` (the source has no worked solution of the seed), `contaminated` (it
    restates a benchmark's problem).

    Args:
        code_cots: Accepted Code CoTs.
        seeds: The seeds of all `code_cots`, by seed_id.
        benchmarks: The result of `caco.stages.corpus.assemble.benchmark_items`.
    """
    for row in code_cots:
        seed = seeds[row.seed_id]
        matches = (items.match(seed.problem, row.program) for items in benchmarks)
        if seed.solution is None:
            reason = "the source has no worked solution of the seed"
            yield reject(seed.seed_id, "no_solution", reason, seed)
        elif match := next(filter(None, matches), None):
            yield reject(seed.seed_id, "contaminated", match.reason, seed)
        else:
            solution = solution_reply(seed.solution, seed.answer)
            yield AblationRow(seed.seed_id, seed.problem, solution, seed.answer, "seed")


def solution_rows(
    solutions: Callable[[], Iterable[Solution]],
    accepted: Collection[str],
    settings: Corpus,
    benchmarks: Benchmarks,
) -> Outcomes:
    """Yields generated solutions as rows, with the verdicts of the corpus on the others.

    Args:
        solutions: Returns the solutions; called twice where there are quotas.
        accepted: The `row_id` of each solution that the verification has accepted.
        settings: Which checks of the corpus apply.
        benchmarks: The result of `caco.stages.corpus.assemble.benchmark_items`.
    """
    dropped: Mapping[int, str] = {}
    if settings.quotas:
        dropped = dropped_rows(filter_rows(solutions(), settings, benchmarks), settings.quotas)
    for row in filter_rows(solutions(), settings, benchmarks, dropped=dropped):
        if isinstance(row, Rejected):
            yield row
        else:
            row_id = solution_id(row.question_id, row.solution_variant)
            origin = "accepted" if row_id in accepted else "rejected"
            yield AblationRow(row_id, row.instruction, row.output, row.answer, origin)


def draw(outcomes: Callable[[], Outcomes], wanted: int | None, seed: int) -> Outcomes:
    """Yields the outcomes; of the accepted rows, all but `wanted` are rejected as `not_drawn`.

    The rows with the smallest digests of their identities and the seed remain, so that the draw
    depends neither on the order of the rows nor on the shards.

    Args:
        outcomes: Returns the accepted and rejected rows; called twice where rows are drawn.
        wanted: Number of rows; None for all. If there are fewer, all remain.
        seed: The seed of the draw.
    """

    def number(row: AblationRow) -> int:
        return int(digest("ablation", str(seed), row.row_id)[:16], 16)

    last = None
    if wanted is not None:
        numbers = sorted(number(row) for row in outcomes() if isinstance(row, AblationRow))
        last = numbers[wanted - 1] if len(numbers) > wanted else None
    for row in outcomes():
        if last is not None and isinstance(row, AblationRow) and number(row) > last:
            yield reject(row.row_id, "not_drawn", f"the ablation has {wanted:,} rows", row)
        else:
            yield row
