"""JSON Lines: one line of output for each line of input, in order, whatever a line holds.

A command line for people passes a function from a row to fields. This module reads the lines,
parses them, calls the function for several rows at a time and writes the fields. A line that cannot
be parsed gets a line that says why. The `id` of a row is copied as text, so that no number in it
loses digits.
"""

import argparse
import json
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import Any, BinaryIO, Literal, NamedTuple

from caco.errors import CacoError

_AHEAD = 16  # rows per worker that are read before their turn
_BOM = b"\xef\xbb\xbf"
_NOT_PRINTABLE_ASCII = re.compile(r"[^ -~]")
_SPACE = re.compile(r"[ \t\n\r]*")
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)

Refusal = Literal["invalid_row", "internal_error"]


class InvalidRow(Exception):
    """A row cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class RawJson:
    """A JSON value as text; it is copied into a line without being parsed."""

    text: str


class _Member(NamedTuple):
    value: Any
    raw: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of input.

    Attributes:
        number: Number of the line, from 1.
        id: The value of `id`; null if the line has none that can be read.
        members: The members of the line's object. Numbers in a value are replaced by 0.
        problem: Why the line is not an object of JSON; None if it is one.
    """

    number: int
    id: RawJson
    members: Mapping[str, _Member]
    problem: str | None

    def text(self, key: str) -> str:
        """Returns a required string.

        Raises:
            InvalidRow: The row has no such string.
        """
        found = self.optional_text(key)
        if found is None:
            missing = key not in self.members
            raise InvalidRow(f"`{key}` is {'missing' if missing else 'null'}; set it to a string")
        return found

    def optional_text(self, key: str) -> str | None:
        """Returns a string, or None if the row does not have it or it is null.

        Raises:
            InvalidRow: It is not a string of Unicode characters, or the line is not an object.
        """
        if self.problem is not None:
            raise InvalidRow(self.problem)
        member = self.members.get(key)
        if member is None or member.value is None:
            return None
        if not isinstance(member.value, str):
            raise InvalidRow(f"`{key}` is {_short(member.raw)}; it must be a string")
        try:
            member.value.encode()
        except UnicodeEncodeError as e:
            code = ord(member.value[e.start])
            raise InvalidRow(f"`{key}` contains the lone surrogate U+{code:04X}") from None
        return member.value

    def optional_number(self, key: str) -> float | None:
        """Returns a number, which may be infinite, or None if the row does not have it.

        Raises:
            InvalidRow: It is not a number, or the line is not an object.
        """
        if self.problem is not None:
            raise InvalidRow(self.problem)
        member = self.members.get(key)
        if member is None or member.value is None:
            return None
        if isinstance(member.value, bool) or not isinstance(member.value, int):
            raise InvalidRow(f"`{key}` is {_short(member.raw)}; it must be a number")
        return float(member.raw)


def read_row(number: int, line: bytes) -> Row:
    """Parses one line; never fails.

    Args:
        number: Number of the line, from 1.
        line: Its bytes.
    """
    if number == 1:
        line = line.removeprefix(_BOM)
    problem = None
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as e:
        problem = f"byte 0x{line[e.start]:02x} in column {e.start + 1} is not UTF-8"
        text = line.decode("utf-8", "surrogateescape")
    members, not_json = _parse_object(text)
    raw_id = members["id"].raw if "id" in members else "null"
    if not raw_id.isascii() and any("\ud800" <= c <= "\udfff" for c in raw_id):
        raw_id = "null"
    return Row(number, RawJson(raw_id), members, problem or not_json)


