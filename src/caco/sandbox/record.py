"""Records: what a program left of itself, read as what it is, text from an untrusted party."""

import json
import math
import os
import re
import signal

from caco.config.checks import SandboxLimits as Limits
from caco.identity import canonical_json
from caco.sandbox.guest import wire
from caco.sandbox.protocol import Execution, Outcome
from caco.sandbox.warm_parent import Ended

_MOST_DIGITS = 4_000
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


class EndedByTheHost(Exception):
    """A program got a SIGKILL that no limit of its own explains: the machine's, or somebody's."""

    def __init__(self, ended: Ended) -> None:
        self._ended = ended

    def blamed(self) -> Execution:
        """Returns the execution of a program that brings this on itself."""
        return _without_record(self._ended, Outcome.KILLED, "ended by SIGKILL")


def execution(ended: Ended, limits: Limits) -> Execution:
    """Returns the execution of a program that has ended.

    What became of it is decided by what the kernel says. Only a program that ended by itself, in
    time, is asked what it left; it can say nothing there that it could not have said in `output`.

    Args:
        ended: How it ended.
        limits: What it may use.

    Raises:
        EndedByTheHost: The machine ran out of memory, or somebody killed it.
    """
    exited = os.WIFEXITED(ended.status)
    killer = 0 if exited else os.WTERMSIG(ended.status)
    if ended.limit == wire.CPU_LIMIT or ended.cpu_s >= limits.cpu_s:
        return _without_record(
            ended, Outcome.CPU_TIMEOUT, f"more than {limits.cpu_s:g} s of CPU time"
        )
    if ended.limit == wire.WALL_LIMIT:
        return _without_record(
            ended, Outcome.WALL_TIMEOUT, f"more than {limits.wall_s:g} s of wall time"
        )
    if ended.out_of_memory:
        return _without_record(ended, Outcome.OUT_OF_MEMORY, "the program ran out of memory")
    if killer == signal.SIGKILL:
        raise EndedByTheHost(ended)
    if not exited:
        return _without_record(ended, Outcome.KILLED, f"ended by {signal.Signals(killer).name}")
    told = _told(ended, limits) if os.WEXITSTATUS(ended.status) == 0 else None
    if told is None:
        status = os.WEXITSTATUS(ended.status)
        return _without_record(ended, Outcome.KILLED, f"ended itself with status {status}")
    return told


def _without_record(ended: Ended, outcome: Outcome, detail: str) -> Execution:
    return Execution(outcome, detail, None, None, "", ended.cpu_s, ended.wall_s, ended.peak_mb)


def _told(ended: Ended, limits: Limits) -> Execution | None:
    """Returns what a record tells, or None if it is not a whole one."""
    lengths = wire.RECORD.unpack_from(ended.record)
    if not lengths[0] or wire.RECORD.size + sum(lengths) != len(ended.record):
        return None
    if max(lengths[2:]) > limits.output_bytes:
        return None
    texts, at = [], wire.RECORD.size
    try:
        for length in lengths:
            texts.append(ended.record[at : at + length].decode("utf-8"))
            at += length
        outcome, detail, given, result, stdout = texts
        known = Outcome(outcome)
        if known is Outcome.OK:
            _check_json(given)
            _check_json(result)
    except (ValueError, RecursionError):
        return None
    ok = known is Outcome.OK
    return Execution(
        outcome=known,
        # An object's address in an exception's text differs from run to run.
        detail=_ADDRESS.sub("0x...", detail),
        input=given if ok else None,
        output=result if ok else None,
        stdout=stdout,
        cpu_s=ended.cpu_s,
        wall_s=ended.wall_s,
        peak_mb=ended.peak_mb,
    )


def _check_json(text: str) -> None:
    """Raises ValueError or RecursionError where `text` is not what the guest would write."""
    try:
        value = json.loads(text, parse_int=_integer)
    except _LongInteger:
        # Reading 60,000 digits takes long, and Python refuses above 4,300: they stay text.
        json.loads(text, parse_int=str, parse_float=_finite, parse_constant=_finite)
        return
    if canonical_json(value) != text:
        raise ValueError(text[:100])


class _LongInteger(Exception):
    """An integer that Python would not read."""


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _LongInteger
    return int(digits)


def _finite(number: str) -> float:
    if not math.isfinite(float(number)):
        raise ValueError(number)
    return float(number)
