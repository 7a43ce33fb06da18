"""The rules that a sampled program must satisfy: one verdict each, in one fixed order.

A program gets the verdict of the first rule that it breaks. Rules on the text alone come first, so
that nothing is executed in vain; then the sandbox's outcomes, each a verdict of its own name; then
rules on the executed `input` and `output`; last, in `rerun_rules`, those that take more runs.
"""

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from caco.config.checks import Verify
from caco.rows.program import Program
from caco.sandbox.protocol import Execution
from caco.stages.verify.trivial import computes_nothing


class Source:
    """A program's text, and its syntax tree, which is read once and only if it is asked for."""

    def __init__(self, text: str) -> None:
        """Takes a program's text."""
        self.text = text

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree; None where it cannot be read."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def real_lines(program: str) -> int:
    """Returns how many lines are neither blank, comment nor import."""
    stripped = (line.strip() for line in program.splitlines())
    return sum(1 for line in stripped if line and not line.startswith(("#", "import ", "from ")))


def used_names(tree: ast.Module) -> set[str]:
    """Returns the names by which a program can use a key of `input`.

    Identifiers of any kind (variables, parameters, arguments, attributes), as the released code
    counts them; and, because programs also write `input["key"]`, constants used as a subscript or
    asked of `.get` and `.pop`. What `input` is built with is not use: `dict(key=...)` and
    `input["key"] = ...` do not count.
    """
    building = {id(part) for node in ast.walk(tree) for part in _building(node)}
    return {
        name
        for node in ast.walk(tree)
        if id(node) not in building
        for name in _names(node)
        if name is not None
    }


def _building(node: ast.AST) -> list[ast.AST]:
    """Returns the parts of an assignment that only build `input`."""
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    parts: list[ast.AST] = [
        t for t in targets if isinstance(t, ast.Subscript) and _is_input(t.value)
    ]
    value = node.value
    if isinstance(value, ast.Call) and any(_is_input(t) for t in targets):
        parts += value.keywords
    return parts


def _is_input(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "input"


def _names(node: ast.AST) -> list[str | None]:
    """Returns the names that one node holds."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
        case ast.arg(arg=name) | ast.keyword(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Subscript(slice=ast.Constant(value=str() | int() as key)):
            return [str(key)]
        case ast.Call(
            func=ast.Attribute(attr="get" | "pop"),
            args=[ast.Constant(value=str() | int() as key), *_],
        ):
            return [str(key)]
        case _:
            return []


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a program breaks.

    Attributes:
        verdict: The rule.
        reason: What was seen, in a sentence.
    """

    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that is being verified.

    Attributes:
        row: The sampled program.
        source: Its text, read once.
    """

    row: Program
    source: Source


# A rule returns what it saw, or None for a program that keeps it.
TextRule = Callable[[Candidate, Verify], str | None]
ResultRule = Callable[[Candidate, Execution, Verify], str | None]


def truncated(program: Candidate, settings: Verify) -> str | None:
    """The generation ran into its limit of tokens or of time: its end is missing."""
    if program.row.finish_reason == "stop":
        return None
    limit = "time" if program.row.finish_reason == "time" else f"{program.row.tokens} tokens"
    return f"the generation ended at its limit of {limit}"


def too_few_lines(program: Candidate, settings: Verify) -> str | None:
    """At least `min_lines` lines are neither blank, comment nor import (released code: 6)."""
    lines = real_lines(program.source.text)
    if lines >= settings.min_lines:
        return None
    return f"{lines} lines that are neither blank, comment nor import; {settings.min_lines} wanted"


def trivial(program: Candidate, settings: Verify) -> str | None:
    """An operation leads from `input` to `output`."""
    if not settings.trivial or program.source.tree is None:
        return None
    what = computes_nothing(program.source.tree)
    return f"`output` is {what}: nothing is computed" if what else None


def empty_input(program: Candidate, run: Execution, settings: Verify) -> str | None:
    """The executed `input` is a dict that holds something."""
    value = _read(run.input)
    if isinstance(value, dict) and value:
        return None
    return "`input` is empty" if isinstance(value, dict) else "`input` is not a dict"


def empty_output(program: Candidate, run: Execution, settings: Verify) -> str | None:
    """The executed `output` says something; 0 and false do."""
    value = _read(run.output)
    if value is None or value in ([], {}) or (isinstance(value, str) and not value.strip()):
        return f"`output` is {run.output}"
    return None


def too_many_digits(program: Candidate, run: Execution, settings: Verify) -> str | None:
    """No integer in `input` or `output` is longer than `max_digits` (released code: 10,000)."""
    for name, text in (("input", run.input), ("output", run.output)):
        digits = longest_integer(text or "null")
        if digits > settings.max_digits:
            return f"`{name}` holds an integer of {digits} digits; {settings.max_digits} allowed"
    return None


def unused_input(program: Candidate, run: Execution, settings: Verify) -> str | None:
    """Every key of `input` is named in the program: a key that is not cannot matter."""
    if not settings.unused_inputs:
        return None
    if program.source.tree is None:
        return "its syntax tree cannot be read"
    used = used_names(program.source.tree)
    value = _read(run.input)
    unused = [key for key in value if key not in used] if isinstance(value, dict) else []
    return f"the key {unused[0]!r} of `input` is used nowhere" if unused else None


BEFORE: dict[str, TextRule] = {
    "truncated": truncated,
    "too_few_lines": too_few_lines,
    "trivial": trivial,
}  # then `duplicate`, which the shard decides, and the sandbox's outcomes
AFTER: dict[str, ResultRule] = {
    "empty_input": empty_input,
    "empty_output": empty_output,
    "too_many_digits": too_many_digits,
    "unused_input": unused_input,
}


def broken_before(program: Candidate, settings: Verify) -> Broken | None:
    """Returns the first rule that the text breaks."""
    for verdict, rule in BEFORE.items():
        if (reason := rule(program, settings)) is not None:
            return Broken(verdict, reason)
    return None


def broken_after(program: Candidate, run: Execution, settings: Verify) -> Broken | None:
    """Returns the first rule that a program which ran to its end breaks."""
    for verdict, rule in AFTER.items():
        if (reason := rule(program, run, settings)) is not None:
            return Broken(verdict, reason)
    return None


def longest_integer(text: str) -> int:
    """Returns the digits of the longest integer in a JSON text; 0 where it holds none."""
    longest = 0

    def count(integer: str) -> int:
        nonlocal longest
        longest = max(longest, len(integer.lstrip("-")))
        return 0

    json.loads(text, parse_int=count)
    return longest


def _read(text: str | None) -> object:
    """Reads JSON; integers stay text, because Python refuses those of more than 4,300 digits."""
    return json.loads(text or "null", parse_int=str)