def answer_lines(
    answer: Callable[[Row], Mapping[str, object]],
    refuse: Callable[[Refusal, str], Mapping[str, object]],
    workers: int = 1,
    source: BinaryIO | None = None,
    sink: BinaryIO | None = None,
) -> None:
    """Writes one line for each line of input, in order, each as soon as its turn has come.

    If the reader of the output has closed the pipe, the process exits with the code of SIGPIPE.

    Args:
        answer: Returns the fields of a row's line, without `id`. It may raise `InvalidRow`. It is
            called in `workers` threads.
        refuse: Returns the fields of a row that cannot be used, from the kind of failure and the
            reason.
        workers: Rows processed at a time.
        source: Standard input by default.
        sink: Standard output by default.

    Raises:
        CacoError: `answer` raised it: the machine lacks something, which is no row's fault.
    """
    # A daemon thread that blocks in `sys.stdin` at exit would crash the interpreter.
    lines = source or os.fdopen(os.dup(0), "rb")
    out = sink or sys.stdout.buffer
    pending: Queue[Future[bytes] | Exception | None] = Queue(workers * _AHEAD)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="row")
    stopped = threading.Event()

    def line_of(number: int, line: bytes) -> bytes:
        row = read_row(number, line)
        try:
            fields = answer(row)
        except InvalidRow as e:
            fields = refuse("invalid_row", f"line {number}: {e}")
        except CacoError:
            raise
        except Exception as e:
            if not stopped.is_set():
                traceback.print_exc()
            fields = refuse("internal_error", f"line {number}: {type(e).__name__}: {e}")
        return _compose({"id": row.id, **fields})

    def read() -> None:
        try:
            for number, line in enumerate(lines, 1):
                pending.put(pool.submit(line_of, number, line))
            pending.put(None)
        except Exception as e:
            pending.put(e)

    # This thread writes, so that a row's line does not wait for the next row to arrive.
    threading.Thread(target=read, name="reader", daemon=True).start()
    try:
        while (entry := pending.get()) is not None:
            if isinstance(entry, Exception):
                raise entry
            out.write(entry.result())
            out.flush()
    except BrokenPipeError:
        if sink is None:  # or the interpreter would flush what is left, and report the failure
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(128 + signal.SIGPIPE)
    finally:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)


def natural_number(text: str) -> int:
    """As `positive_int`, or 0."""
    return 0 if text == "0" else positive_int(text)


def positive_int(text: str) -> int:
    """Parses an argument that counts something; for `argparse`."""
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def _compose(fields: Mapping[str, object]) -> bytes:
    parts = (f"{json.dumps(key)}: {_text(value)}" for key, value in fields.items())
    return f"{{{', '.join(parts)}}}\n".encode()


def _text(value: object) -> str:
    return _ascii(value.text) if isinstance(value, RawJson) else json.dumps(value, allow_nan=False)


def _ascii(value: str) -> str:
    """Returns the text of a JSON value in ASCII.

    Some programs take U+2028, among others, or a carriage return for the end of a line.
    """
    return _NOT_PRINTABLE_ASCII.sub(
        lambda match: " " if match[0] in "\r\t" else json.dumps(match[0])[1:-1], value
    )


def _parse_object(text: str) -> tuple[dict[str, _Member], str | None]:
    """Parses the object in a line, and as many of its members as possible.

    Returns:
        The members that can be read, and why the text is not an object of JSON, if it is not.
    """
    members: dict[str, _Member] = {}
    constants: list[str] = []
    decoder = json.JSONDecoder(
        parse_int=_zero, parse_float=_zero, parse_constant=constants.append
    )  # what a number is matters to no row, and Python refuses long ones
    problem: str | None = None
    at = _after_space(text, 0)
    if at == len(text):
        return members, "the line is empty"
    if text[at] != "{":
        return members, "the line is not an object of JSON"
    at = _after_space(text, at + 1)
    try:
        more = text[at : at + 1] != "}"
        while more:
            if text[at : at + 1] != '"':
                raise json.JSONDecodeError("expecting a key in double quotes", text, at)
            key, at = decoder.raw_decode(text, at)
            begin = _after_space(text, _expect(":", text, _after_space(text, at)))
            constants.clear()
            members.pop(key, None)  # of two members with one key, the last counts
            try:
                value, at = decoder.raw_decode(text, begin)
            except RecursionError:
                problem = problem or f"`{_short(key)}` is nested too deeply"
                at = _skip_value(text, begin)
            else:
                if constants:
                    name = constants[0]
                    problem = problem or f"`{_short(key)}` contains {name}, which is not JSON"
                else:
                    members[key] = _Member(value, text[begin:at])
            at = _after_space(text, at)
            more = text[at : at + 1] == ","
            if more:
                at = _after_space(text, at + 1)
        at = _after_space(text, _expect("}", text, at))
        if at != len(text):
            raise json.JSONDecodeError("text after the object", text, at)
    except json.JSONDecodeError as e:
        message = f"{e.msg[0].lower()}{e.msg[1:].removesuffix(' at')}"
        return members, problem or f"the line is not JSON: {message} (column {e.pos + 1})"
    return members, problem


def _zero(number: str) -> int:
    return 0


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(character: str, text: str, at: int) -> int:
    if text[at : at + 1] != character:
        raise json.JSONDecodeError(f"expecting {character!r}", text, at)
    return at + 1


def _skip_value(text: str, at: int) -> int:
    """Returns the end of an array or object that is nested too deeply to be parsed."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    raise json.JSONDecodeError("brackets that are not closed", text, at)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
