"""A sandbox without isolation, for programs that the tests define."""

import contextlib
import io
import json
from typing import Any

import pytest

from caco.sandbox.protocol import Execution, Outcome, json_text
from caco.stages.seeds.normalise import make_seed


class TrustingSandbox:
    """Executes programs in this process, several ahead of the results, as the real sandbox does."""

    def __init__(self, ahead=3):
        self._ahead = ahead

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def run(self, programs, repeat=0):
        waiting = []
        for program in programs:
            waiting.append(self._execute(program))
            if len(waiting) > self._ahead:
                yield waiting.pop(0)
        yield from waiting

    def _execute(self, program):
        names: dict[str, Any] = {}
        try:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(program, names)
        except Exception as e:
            detail = f"{type(e).__name__}: {e}"
            return Execution(Outcome.EXCEPTION, detail, None, None, "", 0.0, 0.0, 0.0)
        texts = json_text(names["input"]), json_text(names["output"])
        return Execution(Outcome.OK, "", *texts, printed.getvalue(), 0.0, 0.0, 0.0)


@pytest.fixture
def trusting():
    return TrustingSandbox()


@pytest.fixture
def computed():
    """Executes a trusted program and returns its `input` and `output`."""

    def run(program):
        execution = TrustingSandbox()._execute(program)
        assert execution.outcome is Outcome.OK, (execution.detail, program)
        return json.loads(execution.input), json.loads(execution.output)

    return run


@pytest.fixture
def worded():
    """Makes a word problem with a worked solution."""

    def make(problem, solution, answer):
        return make_seed("gsm8k", problem, answer, solution=solution)

    return make
