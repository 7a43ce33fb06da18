"""Compilation of a program in two parts, between which its `input` is recorded.

A program may change its `input`, as `while input["xs"]: total += input["xs"].pop()` does. Its value
is therefore recorded where it is assigned. A syntax tree in Python objects would cost more than the
compilation itself, so the text is split before a line that may begin a statement. If both parts
compile, the split is between two statements: it is in no string, bracket or block.
"""

import builtins

# As in `values`: a program that patches `builtins` cannot affect what is defined below.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

ERRORS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)  # of `compile`
_NAME = "<program>"
_FUTURE = 0x1FE0000  # the flags of `from __future__`, which hold for the second part too
_TRIES = 8  # splits of each kind, for an `input` on several lines, or with semicolons in texts
# First characters of a line that begins no statement, or only one without an effect.
_NO_START = " \t\f\r#)]}\"'0123456789"


def compiled_parts(text: str) -> "list[CodeType]":
    """Returns a program's code: up to the assignment of `input` and after it, or in one part.

    Assignments to items of `input` that follow belong to the first part.

    Raises:
        SyntaxError, ValueError, OverflowError, RecursionError, MemoryError: As `compile`.
    """
    for head, rest in _splits(text):
        try:
            first = compile(head, _NAME, "exec", dont_inherit=True)
            flags = first.co_flags & _FUTURE
            return [first, compile(rest, _NAME, "exec", flags, dont_inherit=True)]
        except ERRORS:
            continue
    return [compile(text, _NAME, "exec", dont_inherit=True)]


def _splits(text: str) -> "Iterator[tuple[str, str]]":
    """Yields the possible splits after the last assignment of `input`; lines keep their numbers."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line and line[0] not in _NO_START]
    assigned = [n for n, i in enumerate(starts) if _is_assignment(lines[i], "input")]
    if not assigned:
        return
    last = assigned[-1]
    for n in range(last + 1, len(starts)):
        if _is_assignment(lines[starts[n]], "input["):
            last = n
        elif not _is_assignment(lines[starts[n]], ""):
            break
    line = lines[starts[last]]
    before, after = lines[: starts[last]], lines[starts[last] + 1 :]
    for column in [n for n, character in enumerate(line) if character == ";"][:_TRIES]:
        rest = [line[column + 1 :].lstrip(" \t"), *after]
        yield "\n".join([*before, line[:column]]), "\n" * len(before) + "\n".join(rest)
    for i in starts[last + 1 : last + 1 + _TRIES]:
        yield "\n".join(lines[:i]), "\n" * i + "\n".join(lines[i:])


def _is_assignment(line: str, target: str) -> bool:
    """Returns whether a line begins an assignment.

    Args:
        line: The line.
        target: `input`; `input[` for an item of it; empty for any name.
    """
    if not line.startswith(target):
        return False
    left, equals, right = line.partition("=")
    name = left.partition(":")[0] if target != "input[" else left
    name = name.rstrip(" \t")
    if not equals or right.startswith("="):
        return False
    if target == "input[":
        return name.endswith("]") and "(" not in name
    return name == target if target else name.isidentifier()
