"""Training examples of the writer; in a module of their own for its code digest."""

from collections.abc import Iterable, Iterator

from caco.config.training import Learns
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.stages.reverse.question_prompt import question_prompt
from caco.stages.reverse.solution_prompt import solution_prompt, solution_reply
from caco.training.examples import Example, Frame


def writer_examples(
    rows: Iterable[CodeCoT],
    seeds: dict[str, Seed],
    frame: Frame,
    end: str,
    learns: Learns = "both",
) -> Iterator[Example | None]:
    """Yields up to two examples per Code CoT: program to question, and question to solution.

    The prompts are those of the reverse stage. For a seed without a worked solution, the second is
    None. Solutions end with the sentence from which answers are extracted.

    Args:
        rows: Accepted Code CoTs.
        seeds: The seeds of all `rows`, by seed_id.
        frame: Applies the chat template of the model to a user's text.
        end: The token that ends a turn.
        learns: Which of the two examples to yield.
    """
    for row in rows:
        seed = seeds[row.seed_id]
        if learns != "solutions":
            prompt = question_prompt(row.program, row.input, row.output)
            yield Example(frame(prompt), seed.problem.strip() + end)
        if learns == "questions":
            continue
        if seed.solution is None:
            yield None
        else:
            reply = solution_reply(seed.solution, seed.answer)
            yield Example(frame(solution_prompt(seed.problem)), reply + end)
