"""Training examples: what each of the three fine-tunings shows a model, from rows alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from caco.answers import closing
from caco.reverse.prompts import question_prompt, solution_prompt
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.seed import Seed


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
        prefix: `caco.chat.unconditional_prefix` of the model.
        end: The token that ends a turn.
    """
    for row in rows:
        yield Example(prefix, row.program.strip() + end)


def writer_examples(
    rows: Iterable[CodeCoT], seeds: dict[str, Seed], frame: Frame, end: str
) -> Iterator[Example | None]:
    """Yields two examples a Code CoT: program to question, and question to solution.

    The prompts are those of the reverse stage. A seed without a worked solution yields None in
    place of the second; solutions close with the sentence from which answers are read.

    Args:
        rows: Accepted Code CoTs.
        seeds: Seeds by seed_id, every one that `rows` names.
        frame: Puts a user's text into the model's chat template.
        end: The token that ends a turn.
    """
    for row in rows:
        seed = seeds[row.seed_id]
        asked = question_prompt(row.program, row.input, row.output)
        yield Example(frame(asked), seed.problem.strip() + end)
        if seed.solution is None:
            yield None
        else:
            worked = f"{seed.solution.strip()}\n{closing(seed.answer)}"
            yield Example(frame(solution_prompt(seed.problem)), worked + end)


def student_examples(rows: Iterable[CorpusRow], frame: Frame, end: str) -> Iterator[Example]:
    """Yields a solution after its problem: text only, no program (paper).

    Args:
        rows: The corpus.
        frame: Puts a problem as `student.prompt` says.
        end: The token that ends a turn.
    """
    for row in rows:
        yield Example(frame(row.instruction), row.output.strip() + end)
