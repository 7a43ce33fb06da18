"""The writer's and the solver's prompts: Jinja files beside this module."""

from pathlib import Path

from caco.text.prompts import Prompt

_FOLDER = Path(__file__).parent
QUESTION = Prompt(_FOLDER / "question.j2")
STYLED_QUESTION = Prompt(_FOLDER / "styled_question.j2")
SOLUTION = Prompt(_FOLDER / "solution.j2")


def question_prompt(
    program: str, input_json: str, output_json: str, style: str | None = None
) -> str:
    """Returns the user turn that asks for a problem: the program and what it computed.

    Args:
        program: The program.
        input_json: Its executed `input`.
        output_json: Its executed `output`.
        style: The context or style that the problem is to have, if any. It makes another prompt:
            a writer that was fine-tuned with the plain one never sees more than it was taught.
    """
    values = {"program": program, "input": input_json, "output": output_json}
    if style is None:
        return QUESTION.render(**values)
    return STYLED_QUESTION.render(**values, style=style)


def solution_prompt(question: str) -> str:
    """Returns the user turn that asks for a solution, from the question alone."""
    return SOLUTION.render(question=question)
