"""What a sandbox promises, whichever it is.

A program is a Code CoT: Python text that leaves its inputs in the global dict `input` and its
result in the global `output`. A sandbox executes it and tells what happened. Its own failures are
`SandboxUnavailable`, never a program's outcome.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self, TypeVar

from caco.errors import SandboxUnavailable


class Outcome(StrEnum):
    """What became of a program: exactly one of these."""

    OK = "ok"  # ran to its end; `input` and `output` are JSON
    SYNTAX_ERROR = "syntax_error"
    EXCEPTION = "exception"  # raised, SystemExit included
    NO_OUTPUT = "no_output"  # ran, but `input` or `output` is missing
    NOT_SERIALISABLE = "not_serialisable"  # `input` or `output` is no JSON value, or NaN
    CPU_TIMEOUT = "cpu_timeout"
    WALL_TIMEOUT = "wall_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_TOO_LARGE = "output_too_large"
    KILLED = "killed"  # by a signal that no limit explains (a crash, or a forbidden call)


@dataclass(frozen=True, slots=True)
class Execution:
    """One executed program.

    Attributes:
        outcome: What became of it.
        detail: Why, in a sentence: the exception's type and text, the limit that was hit. Empty
            when `outcome` is OK.
        input: The global `input` after execution as canonical JSON; None unless OK.
        output: The global `output` likewise; where the program sets none, what it printed, as a
            JSON string.
        stdout: What it printed, cut at the output limit.
        cpu_s: CPU seconds used.
        wall_s: Wall seconds used.
        peak_mb: Peak resident memory in MiB, the interpreter's included.
    """

    outcome: Outcome
    detail: str
    input: str | None
    output: str | None
    stdout: str
    cpu_s: float
    wall_s: float
    peak_mb: float

    @property
    def limit(self) -> str | None:
        """The key of the config's `sandbox` section whose limit was hit, if one was."""
        return _LIMITS.get(self.outcome)


_LIMITS = {
    Outcome.CPU_TIMEOUT: "cpu_s",
    Outcome.WALL_TIMEOUT: "wall_s",
    Outcome.OUT_OF_MEMORY: "memory_mb",
    Outcome.OUTPUT_TOO_LARGE: "output_bytes",
}


class Sandbox(Protocol):
    """Executes untrusted programs; a context manager that leaves nothing behind."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        """Executes `programs`, several at a time, and yields their executions in order.

        Args:
            programs: Python texts.
            repeat: Two runs of one number are alike in all that a sandbox can keep alike (seeds of
                random numbers, the order of sets); runs of different numbers differ in it.

        Raises:
            SandboxUnavailable: The sandbox itself failed.
        """
        ...


T = TypeVar("T")


def execute_in_order(
    sandbox: Sandbox, programs: Iterable[tuple[T, str]], repeat: int = 0
) -> Iterator[tuple[T, Execution]]:
    """Yields each program's execution with what the program came with, in order.

    Programs are drawn only as the sandbox asks for more.

    Args:
        sandbox: The sandbox.
        programs: Anything, with the text to be executed.
        repeat: As in `Sandbox.run`.

    Raises:
        SandboxUnavailable: The sandbox failed, or gave fewer executions than it was given texts.
    """
    given = iter(programs)
    waiting: deque[T] = deque()

    def texts() -> Iterator[str]:
        for item, text in given:
            waiting.append(item)
            yield text

    for execution in sandbox.run(texts(), repeat):
        yield waiting.popleft(), execution
    if waiting or next(given, None) is not None:
        raise SandboxUnavailable("the sandbox gave back fewer executions than it was given")
