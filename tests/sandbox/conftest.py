"""Fixtures that execute programs in one sandbox for the session."""

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Execution

SMALL = Limits(cpu_s=5.0, wall_s=60.0, memory_mb=512, output_bytes=20_000)


@pytest.fixture(scope="session")
def sandbox():
    with NsjailSandbox(SMALL, workers=2) as opened:
        yield opened


@pytest.fixture(scope="session")
def execute(sandbox):
    """Executes one program."""

    def one(program: str) -> Execution:
        (execution,) = sandbox.run([program])
        return execution

    return one


@pytest.fixture(scope="session")
def output_of(execute):
    """Returns the output, as JSON text, of a program whose last line is `output = expression`."""

    def of(expression: str, before: str = "") -> str:
        execution = execute(f"{before}\ninput = {{'a': 1}}\noutput = {expression}\n")
        assert execution.outcome == "ok", execution.detail
        assert execution.output is not None
        return execution.output

    return of
