"""The solver's prompt: a worked solution from a question alone."""

from pathlib import Path

from caco.text.answers import closing
from caco.text.calculator_marks import without_marks
from caco.text.prompts import Prompt

SOLUTION = Prompt(Path(__file__).parent / "solution.j2")


def solution_prompt(question: str) -> str:
    """Returns the user turn that requests a solution, from the question alone."""
    return SOLUTION.render(question=question)


def solution_reply(solution: str, answer: str) -> str:
    """Returns a seed's worked solution as a reply: it ends with the sentence of its answer."""
    return f"{without_marks(solution).strip()}\n{closing(answer)}"
