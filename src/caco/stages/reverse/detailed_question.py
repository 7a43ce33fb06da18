"""The detailed prompt of questions, for a model that was not fine-tuned on the short one.

It lists the values that the problem must state, in words and not as a dict, and leaves the result
out, which a small model would state. The short prompt is in another module, on which the fine-tuned
writer depends.
"""

import json
from pathlib import Path

from caco.text.prompts import Prompt

DETAILED_QUESTION = Prompt(Path(__file__).parent / "detailed_question.j2")


def detailed_question(program: str, input_json: str, style: str | None = None) -> str:
    """Returns the user turn that requests a problem for a program.

    Args:
        program: The program.
        input_json: Its executed `input`.
        style: The requested context or style, or None.
    """
    read = json.loads(input_json)
    values = [
        (name.replace("_", " "), json.dumps(value, ensure_ascii=False))
        for name, value in (read.items() if isinstance(read, dict) else [("input", read)])
    ]
    return DETAILED_QUESTION.render(program=program.strip(), values=values, style=style).strip()
