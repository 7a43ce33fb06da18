"""Programs and a fake sandbox for tests of the rules."""

from collections.abc import Iterable, Iterator
from typing import Self

from caco.identity import canonical_json, digest
from caco.rows.program import Program
from caco.sandbox.protocol import Execution, Outcome
from caco.stages.verify.rules import Candidate
from caco.stages.verify.source import Source, literal_input
from caco.syntax import program_id

GOOD = """\
input = {"apples": 3, "price": 4}

def cost(apples, price):
    total = apples * price
    return total

output = cost(**input)
print(output)
"""


def sampled(text: str = GOOD, index: int = 0, finish_reason: str = "stop") -> Program:
    return Program(
        sample_id=digest("sample", text, str(index)),
        program_id=program_id(text),
        shard="00000",
        index=index,
        program=text,
        model="m" * 32,
        seed=index,
        tokens=64,
        finish_reason=finish_reason,
    )


def candidate(text: str = GOOD, finish_reason: str = "stop") -> Candidate:
    return Candidate(sampled(text, finish_reason=finish_reason), Source(text))


def ran(input_json: str = '{"apples":3,"price":4}', result: str = "12") -> Execution:
    return Execution(Outcome.OK, "", input_json, result, "", 0.02, 0.05, 12.0)


def failed(outcome: Outcome, detail: str) -> Execution:
    return Execution(outcome, detail, None, None, "", 0.02, 0.05, 12.0)


class FakeSandbox:
    """A sandbox with predefined executions, which records the programs that it runs.

    A program without a predefined execution multiplies the first and last number of its `input`.
    """

    def __init__(self, executions: dict[str, Execution] | None = None, ahead: int = 1) -> None:
        self.executions = executions or {}
        self.ahead = ahead
        self.programs: list[str] = []
        self.repeats: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        waiting: list[str] = []
        for program in programs:
            self.programs.append(program)
            self.repeats.append(repeat)
            waiting.append(program)
            if len(waiting) == self.ahead:
                yield self._execute(waiting.pop(0))
        for program in waiting:
            yield self._execute(program)

    def _execute(self, program: str) -> Execution:
        literal = literal_input(Source(program))
        if program in self.executions or literal is None:
            return self.executions.get(program, ran())
        first, *_, last = literal.value.values()
        return ran(canonical_json(literal.value), str(first * last))
