"""Parsing and validating the record that a program leaves, which is untrusted."""

import json
import math
import os
import re
import signal

from caco.config.checks import SandboxLimits as Limits
from caco.identity import canonical_json
from caco.sandbox.guest import wire
from caco.sandbox.protocol import Execution, Outcome
from caco.sandbox.warm_parent import Termination

_MAX_DIGITS = 4_000
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


class KilledByHost(Exception):
    """A program was killed by a SIGKILL that none of its limits explains.

    The machine ran out of memory, or a process outside the jail sent the signal.
    """

    def __init__(self, termination: Termination) -> None:
        self._ended = termination

    def as_killed(self) -> Execution:
        """Returns the execution with outcome KILLED, for a program that causes the signal."""
        return _without_record(self._ended, Outcome.KILLED, "killed by SIGKILL")


def execution(termination: Termination, limits: Limits) -> Execution:
    """Returns the execution of a program that has terminated.

    The outcome follows from what the kernel reports. The record is read only if the program exited
    by itself within its limits; a forged record can claim nothing that `output` could not.

    Args:
        termination: How the program terminated.
        limits: The limits of the program.

    Raises:
        KilledByHost: The machine ran out of memory, or another process killed the program.
    """
    exited = os.WIFEXITED(termination.status)
    signal_number = 0 if exited else os.WTERMSIG(termination.status)
    if termination.limit == wire.CPU_LIMIT or termination.cpu_s >= limits.cpu_s:
        return _without_record(
            termination, Outcome.CPU_TIMEOUT, f"more than {limits.cpu_s:g} s of CPU time"
        )
    if termination.limit == wire.WALL_LIMIT:
        return _without_record(
            termination, Outcome.WALL_TIMEOUT, f"more than {limits.wall_s:g} s of wall time"
        )
    if termination.out_of_memory:
        return _without_record(termination, Outcome.OUT_OF_MEMORY, "the program ran out of memory")
    if signal_number == signal.SIGKILL:
        raise KilledByHost(termination)
    if not exited:
        name = signal.Signals(signal_number).name
        return _without_record(termination, Outcome.KILLED, f"killed by {name}")
    status = os.WEXITSTATUS(termination.status)
    recorded = _parse_record(termination, limits) if status == 0 else None
    if recorded is None:
        return _without_record(termination, Outcome.KILLED, f"exited with status {status}")
    return recorded


def _without_record(termination: Termination, outcome: Outcome, detail: str) -> Execution:
    return Execution(
        outcome, detail, None, None, "", termination.cpu_s, termination.wall_s, termination.peak_mb
    )


def _parse_record(termination: Termination, limits: Limits) -> Execution | None:
    """Returns the execution in a record, or None if the record is incomplete or invalid."""
    lengths = wire.RECORD.unpack_from(termination.record)
    if not lengths[0] or wire.RECORD.size + sum(lengths) != len(termination.record):
        return None
    if max(lengths[2:5]) > limits.output_bytes:
        return None
    texts, offset = [], wire.RECORD.size
    try:
        for length in lengths:
            texts.append(termination.record[offset : offset + length].decode("utf-8"))
            offset += length
        name, detail, input_json, output_json, stdout, changed = texts
        outcome = Outcome(name)
        if outcome is Outcome.OK:
            _check_json(input_json)
            _check_json(output_json)
    except (ValueError, RecursionError):
        return None
    ok = outcome is Outcome.OK
    return Execution(
        outcome=outcome,
        # The address of an object in an exception's message differs between runs.
        detail=_ADDRESS.sub("0x...", detail),
        input=input_json if ok else None,
        output=output_json if ok else None,
        stdout=stdout,
        cpu_s=termination.cpu_s,
        wall_s=termination.wall_s,
        peak_mb=termination.peak_mb,
        input_changed=ok and changed == wire.CHANGED,
    )


def _check_json(text: str) -> None:
    """Raises ValueError or RecursionError if `text` is not canonical JSON."""
    try:
        value = json.loads(text, parse_int=_integer)
    except _LongInteger:
        # Parsing 60,000 digits is slow, and Python refuses more than 4,300: they stay text.
        json.loads(text, parse_int=str, parse_float=_finite, parse_constant=_finite)
        return
    if canonical_json(value) != text:
        raise ValueError(text[:100])


class _LongInteger(Exception):
    """An integer with more digits than Python parses."""


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _LongInteger
    return int(digits)


def _finite(number: str) -> float:
    if not math.isfinite(float(number)):
        raise ValueError(number)
    return float(number)
