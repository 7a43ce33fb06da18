"""Rows of the calibration: planted solutions, the LLM judge's verdicts on them, measurements."""

from dataclasses import dataclass

from caco.rows.solution import Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted(Solution):
    """A solution that the checks are tried on; they see it as any other.

    Attributes:
        answer: The final answer that the solution states.
        kind: A key of `caco.stages.calibrate.kinds.KINDS`: what was done to a known-right row.
        right_id: The `question_id` of that row.
    """

    answer: str
    kind: str
    right_id: str


@dataclass(frozen=True, slots=True)
class PlantedJudgement:
    """The judging model on one planted row.

    Attributes:
        question_id: The planted row.
        verdict: `accepted`, or a verdict of `caco.stages.reverse.llm_judge`.
        reason: Why not, in a sentence; empty where accepted.
    """

    question_id: str
    verdict: str
    reason: str


ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Measured:
    """A planted row before the checks, each on its own.

    Attributes:
        question_id: The planted row.
        right_id: The known-right row it was made from.
        kind: What was done to that.
        question, output, answer: What the checks compare.
        answer_check: `accepted`, or the verdict of the answer check alone.
        exact_checks: Likewise of all checks without a model.
        judge: Likewise of the judging model; None where there is none.
        reason: What the exact checks saw, or the judging model where they accepted.
    """

    question_id: str
    right_id: str
    kind: str
    question: str
    output: str
    answer: str
    answer_check: str
    exact_checks: str
    judge: str | None
    reason: str
