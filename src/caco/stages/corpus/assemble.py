"""Judged rows become the corpus: each question once, and none that a benchmark asks.

Decontamination compares normal forms of whole questions for equality. It is the first step only:
it finds a benchmark's problem written the same way, not a paraphrase and not a part of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from caco.config.checks import Corpus
from caco.identity import digest
from caco.rows.corpus import CorpusRow
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.text.answers import answer_text
from caco.text.questions import normal_question

Benchmarks = dict[bytes, str]  # digest of a problem's normal form -> where it is asked


def assemble(
    judged: list[Path], problems: list[Path], settings: Corpus, corpus: Path, rejected: Path
) -> Counts:
    """Writes the corpus and the rows that it does not take.

    The rows stream by: what is held in memory is two digests a row.

    Args:
        judged: Shards of accepted solutions (`Solution` rows).
        problems: Benchmarks' problems (`Seed` rows); may be none.
        settings: What is checked.
        corpus: Where the corpus goes.
        rejected: Where the other rows go, each with one verdict.

    Returns:
        The counts; both files hold exactly these.
    """
    progress = Progress("corpus", sum(count_rows(shard, Solution) for shard in judged))
    sifted = sift(_read(judged, progress), settings, benchmark_questions(problems))
    return write_outcomes(corpus, CorpusRow, rejected, sifted)


def sift(
    rows: Iterable[Solution], settings: Corpus, benchmarks: Benchmarks
) -> Iterator[CorpusRow | Rejected]:
    """Yields for every row, in order, either its corpus row or its rejection.

    Verdicts, the first that holds: `contaminated` (a benchmark asks the question),
    `duplicate_program` (the corpus has as many rows of the program as may be, from any shard),
    `duplicate_question` (the corpus has the question).

    Args:
        rows: Accepted solutions, in the corpus's order.
        settings: What is checked.
        benchmarks: As from `benchmark_questions`.
    """
    programs: Counter[bytes] = Counter()
    questions: set[bytes] = set()
    for row in rows:
        program = bytes.fromhex(digest(row.program_id))
        question = _key(row.question)
        if settings.decontaminate and question in benchmarks:
            reason = f"a benchmark asks the same question: {benchmarks[question]}"
            yield reject(row.question_id, "contaminated", reason, row)
        elif settings.deduplicate and programs[program] >= settings.per_program:
            reason = f"the corpus has {programs[program]} of program {row.program_id}"
            yield reject(row.question_id, "duplicate_program", reason, row)
        elif settings.deduplicate and question in questions:
            reason = "the corpus has a row with the same question, but for case and punctuation"
            yield reject(row.question_id, "duplicate_question", reason, row)
        else:
            programs[program] += 1
            questions.add(question)
            yield corpus_row(row)


def corpus_row(row: Solution) -> CorpusRow:
    """Returns the training example that a judged solution makes."""
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
    )


def benchmark_questions(problems: list[Path]) -> Benchmarks:
    """Returns the benchmarks' questions by the digest of their normal form."""
    return {
        _key(seed.problem): f"problem {seed.seed_id} of {file.stem}"
        for file in problems
        for seed in read_rows(file, Seed)
    }


def _key(question: str) -> bytes:
    """Returns 16 bytes that name a question: a million of them fit in memory, the texts may not."""
    return bytes.fromhex(digest(normal_question(question)))


def _read(shards: list[Path], progress: Progress) -> Iterator[Solution]:
    """Streams the rows by shard, then in the shard's order, in whatever order files are given."""
    for shard in sorted(shards, key=lambda path: (path.name, str(path))):
        for row in read_rows(shard, Solution):
            yield row
            progress.add()
