"""Executions beside what their programs came with."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

from caco.errors import SandboxUnavailable
from caco.sandbox.protocol import Execution, Sandbox

T = TypeVar("T")


def execute(
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
