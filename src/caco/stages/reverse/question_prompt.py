"""The writer's prompts: a question from a program and its execution.

The solver's prompt is in another module, so that a change of it does not re-run the questions.
"""

from pathlib import Path

from caco.text.prompts import Prompt

_FOLDER = Path(__file__).parent
QUESTION = Prompt(_FOLDER / "question.j2")
STYLED_QUESTION = Prompt(_FOLDER / "styled_question.j2")


def question_prompt(
    program: str, input_json: str, output_json: str, style: str | None = None
) -> str:
    """Returns the user turn that requests a problem for an executed program.

    Args:
        program: The program.
        input_json: Its executed `input`.
        output_json: Its executed `output`.
        style: The requested context or style, or None. It selects another template, so that a
            writer fine-tuned on the plain template gets no unfamiliar text.
    """
    values = {"program": program, "input": input_json, "output": output_json}
    if style is None:
        return QUESTION.render(**values)
    return STYLED_QUESTION.render(**values, style=style)
