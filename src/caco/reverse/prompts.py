"""The reverse stage's prompts: Jinja files beside this module, named by their digest."""

from functools import cache
from pathlib import Path

import jinja2

from caco.identity import digest

_FOLDER = Path(__file__).parent
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def question_prompt(program: str, input_json: str, output_json: str) -> str:
    """Returns the user turn that asks for a problem: the program and what it computed."""
    return _ENVIRONMENT.get_template("question.j2").render(
        program=program, input=input_json, output=output_json
    )


def solution_prompt(question: str) -> str:
    """Returns the user turn that asks for a solution, from the question alone."""
    return _ENVIRONMENT.get_template("solution.j2").render(question=question)


@cache
def template_digest(name: str) -> str:
    """Returns the digest of a template: `question` or `solution`."""
    return digest((_FOLDER / f"{name}.j2").read_text(encoding="utf-8"))
