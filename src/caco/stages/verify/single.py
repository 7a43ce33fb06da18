"""Verification of a single program that has been executed already."""

from collections.abc import Iterable, Iterator
from typing import Self

from caco.config.checks import Verify
from caco.rows.rejected import ACCEPTED
from caco.rows.verified import Verified
from caco.sandbox.protocol import Execution, Sandbox
from caco.stages.verify.rules import complete_program
from caco.stages.verify.verify import verify_shard


def verify_executed(
    program: str, execution: Execution, sandbox: Sandbox, settings: Verify
) -> tuple[str, str]:
    """Returns the verdict on a program, `accepted` or that of a rule, and the reason.

    The program is a shard of its own, so it is never a duplicate, and it counts as complete.

    Args:
        program: Its text.
        execution: Its first run.
        sandbox: Where the further runs are executed.
        settings: Thresholds of the rules.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    row = complete_program(program).row
    (found,) = verify_shard([row], _FirstRunKnown(sandbox, program, execution), settings)
    return (ACCEPTED, "") if isinstance(found, Verified) else (found.verdict, found.reason)


class _FirstRunKnown:
    """A sandbox that does not repeat the first run of one program.

    Verdict and outcome then follow from the same run, and the program runs once less.
    """

    def __init__(self, sandbox: Sandbox, program: str, execution: Execution) -> None:
        self._sandbox, self._program, self._execution = sandbox, program, execution

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Leaves the sandbox open: it is the caller's."""

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        for program in programs:
            if program == self._program and repeat == 0:
                yield self._execution
            else:
                yield from self._sandbox.run([program], repeat)
