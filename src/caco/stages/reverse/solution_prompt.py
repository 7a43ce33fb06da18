"""The solver's prompt: a worked solution from a question alone."""

from pathlib import Path

from caco.text.prompts import Prompt

SOLUTION = Prompt(Path(__file__).parent / "solution.j2")


def solution_prompt(question: str) -> str:
    """Returns the user turn that requests a solution, from the question alone."""
    return SOLUTION.render(question=question)
