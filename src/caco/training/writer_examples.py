"""The writer's training examples: apart, since they alone depend on the reverse stage's prompts."""

from collections.abc import Iterable, Iterator

from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.stages.reverse.prompts import question_prompt, solution_prompt
from caco.text.answers import closing
from caco.text.calculator_marks import without_marks
from caco.training.examples import Example, Frame


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
            worked = f"{without_marks(seed.solution).strip()}\n{closing(seed.answer)}"
            yield Example(frame(solution_prompt(seed.problem)), worked + end)
