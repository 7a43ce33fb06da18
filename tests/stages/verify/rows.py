"""Programs and a sandbox to test the rules with."""

from collections.abc import Iterable, Iterator

from caco.identity import canonical_json, digest
from caco.rows.program import Program
from caco.sandbox.protocol import Execution, Outcome
from caco.stages.verify.literal import literal_input
from caco.stages.verify.rules import Candidate, Source
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


def ran(given: str = '{"apples":3,"price":4}', result: str = "12") -> Execution:
    return Execution(Outcome.OK, "", given, result, "", 0.02, 0.05, 12.0)


def failed(outcome: Outcome, detail: str) -> Execution:
    return Execution(outcome, detail, None, None, "", 0.02, 0.05, 12.0)


class Told:
    """A sandbox that tells what it was told to, and remembers what it was asked to run.

    A program that it was told nothing of multiplies the two numbers of its `input`.
    """

    def __init__(self, executions: dict[str, Execution] | None = None, ahead: int = 1) -> None:
        self.executions = executions or {}
        self.ahead = ahead
        self.asked: list[str] = []
        self.repeats: list[int] = []

    def __enter__(self) -> "Told":
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def run(self, programs: Iterable[str], repeat: int = 0) -> Iterator[Execution]:
        waiting: list[str] = []
        for program in programs:
            self.asked.append(program)
            self.repeats.append(repeat)
            waiting.append(program)
            if len(waiting) == self.ahead:
                yield self._told(waiting.pop(0))
        for program in waiting:
            yield self._told(program)

    def _told(self, program: str) -> Execution:
        literal = literal_input(Source(program))
        if program in self.executions or literal is None:
            return self.executions.get(program, ran())
        first, *_, last = literal.value.values()
        return ran(canonical_json(literal.value), str(first * last))
