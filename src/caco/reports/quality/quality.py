"""The quality of the rows: diversity by stage, and the difficulty of corpus and Code CoTs.

Of a set with many rows a random sample is measured (`caco.reports.quality.samples`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from caco.reports.funnel import Counted, is_rejected
from caco.reports.quality.difficulties import Difficulties, difficulty_json, distributions, hardest
from caco.reports.quality.diversity import Diversity, diversity, diversity_json
from caco.reports.quality.embedding_diversity import (
    NO_VECTORS,
    VectorDiversity,
    VectorFiles,
    embedding_diversity,
)
from caco.reports.quality.pass_rates import PassRates, pass_rate_json, pass_rates
from caco.reports.quality.samples import Sample, common_size, hash_sample
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.seed import Seed
from caco.rows.solution import solution_id
from caco.rows.table import Row, read_all, read_rows
from caco.rows.verified import Verified
from caco.stages.corpus.difficulty import Difficulty, difficulty

R = TypeVar("R", bound=Row)

_DRAWN = (10, 100, 1_000)  # rows of the samples in the JSON
_HELD_OUT = ".held_out.parquet"


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of a run's rows.

    Attributes:
        diversities: The diversity of each set, in the order of the stages.
        code_cots: The difficulty of the measured Code CoTs, with the solutions of their seeds.
        corpus: The difficulty of the corpus.
        hardest: The rows of the corpus with the largest difficulty.
        pass_rates: The pass rates of the corpus; of no rows where none are configured.
        vectors: The diversity of the problems by their vectors, in the order of the stages; empty
            where none are configured.
    """

    diversities: Sequence[Diversity]
    code_cots: Difficulties
    corpus: Difficulties
    hardest: Sequence[CorpusRow]
    pass_rates: PassRates
    vectors: Sequence[VectorDiversity]

    @property
    def drawn(self) -> int | None:
        """The rows of a sample that every set in the report has (`common_size`)."""
        return common_size(one.measured for one in self.diversities)


def accepted_files(counted: Iterable[Counted]) -> dict[str, list[Path]]:
    """Returns the files of accepted rows by stage, without held-out seeds."""
    files: dict[str, list[Path]] = {}
    for job in counted:
        paths = [p for p in job.accepted if not is_rejected(p) and not p.name.endswith(_HELD_OUT)]
        files.setdefault(job.record.rule, []).extend(paths)
    return files


def quality(
    files: Mapping[str, Sequence[Path]], corpus: Path, vectors: VectorFiles = NO_VECTORS
) -> Quality:
    """Measures the rows of a run.

    Args:
        files: The result of `accepted_files`.
        corpus: The corpus.
        vectors: The files of vectors, where some are configured.
    """
    seeds = _sample(files.get("seeds", ()), Seed, lambda row: row.seed_id)
    cots = _sample(files.get("unify", ()), CodeCoT, lambda row: row.seed_id)
    sampled = _sample(files.get("sample", ()), Program, lambda row: row.sample_id)
    verified = _sample(files.get("verify", ()), Verified, lambda row: row.sample_id)
    questions = _sample(files.get("question", ()), Question, lambda row: row.question_id)
    rows = _sample(
        [corpus], CorpusRow, lambda row: solution_id(row.question_id, row.solution_variant)
    )
    sets: list[tuple[str, str, int, list[str]]] = [
        ("seeds", "problems", seeds.total, [row.problem for row in seeds.rows]),
        ("question", "problems", questions.total, [row.question for row in questions.rows]),
        ("corpus", "problems", rows.total, [row.instruction for row in rows.rows]),
        ("unify", "programs", cots.total, [row.program for row in cots.rows]),
        ("sample", "programs", sampled.total, [row.program for row in sampled.rows]),
        ("verify", "programs", verified.total, [row.program for row in verified.rows]),
        ("corpus", "programs", rows.total, [row.code for row in rows.rows]),
    ]
    most = hardest(read_rows(corpus, CorpusRow))
    rated = any(row.pass_rate is not None for row in most)  # all rows of a run have one, or none
    return Quality(
        diversities=[diversity(*one) for one in sets if one[2]],
        code_cots=distributions(_of_code_cots(cots.rows, files.get("seeds", ()))),
        corpus=distributions(read_rows(corpus, CorpusRow)),
        hardest=most,
        pass_rates=pass_rates(read_rows(corpus, CorpusRow) if rated else ()),
        vectors=embedding_diversity(vectors, {row.question_id for row in rows.rows}),
    )


def _sample(paths: Iterable[Path], row_type: type[R], identity: Callable[[R], str]) -> Sample[R]:
    rows = read_all(paths, row_type)
    return hash_sample(rows, identity)


def _of_code_cots(rows: Sequence[CodeCoT], seeds: Iterable[Path]) -> Iterator[Difficulty]:
    """Yields the difficulty of Code CoTs, with the steps of their seeds' solutions."""
    wanted = {row.seed_id for row in rows}
    solutions = {
        seed.seed_id: seed.solution for seed in read_all(seeds, Seed) if seed.seed_id in wanted
    }
    for row in rows:
        found = difficulty(row.program, row.input, row.output, solutions.get(row.seed_id))
        if found is not None:
            yield found


def quality_json(found: Quality) -> Mapping[str, dict[str, Any]]:
    """Returns the numbers of each stage as JSON values."""
    stages: dict[str, dict[str, Any]] = {}
    for one in found.diversities:
        of_stage = stages.setdefault(one.stage, {}).setdefault("diversity", {})
        of_stage[one.kind] = diversity_json(one, _DRAWN)
    for vectors in found.vectors:
        of_stage = stages.setdefault(vectors.stage, {}).setdefault("diversity", {})
        of_stage["vectors"] = vectors.json
    for stage, difficulties in (("unify", found.code_cots), ("corpus", found.corpus)):
        if stage in stages:
            stages[stage]["difficulty"] = difficulty_json(difficulties)
    if found.pass_rates.rows:
        stages["corpus"]["pass_rate"] = pass_rate_json(found.pass_rates)
    return stages
