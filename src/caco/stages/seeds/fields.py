"""Fields of a seed: the columns of a source's row that they are read from."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from string import Formatter
from typing import Any

from caco.stages.seeds.files import LongInteger
from caco.stages.seeds.normalise import lone_surrogate

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_DELIMITER = re.compile(r"(?<!\\)(?:\$|\\[()\[\]])")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(\{)?")


class Malformed(Exception):
    """A row is no seed; the text says why."""


class Column:
    """A value of a row by its name: `answer`, `meta.answer`, `answers[0]`.

    Attributes:
        name: The name.
        head: The column of the file.
    """

    def __init__(self, name: str) -> None:
        """Parses a name.

        Raises:
            ValueError: It is not a name.
        """
        self.name = name
        steps = [match.groups() for match in _STEP.finditer(name)]
        whole = "".join(match[0] for match in _STEP.finditer(name))
        if not steps or whole != name or steps[0][0] is None:
            raise ValueError(f"`{name}` is not the name of a column")
        self.head: str = steps[0][0]
        self._steps = [key if key is not None else int(index) for key, index in steps]

    def value(self, row: Mapping[str, Any]) -> Any:
        """Returns the value; None if the row does not have it."""
        if self.name in row:
            return row[self.name]
        found: Any = row
        for step in self._steps:
            if isinstance(step, str) and isinstance(found, Mapping):
                found = found.get(step)
            elif isinstance(step, int) and isinstance(found, list) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def known(self, columns: set[str]) -> bool:
        """Returns whether a file with these columns can have it."""
        return self.name in columns or self.head in columns


class Field:
    """A text of a row: one column, or a template such as `{Body} {Question}`."""

    def __init__(self, spec: str) -> None:
        """Parses a name or a template.

        Raises:
            ValueError: It is neither.
        """
        parts = list(Formatter().parse(spec)) if "{" in spec else [("", spec, "", None)]
        if any(form or conversion for _, _, form, conversion in parts):
            raise ValueError(f"`{spec}` has a format; write only the name of a column in braces")
        self._parts = [(text, Column(name) if name is not None else None)
                       for text, name, _, _ in parts]  # fmt: skip
        self.columns = [column for _, column in self._parts if column]

    def text(self, row: Mapping[str, Any], numbers: bool = False) -> str | None:
        """Returns the text; None if a column of it is missing or null.

        Args:
            row: The row.
            numbers: Whether it may be a number or a truth value.

        Raises:
            Malformed: A value is not a text.
        """
        texts = []
        for text, column in self._parts:
            texts.append(text)
            if column is not None:
                value = column.value(row)
                if value is None:
                    return None
                texts.append(_text(value, column.name, numbers or len(self._parts) > 1))
        return "".join(texts)


def _text(value: Any, name: str, numbers: bool) -> str:
    if isinstance(value, LongInteger):
        raise Malformed(f"`{name}` is an integer of {len(value):,} digits")
    if isinstance(value, str):
        if code := lone_surrogate(value):
            raise Malformed(f"`{name}` contains the lone surrogate {code}")
        return value
    if numbers and isinstance(value, int | float | Decimal):
        if not isinstance(value, bool) and not math.isfinite(value):
            raise Malformed(f"`{name}` is {value}")
        return str(value)
    hint = ""
    if isinstance(value, list | Mapping):
        part = f"{name}[0]" if isinstance(value, list) else f"{name}.NAME"
        hint = f"; a name such as `{part}` is that of a value in it"
    raise Malformed(f"`{name}` is a value of the type {type(value).__name__}, not a text{hint}")


def whole(text: str) -> str:
    """Returns the text."""
    return text


def boxed(text: str) -> str:
    r"""Returns the content of the last `\boxed{...}` of a solution.

    Raises:
        Malformed: There is none, or its braces are not balanced.
    """
    boxes = list(_BOX.finditer(text))
    if not boxes:
        raise Malformed(r"its solution has no `\boxed`")
    box = boxes[-1]
    if box[1] is None:  # `\boxed 5`
        return text[box.end() :].split("$")[0].strip()
    depth, escaped = 1, False
    for at in range(box.end(), len(text)):
        if escaped or text[at] == "\\":
            escaped = not escaped
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[box.end() : at].strip()
    raise Malformed(r"the braces of its last `\boxed` are not balanced")


def after_hashes(text: str) -> str:
    """Returns what follows the last `####`.

    Raises:
        Malformed: There is no such mark.
    """
    _, mark, answer = text.rpartition("####")
    if not mark:
        raise Malformed("its answer has no `####`")
    return answer.strip()


def unwrapped(answer: str) -> str:
    """Returns an answer without the dollar signs or brackets of LaTeX that enclose all of it."""
    answer = answer.strip()
    for begin, end in _WRAPPERS:
        inner = answer[len(begin) : -len(end)]
        whole = answer.startswith(begin) and answer.endswith(end) and inner.strip()
        if whole and not _DELIMITER.search(inner) and inner[-1] != "\\":
            return inner.strip()
    return answer


EXTRACTIONS: dict[str, Callable[[str], str]] = {
    "whole": whole,
    "boxed": boxed,
    "after_hashes": after_hashes,
}
