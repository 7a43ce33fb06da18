"""The rules that a sampled program must keep: one verdict each, in one fixed order.

A program gets the verdict of the first rule that it breaks. What the text alone decides comes
first, so that nothing is executed in vain; then come the sandbox's outcomes, each a verdict of its
own name; then what only the executed `input` and `output` can tell; last, in `further`, what takes
more runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from caco.config.verify import Verify
from caco.rows.program import Program
from caco.sandbox.protocol import Execution
from caco.verify.source import Source, real_lines, used_names
from caco.verify.trivial import computes_nothing


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
