"""The interface of every sandbox: program texts in, executions out.

A program is a Code CoT: Python text that leaves its inputs in the global dict `input` and its
result in the global `output`. A sandbox executes it and reports the outcome. A failure of the
sandbox itself raises `SandboxUnavailable` and is never the outcome of a program.
"""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self, TypeVar

from caco.errors import SandboxUnavailable
from caco.sandbox.guest.values import Json
from caco.sandbox.guest.values import NotSerialisable as NotSerialisable


class Outcome(StrEnum):
    """The outcome of a program: exactly one of these."""

    OK = "ok"  # ran to completion; `input` and `output` are JSON
    SYNTAX_ERROR = "syntax_error"
    EXCEPTION = "exception"  # raised, SystemExit included
    NO_OUTPUT = "no_output"  # ran to completion, but `input` or `output` is missing
    NOT_SERIALISABLE = "not_serialisable"  # `input` or `output` is not a JSON value, or is NaN
    CPU_TIMEOUT = "cpu_timeout"
    WALL_TIMEOUT = "wall_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_TOO_LARGE = "output_too_large"
    KILLED = "killed"  # by a signal that no limit explains (a crash or a forbidden call)


@dataclass(frozen=True, slots=True)
class Execution:
    """One executed program.

    Attributes:
        outcome: The outcome.
        detail: The reason: type and message of the exception, or the limit that was exceeded. Empty
            if `outcome` is OK.
        input: The global `input` as canonical JSON, recorded at its last assignment at the start of
            a line, or else after execution; None unless OK.
        output: The global `output` as canonical JSON; if the program does not set it, the text
            printed to standard output as a JSON string. None unless OK.
        stdout: The text printed to standard output, truncated at the output limit.
        cpu_s: CPU time in seconds.
        wall_s: Wall time in seconds.
        peak_mb: Peak resident memory in MiB, including the interpreter.
        input_changed: Whether `input` had another value after execution, or was not recorded where
            it was assigned: `output` may then not follow from `input`. False unless OK.
    """

    outcome: Outcome
    detail: str
    input: str | None
    output: str | None
    stdout: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    input_changed: bool = False

    @property
    def limit(self) -> str | None:
        """The key of the config's `sandbox` section whose limit was exceeded, or None."""
        return _LIMITS.get(self.outcome)


_LIMITS = {
    Outcome.CPU_TIMEOUT: "cpu_s",
    Outcome.WALL_TIMEOUT: "wall_s",
    Outcome.OUT_OF_MEMORY: "memory_mb",
    Outcome.OUTPUT_TOO_LARGE: "output_bytes",
}


def json_text(value: object) -> str:
    """Returns a value as the JSON text that a program with this `input` or `output` has.

    Raises:
        NotSerialisable: JSON cannot represent the value.
    """
    return Json(sys.maxsize).text(value)


class Sandbox(Protocol):
    """Executes untrusted programs; a context manager that releases all its resources on exit."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        """Executes `programs` in parallel and yields their executions in order.

        Args:
            programs: Python texts.
            repeat: Selects the random seeds and the hash seed (the iteration order of sets). Runs
                with the same number use the same seeds, runs with different numbers do not.

        Raises:
            SandboxUnavailable: The sandbox itself failed.
        """
        ...


T = TypeVar("T")


def execute_in_order(
    sandbox: Sandbox, programs: Iterable[tuple[T, str]], repeat: int = 0
) -> Iterator[tuple[T, Execution]]:
    """Yields each item with the execution of its program, in order.

    Programs are drawn lazily, as the sandbox requests them.

    Args:
        sandbox: The sandbox.
        programs: Items, each with the text of its program.
        repeat: As in `Sandbox.run`.

    Raises:
        SandboxUnavailable: The sandbox failed, or returned fewer executions than programs.
    """
    source = iter(programs)
    pending: deque[T] = deque()

    def texts() -> Iterator[str]:
        for item, text in source:
            pending.append(item)
            yield text

    for execution in sandbox.run(texts(), repeat):
        yield pending.popleft(), execution
    if pending or next(source, None) is not None:
        raise SandboxUnavailable("the sandbox returned fewer executions than programs")
