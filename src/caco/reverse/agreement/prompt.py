"""The judging model's prompt: what it is shown, and the two lines that it is asked for."""

import re
from dataclasses import dataclass
from pathlib import Path

from caco.prompt import Prompt
from caco.rows.solution import Solution

AGREE = Prompt(Path(__file__).parent / "agree.j2")

# Models put labels in bold, and lines in lists; anything else beside the label and the word is no
# judgement.
_LINE = r"^[ \t*]*(?:-|\d[.)])?[ \t*]*{label}[ \t*]*:[ \t*]*(yes|no)[ \t*.]*$"
_SOLVABLE, _SAME_LOGIC = (
    re.compile(_LINE.format(label=label), re.IGNORECASE | re.MULTILINE)
    for label in ("Solvable", "Same logic")
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge says of a row.

    Attributes:
        solvable: The problem can be solved as stated, with one answer.
        same_logic: The solution's logic is the program's.
    """

    solvable: bool
    same_logic: bool


def agree_prompt(row: Solution) -> str:
    """Returns the user turn that asks for a judgement: the row, and what its program computed.

    What several rows share comes first: an engine with a cache of prefixes reads it once.
    """
    return AGREE.render(
        question=row.question,
        solution=row.solution,
        program=row.program,
        input=row.input,
        output=row.output,
    )


def read_judgement(reply: str) -> Judgement | None:
    """Returns what a reply says, or None where it lacks one of the two lines.

    A judge may weigh both answers before it decides: of each line, the last one counts.
    """
    solvable, same_logic = _SOLVABLE.findall(reply), _SAME_LOGIC.findall(reply)
    if not solvable or not same_logic:
        return None
    return Judgement(solvable[-1].lower() == "yes", same_logic[-1].lower() == "yes")
