"""The detailed prompt of questions, for a model that was not fine-tuned on the short one.

It states the instructions once, before the examples, and says what a problem must and must not
contain. It leaves the result out: a small model would state it. The short prompt is in another
module, on which the fine-tuned writer depends.
"""

from pathlib import Path

from caco.identity import digest
from caco.text.prompts import Prompt

_FOLDER = Path(__file__).parent
_INSTRUCTIONS = Prompt(_FOLDER / "detailed_question.j2")
_TURN = Prompt(_FOLDER / "program_turn.j2")
DETAILED_QUESTION = digest(_INSTRUCTIONS.digest, _TURN.digest)


def program_turn(program: str, input_json: str) -> str:
    """Returns a program with its input: what an example shows, and what the request ends with."""
    return _TURN.render(program=program, input=input_json)


def detailed_question(turn: str, style: str | None) -> str:
    """Returns the user turn that requests a problem.

    Args:
        turn: The program, with examples before it.
        style: The requested context or style, or None.
    """
    return _INSTRUCTIONS.render(turn=turn, style=style)
