"""The detailed prompt of solutions, for a model that was not fine-tuned on the short one.

The short prompt is in another module, on which the fine-tuned writer depends.
"""

from pathlib import Path

from caco.text.prompts import Prompt

DETAILED_SOLUTION = Prompt(Path(__file__).parent / "detailed_solution.j2")


def detailed_solution(question: str) -> str:
    """Returns the user turn that requests a solution, from the question alone."""
    return DETAILED_SOLUTION.render(question=question)
