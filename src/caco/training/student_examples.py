"""Training examples of the student; in a module of their own for its code digest."""

from collections.abc import Iterable, Iterator

from caco.rows.ablation import AblationRow
from caco.rows.corpus import CorpusRow
from caco.training.examples import Example, Frame


def student_examples(
    rows: Iterable[CorpusRow | AblationRow], frame: Frame, end: str
) -> Iterator[Example]:
    """Yields the solutions as completions of their problems: text only, no programs (paper).

    Args:
        rows: The corpus, or the rows of an ablation.
        frame: Converts a problem to a prompt, as set by `student.prompt`.
        end: The token that ends a turn.
    """
    for row in rows:
        yield Example(frame(row.instruction), row.output.strip() + end)
