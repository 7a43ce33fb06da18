"""Training examples: what the code generator and the student are shown, from rows alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow


@dataclass(frozen=True, slots=True)
class Example:
    """A text in two parts; the loss is on the completion alone.

    Attributes:
        prompt: What the model is given.
        completion: What it learns to write, up to and with the token that ends a turn.
    """

    prompt: str
    completion: str


Frame = Callable[[str], str]  # a user's text to the whole prompt in a model's own turns


def codegen_examples(rows: Iterable[CodeCoT], prefix: str, end: str) -> Iterator[Example]:
    """Yields a program after the unconditional prompt: no word of the question (paper).

    Args:
        rows: Accepted Code CoTs.
        prefix: `caco.text.chat.unconditional_prefix` of the model.
        end: The token that ends a turn.
    """
    for row in rows:
        yield Example(prefix, row.program.strip() + end)


def student_examples(rows: Iterable[CorpusRow], frame: Frame, end: str) -> Iterator[Example]:
    """Yields a solution after its problem: text only, no program (paper).

    Args:
        rows: The corpus.
        frame: Puts a problem as `student.prompt` says.
        end: The token that ends a turn.
    """
    for row in rows:
        yield Example(frame(row.instruction), row.output.strip() + end)
