"""Measures the form of a source's Code CoTs; prints a Markdown table.

Reads the files of a run: `code_cots/SOURCE.parquet` and `seeds/SOURCE.parquet`.
"""

import argparse
import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.rows.table import read_rows
from caco.text.numbers import mentions

_NUMBERED = re.compile(r"_\d+$")
_COMMENT = re.compile(r"#.*")
_CONTROL = (ast.If, ast.IfExp, ast.For, ast.While, ast.comprehension)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one program.

    Attributes:
        functions: The number of its functions.
        steps: The statements of its functions.
        lines: The lines that are neither blank nor comment.
        controls: Whether a function has a branch or a loop.
        numbered: Whether a name ends with a number.
        comment_number: Whether a comment has a number.
        whole_float: Whether its output is a float without decimals.
        stated: The share of the question's numbers that `input` holds; None without numbers.
    """

    functions: int
    steps: int
    lines: int
    controls: bool
    numbered: bool
    comment_number: bool
    whole_float: bool
    stated: float | None


def form(row: CodeCoT, problem: str) -> Form:
    """Returns the form of a Code CoT."""
    tree = ast.parse(row.program)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    inside = [node for function in functions for node in ast.walk(function)]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in inside if isinstance(node, ast.arg)}
    names |= {function.name for function in functions}
    lines = [line.strip() for line in row.program.splitlines()]
    output = json.loads(row.output)
    return Form(
        functions=len(functions),
        steps=sum(isinstance(node, ast.Assign | ast.Return) for node in inside),
        lines=sum(bool(line) and not line.startswith("#") for line in lines),
        controls=any(isinstance(node, _CONTROL) for node in inside),
        numbered=any(_NUMBERED.search(name) for name in names),
        comment_number=any(re.search(r"\d", text) for text in _COMMENT.findall(row.program)),
        whole_float=isinstance(output, float) and output.is_integer(),
        stated=_stated(problem, json.loads(row.input)),
    )


def _stated(problem: str, given: dict[str, object]) -> float | None:
    values = {float(value) for value in given.values() if isinstance(value, int | float)}
    numbers = [mention for mention in mentions(problem) if not mention.excused]
    held = [
        any(abs(float(one.value)) in values for one in (mention, *mention.parts))
        for mention in numbers
    ]
    return mean(held) if held else None


def table(forms: Iterable[Form]) -> str:
    """Returns a Markdown table of means and shares."""
    return "\n".join(_rows(list(forms)))


def _rows(forms: list[Form]) -> Iterator[str]:
    yield "| figure | value |\n|---|---|"
    yield f"| programs | {len(forms):,} |"
    if not forms:
        return
    yield f"| functions of a program | {mean(one.functions for one in forms):.2f} |"
    steps = sum(one.steps for one in forms) / sum(one.functions for one in forms)
    yield f"| statements of a function | {steps:.2f} |"
    yield f"| lines of code | {mean(one.lines for one in forms):.1f} |"
    for what, attribute in (
        ("a branch or a loop", "controls"),
        ("a name with a number", "numbered"),
        ("a number in a comment", "comment_number"),
        ("a float without decimals as output", "whole_float"),
    ):
        yield f"| {what} | {mean(getattr(one, attribute) for one in forms):.1%} |"
    stated = [one.stated for one in forms if one.stated is not None]
    yield f"| numbers of the question in `input` | {mean(stated or [0]):.1%} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--code-cots", type=Path, required=True, help="CodeCoT rows")
    parser.add_argument("--seeds", type=Path, required=True, help="their Seed rows")
    args = parser.parse_args()
    problems = {seed.seed_id: seed.problem for seed in read_rows(args.seeds, Seed)}
    rows = read_rows(args.code_cots, CodeCoT)
    print(table(form(row, problems[row.seed_id]) for row in rows))


if __name__ == "__main__":
    main()
