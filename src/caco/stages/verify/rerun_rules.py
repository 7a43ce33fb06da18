"""The rules that take further runs of a program: a second one, and runs on perturbed inputs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from caco.config.checks import Verify
from caco.sandbox.protocol import Execution, Outcome
from caco.stages.verify.literal import Literal
from caco.stages.verify.rules import Broken, Candidate

_MOVED = 3  # values that an echoed input must have taken beside its own


class Rerun(Enum):
    """What a rule asks to be executed beyond the first run."""

    SECOND = "second"
    PERTURBED = "perturbed"


@dataclass(frozen=True, slots=True)
class PerturbedRun:
    """A run on a perturbed input.

    Attributes:
        given: The literal in place of the program's.
        run: What became of it.
    """

    given: dict[Any, Any]
    run: Execution


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a program that ran to its end.

    Attributes:
        first: The run whose `input` and `output` count.
        second: The same program again, or None where no rule asks.
        literal: Its literal `input`, or None where there is none to perturb.
        perturbed: The runs on perturbed inputs, so far.
    """

    first: Execution
    second: Execution | None
    literal: Literal | None
    perturbed: tuple[PerturbedRun, ...]

    def ended_well(self) -> Iterator[PerturbedRun]:
        """Yields the perturbed runs that are evidence: ended well, on an `input` that did move."""
        for one in self.perturbed:
            if one.run.outcome is Outcome.OK and one.run.input != self.first.input:
                yield one


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What all runs so far say against a program.

    Attributes:
        reason: What was seen, in a sentence.
        proved: Whether there were enough of them to reject it.
    """

    reason: str
    proved: bool


@dataclass(frozen=True, slots=True)
class RunsRule:
    """A rule that takes further runs. Its switch is the setting of its verdict's name.

    Attributes:
        asks: What it asks to be executed.
        judge: Returns a suspicion, or None once the runs speak for the program: more of them
            change nothing then.
    """

    asks: Rerun
    judge: Callable[[Candidate, Runs, Verify], Suspicion | None]


# How a second run can end that the first, which ended well, contradicts. Time and memory are not
# among them: a program near a limit is on either side of it by chance.
_CONTRADICTS = frozenset(
    {Outcome.EXCEPTION, Outcome.NO_OUTPUT, Outcome.NOT_SERIALISABLE, Outcome.OUTPUT_TOO_LARGE}
)


def non_deterministic(program: Candidate, runs: Runs, settings: Verify) -> Suspicion | None:
    """A second run, with other random numbers and another order of sets, gives the same."""
    again, first = runs.second, runs.first
    if again is None:
        return None
    if again.outcome in _CONTRADICTS:
        return Suspicion(f"a second run: {again.outcome} ({again.detail})", proved=True)
    if again.outcome is not Outcome.OK:
        return None
    for name, once, twice in (
        ("input", first.input, again.input),
        ("output", first.output, again.output),
    ):
        if once != twice:
            return Suspicion(
                f"`{name}` is {_short(once)}, and {_short(twice)} in a second run", proved=True
            )
    return None


def insensitive(program: Candidate, runs: Runs, settings: Verify) -> Suspicion | None:
    """The output moves with the input.

    A program that answers with a label (yes or no, a name for a class) may rightly give the same
    one for all inputs near its own: it is not judged. A small integer may stay by chance, as a
    greatest common divisor of 1 does: it takes twice the evidence.
    """
    if runs.literal is None:
        return None
    ended_well = list(runs.ended_well())
    output = _json(runs.first.output)
    if any(_json(one.run.output) != output for one in ended_well):  # 4.0 is 4
        return None
    spread = _spread(output, runs.literal.constants)
    if spread is _Spread.LABEL:
        return None
    wanted = settings.min_perturbed * (2 if spread is _Spread.SMALL else 1)
    return Suspicion(
        f"`output` is {_short(runs.first.output)} for {len(ended_well)} other inputs too",
        proved=len(ended_well) >= wanted,
    )


def echo(program: Candidate, runs: Runs, settings: Verify) -> Suspicion | None:
    """The output is not one of the inputs, or all of them, handed on.

    An answer may equal an input by chance, and the largest of two is always one of them; so it must
    be the same key's value in every run, and those values must have moved.
    """
    if runs.literal is None:
        return None
    given = runs.literal.value
    output = _json(runs.first.output)
    suspects = [key for key, value in [(None, given), *given.items()] if _same(output, value)]
    moved = dict.fromkeys(suspects, 0)
    ended_well = list(runs.ended_well())
    for one in ended_well:
        output = _json(one.run.output)
        for key in list(moved):
            value = one.given if key is None else one.given[key]
            if not _same(output, value):
                del moved[key]
            elif value != (given if key is None else given[key]):
                moved[key] += 1
        if not moved:
            return None
    for key, count in moved.items():
        what = "`input`" if key is None else f"`input[{key!r}]`"
        return Suspicion(
            f"`output` is {what} in all of {len(ended_well) + 1} runs on different inputs",
            proved=len(ended_well) >= settings.min_perturbed and count >= _MOVED,
        )
    return None


RUNS: dict[str, RunsRule] = {
    "non_deterministic": RunsRule(Rerun.SECOND, non_deterministic),
    "insensitive": RunsRule(Rerun.PERTURBED, insensitive),
    "echo": RunsRule(Rerun.PERTURBED, echo),
}


def rules_asking_for(further: Rerun, settings: Verify) -> dict[str, RunsRule]:
    """Returns the rules that ask for further runs of a kind and are switched on."""
    return {
        verdict: rule
        for verdict, rule in RUNS.items()
        if rule.asks is further and getattr(settings, verdict)
    }


def suspicions(
    program: Candidate, runs: Runs, further: Rerun, settings: Verify
) -> Iterator[tuple[str, Suspicion]]:
    """Yields what the rules that asked for further runs have against a program, with verdicts."""
    for verdict, rule in rules_asking_for(further, settings).items():
        if (suspicion := rule.judge(program, runs, settings)) is not None:
            yield verdict, suspicion


def broken_by_runs(
    program: Candidate, runs: Runs, further: Rerun, settings: Verify
) -> Broken | None:
    """Returns the first rule that a program breaks, proved by its further runs."""
    for verdict, suspicion in suspicions(program, runs, further, settings):
        if suspicion.proved:
            return Broken(verdict, suspicion.reason)
    return None


def _json(text: str | None) -> Any:
    """Reads JSON; integers that Python refuses stay text."""
    return json.loads(text or "null", parse_int=lambda d: int(d) if len(d) < 4_000 else d)


def _short(text: str | None) -> str:
    return text if text is not None and len(text) <= 100 else f"{(text or '')[:97]}..."


class _Spread(Enum):
    """How far apart the outputs are that a program of this output might give."""

    LABEL = 0
    SMALL = 1
    WIDE = 2


_SMALL = 10


def _spread(output: Any, constants: tuple[Any, ...]) -> _Spread:
    """Returns the spread of an output; of several values, the widest.

    Args:
        output: The output.
        constants: What the program itself holds: a text among them is a label.
    """
    if isinstance(output, dict | list):
        items = output.values() if isinstance(output, dict) else output
        spreads = [_spread(item, constants) for item in items]
        return max(spreads, key=lambda s: s.value, default=_Spread.LABEL)
    if output is None or isinstance(output, bool):
        return _Spread.LABEL
    if isinstance(output, str):
        composed = output not in constants and any(char.isdigit() for char in output)
        return _Spread.WIDE if composed else _Spread.LABEL
    small = isinstance(output, int) and abs(output) <= _SMALL
    return _Spread.SMALL if small else _Spread.WIDE


def _same(output: Any, value: Any) -> bool:
    """Tells whether an output is a value of the input, or a number of it as text."""
    if isinstance(output, bool) or isinstance(value, bool):
        return output is value
    if isinstance(output, str) and isinstance(value, int | float):
        return output == str(value)
    if isinstance(value, dict | list | tuple):
        return type(output) is (dict if isinstance(value, dict) else list) and bool(
            output == json.loads(json.dumps(value))
        )
    return output is not None and bool(output == value)
