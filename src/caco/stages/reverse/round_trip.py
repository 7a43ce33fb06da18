"""The round trip: programs that a model wrote from a question must compute what its program does.

The program was translated into the question; a redraft is the question translated back, by a model
that does not see the program. A question that leaves out a relation, or asks for another value,
seldom leads back to the same output. The share of redrafts with the program's output estimates how
well the question states its program (round-trip correctness: Allamanis et al. 2024,
arXiv 2402.08699).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, zip_longest

from caco.answers.compare import compare_program
from caco.config.checks import SandboxLimits
from caco.config.section import Section
from caco.errors import UserError
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected, reject
from caco.runtime.progress import Progress
from caco.sandbox.protocol import Execution, Outcome, Sandbox, execute_in_order
from caco.text.answers import answer_text
from caco.text.program_reply import program_in

# The sandbox requires an `input`, and a redraft need not have one. It is set at the end, because
# `from __future__` must be the first statement.
_EMPTY_INPUT = "input = {}\n"
_SHOWN = 3  # outputs in a reason
_LENGTH = 40  # characters of each


class RoundTripSpec(Section):
    """The specification of a `round_trip` job.

    Attributes:
        agreement: The setting of `reverse.round_trip`.
        sandbox: The limits of a redraft.
    """

    agreement: float
    sandbox: SandboxLimits


def check_round_trips(
    rows: Iterable[Question],
    redrafts: Iterable[Redraft],
    sandbox: Sandbox,
    agreement: float,
    progress: Progress | None = None,
) -> Iterator[Question | Rejected]:
    """Yields each question with its share of agreeing redrafts, or its rejection, in order.

    The verdict is `failed_round_trip`.

    Args:
        rows: Questions.
        redrafts: Their redrafts; those of one question follow each other, in the order of `rows`.
        sandbox: Executes the redrafts.
        agreement: The share that is required.
        progress: Advances with each redraft.

    Raises:
        UserError: The redrafts are those of other questions.
        SandboxUnavailable: The sandbox failed.
    """
    executed = execute_in_order(sandbox, ((row, _executable(row)) for row in redrafts))
    groups = groupby(executed, lambda pair: pair[0].question_id)
    for row, found in zip_longest(rows, groups):
        if row is None or found is None or found[0] != row.question_id:
            raise UserError(
                "the redrafts are not those of the questions; remove their file, so that it is "
                "made again from these questions"
            )
        runs = list(found[1])
        answer = answer_text(row.output)
        outcomes = Counter(_outcome(redraft, execution, answer) for redraft, execution in runs)
        yield _judged(row, runs[0][0], outcomes, agreement)
        if progress is not None:
            progress.add(len(runs))


def _executable(redraft: Redraft) -> str:
    """Returns the program in a reply; empty where the reply did not end or holds none."""
    program = program_in(redraft.reply) if redraft.finish_reason == "stop" else ""
    return program + _EMPTY_INPUT if program else ""


def _outcome(redraft: Redraft, execution: Execution, answer: str) -> str:
    """Returns `equal`, or what a redraft has instead of the answer, in words."""
    if redraft.finish_reason != "stop":
        return "no end token"
    if execution.outcome is Outcome.SYNTAX_ERROR or execution.outcome is Outcome.NO_OUTPUT:
        return "no program with an output"
    if execution.output is None:
        return str(execution.outcome)
    if compare_program(execution.output, answer).outcome == "equal":
        return "equal"
    return f"output {execution.output[:_LENGTH]}"


def _judged(
    row: Question, redraft: Redraft, outcomes: Counter[str], agreement: float
) -> Question | Rejected:
    requested, equal = outcomes.total(), outcomes.pop("equal", 0)
    # A quotient, as 0.7 * 10 is more than 7.
    share = equal / requested
    if share >= agreement:
        return replace(
            row,
            round_trip_model=redraft.model,
            round_trip_prompt=redraft.prompt,
            round_trip_share=share,
        )
    others = ", ".join(f"{n} x {what}" for what, n in outcomes.most_common(_SHOWN))
    why = (
        f"{equal} of {requested} programs written from the question have the output "
        f"{answer_text(row.output)[:_LENGTH]}; others: {others}"
    )
    return reject(row.question_id, "failed_round_trip", why, row)
