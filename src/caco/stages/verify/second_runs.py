"""The rule `non_deterministic`: a second run of a program, and a run from its recorded `input`.

It holds for sampled programs and for Code CoTs.
"""

from collections.abc import Callable, Sequence
from functools import partial

from caco.config.checks import ProgramRules
from caco.sandbox.protocol import Execution, Outcome, Sandbox, execute_in_order
from caco.stages.verify.rules import Candidate, Violation, analysed, shortened
from caco.stages.verify.source import with_recorded_input

_Rule = Callable[[Execution, Execution], str | None]
# Outcomes of a second run that prove a program non-deterministic. Limits of time and memory do not:
# a program close to a limit exceeds it by chance.
_CONTRADICTORY = frozenset(
    {Outcome.EXCEPTION, Outcome.NO_OUTPUT, Outcome.NOT_SERIALISABLE, Outcome.OUTPUT_TOO_LARGE}
)


def second_run_violations(
    programs: Sequence[tuple[Candidate, Execution]], sandbox: Sandbox, settings: ProgramRules
) -> list[Violation | None]:
    """Runs programs again, and returns for each one its violation `non_deterministic`, or None.

    The row of a program states that its output follows from its input. A second run, with another
    random seed and hash seed, must give the same `input` and `output`. A program that changes its
    `input` must also give the same `output` in a run from the recorded value, unless its text
    assigns just that value, as in the second run.

    Args:
        programs: The programs, each with its first run, whose outcome is `ok`.
        sandbox: Executes the programs.
        settings: Whether the rule is switched on.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    found: list[Violation | None] = [None] * len(programs)
    if not settings.non_deterministic:
        return found

    def check(at: int, rule: _Rule, again: Execution) -> None:
        reason = analysed(partial(rule, programs[at][1], again))
        found[at] = Violation("non_deterministic", reason) if isinstance(reason, str) else reason

    texts = ((at, program.source.text) for at, (program, _) in enumerate(programs))
    for at, run in execute_in_order(sandbox, texts, repeat=1):
        check(at, different, run)
    changed: list[tuple[int, str]] = []
    for at, (program, first) in enumerate(programs):
        if found[at] is None and first.input_changed and first.input is not None:
            text = analysed(partial(with_recorded_input, program.source, first.input))
            if isinstance(text, Violation):
                found[at] = text
            elif text != program.source.text:
                changed.append((at, text))
    for at, run in execute_in_order(sandbox, changed):
        check(at, not_reproduced, run)
    return found


def different(first: Execution, second: Execution) -> str | None:
    """Returns how a second run of a program differs from the first, or None."""
    if second.outcome in _CONTRADICTORY:
        return f"a second run: {second.outcome} ({second.detail})"
    if second.outcome is not Outcome.OK:
        return None
    for name, before, after in (
        ("input", first.input, second.input),
        ("output", first.output, second.output),
    ):
        if before != after:
            return f"`{name}` is {shortened(before)}, and {shortened(after)} in a second run"
    return None


def not_reproduced(first: Execution, recorded: Execution) -> str | None:
    """Returns why the output does not follow from the recorded `input`, or None."""
    where = f"a run from the recorded `input` {shortened(first.input)}"
    if recorded.outcome is not Outcome.OK:
        return f"{where}: {recorded.outcome} ({recorded.detail})"
    if recorded.output != first.output:
        return f"`output` is {shortened(first.output)}, and {shortened(recorded.output)} in {where}"
    return None
