"""The questions that a model answers, in the form of a benchmark's problems."""

from collections.abc import Iterable, Iterator

from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.text.answers import answer_text


def questions(rows: Iterable[Solution]) -> Iterator[Seed]:
    """Yields the question of each row, unless an earlier row has it: with another solution.

    Its known answer is the output of the program. It has no source and no licence of its own.
    """
    seen: set[str] = set()
    for row in rows:
        if row.question_id not in seen:
            seen.add(row.question_id)
            yield Seed(
                seed_id=row.question_id,
                source="",
                domain="",
                problem=row.question,
                solution=None,
                program=None,
                answer=answer_text(row.output),
                licence="",
            )
