"""The rules that need runs of a program on perturbed inputs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from caco.config.checks import Verify
from caco.sandbox.protocol import Execution, Outcome, json_text
from caco.stages.verify.rules import Candidate, Violation, shortened
from caco.stages.verify.source import Literal

_MIN_ECHOES = 3  # runs with a changed value of the echoed input


@dataclass(frozen=True, slots=True)
class PerturbedRun:
    """A run on a perturbed input.

    Attributes:
        input: The perturbed value of `input`.
        run: The execution.
    """

    input: dict[Any, Any]
    run: Execution


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a program whose first run succeeded.

    Attributes:
        first: The first run, whose `input` and `output` are the program's.
        literal: The dict literal of `input`; None where `input` has none.
        perturbed: The runs on perturbed inputs so far.
    """

    first: Execution
    literal: Literal | None
    perturbed: tuple[PerturbedRun, ...]

    def evidence(self) -> Iterator[PerturbedRun]:
        """Yields the successful perturbed runs with another executed `input` than the first run."""
        for one in self.perturbed:
            if one.run.outcome is Outcome.OK and one.run.input != self.first.input:
                yield one


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The evidence of all runs so far that a program violates a rule.

    Attributes:
        reason: What the runs have in common, in one sentence.
        proved: Whether there are enough runs to reject the program.
    """

    reason: str
    proved: bool


# Returns a suspicion, or None where the runs show that the program satisfies the rule: no further
# run changes that. The setting with the name of the verdict switches the rule.
RerunRule = Callable[[Candidate, Runs, Verify], Suspicion | None]


def insensitive(program: Candidate, runs: Runs, settings: Verify) -> Suspicion | None:
    """The output changes with the input.

    A program whose output is a label (yes or no, the name of a class) may give the same label for
    all inputs near its own; it is exempt. A small integer may be equal by chance, as a greatest
    common divisor of 1 is; it needs twice as many runs.
    """
    if runs.literal is None:
        return None
    evidence = list(runs.evidence())
    output = _json(runs.first.output)
    if any(_json(one.run.output) != output for one in evidence):  # as JSON values: 4.0 equals 4
        return None
    kind = _output_kind(output, runs.literal.constants)
    if kind is _OutputKind.LABEL:
        return None
    needed = settings.min_perturbed * (2 if kind is _OutputKind.SMALL else 1)
    return Suspicion(
        f"`output` is {shortened(runs.first.output)} for {len(evidence)} other inputs too",
        proved=len(evidence) >= needed,
    )


def echo(program: Candidate, runs: Runs, settings: Verify) -> Suspicion | None:
    """The output is not a copy of one input, or of `input` itself.

    An output may equal an input by chance, and the maximum of two inputs always equals one. So it
    must be the value of the same key in every run, and that value must have changed in some runs.
    """
    if runs.literal is None:
        return None
    original = runs.literal.value
    output = _json(runs.first.output)
    suspects = [
        key for key, value in [(None, original), *original.items()] if _equals(output, value)
    ]
    changed = dict.fromkeys(suspects, 0)  # runs in which the value of the key has changed
    evidence = list(runs.evidence())
    for one in evidence:
        output = _json(one.run.output)
        for key in list(changed):
            value = one.input if key is None else one.input[key]
            if not _equals(output, value):
                del changed[key]
            elif value != (original if key is None else original[key]):
                changed[key] += 1
        if not changed:
            return None
    for key, count in changed.items():
        what = "`input`" if key is None else f"`input[{key!r}]`"
        return Suspicion(
            f"`output` is {what} in all of {len(evidence) + 1} runs on different inputs",
            proved=len(evidence) >= settings.min_perturbed and count >= _MIN_ECHOES,
        )
    return None


RERUN_RULES: dict[str, RerunRule] = {
    "insensitive": insensitive,
    "echo": echo,
}


def switched_on(settings: Verify) -> dict[str, RerunRule]:
    """Returns the rules, by verdict, that are switched on."""
    return {verdict: rule for verdict, rule in RERUN_RULES.items() if getattr(settings, verdict)}


def suspicions(program: Candidate, runs: Runs, settings: Verify) -> Iterator[tuple[str, Suspicion]]:
    """Yields the suspicions of the rules that are switched on, with their verdicts."""
    for verdict, rule in switched_on(settings).items():
        if (suspicion := rule(program, runs, settings)) is not None:
            yield verdict, suspicion


def rerun_violation(program: Candidate, runs: Runs, settings: Verify) -> Violation | None:
    """Returns the first violation that a program's perturbed runs prove, or None."""
    for verdict, suspicion in suspicions(program, runs, settings):
        if suspicion.proved:
            return Violation(verdict, suspicion.reason)
    return None


def _json(text: str | None) -> Any:
    """Parses JSON; integers of 4,000 digits and more remain text (Python converts up to 4,300)."""
    return json.loads(text or "null", parse_int=lambda d: int(d) if len(d) < 4_000 else d)


class _OutputKind(Enum):
    """The kind of an output, in increasing order of the number of possible values."""

    LABEL = 0
    SMALL = 1  # an integer of at most `_SMALL`
    WIDE = 2


_SMALL = 10


def _output_kind(output: Any, constants: tuple[Any, ...]) -> _OutputKind:
    """Returns the kind of an output; of a list or dict, the widest kind of its values.

    Args:
        output: The output.
        constants: Constants of the program: a string among them is a label.
    """
    if isinstance(output, dict | list):
        items = output.values() if isinstance(output, dict) else output
        kinds = [_output_kind(item, constants) for item in items]
        return max(kinds, key=lambda kind: kind.value, default=_OutputKind.LABEL)
    if output is None or isinstance(output, bool):
        return _OutputKind.LABEL
    if isinstance(output, str):
        composed = output not in constants and any(char.isdigit() for char in output)
        return _OutputKind.WIDE if composed else _OutputKind.LABEL
    small = isinstance(output, int) and abs(output) <= _SMALL
    return _OutputKind.SMALL if small else _OutputKind.WIDE


def _equals(output: Any, value: Any) -> bool:
    """Returns whether an output equals an input value, or is an input number as text."""
    if isinstance(output, bool) or isinstance(value, bool):
        return output is value
    if isinstance(output, str) and isinstance(value, int | float):
        return output == str(value)
    if isinstance(value, dict | list | tuple):
        return type(output) is (dict if isinstance(value, dict) else list) and bool(
            output == _json(json_text(value))
        )
    return output is not None and bool(output == value)
