"""Rows of the calibration: planted solutions and the verdicts of the checks on them."""

from dataclasses import dataclass

from caco.rows.solution import Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted(Solution):
    """A solution that is known to be right or wrong; the checks read it as any other row.

    Attributes:
        answer: The final answer that the solution states.
        kind: A key of `caco.stages.calibrate.kinds.KINDS`: how a known-right row was changed.
        right_id: The `question_id` of that known-right row.
    """

    answer: str
    kind: str
    right_id: str


@dataclass(frozen=True, slots=True)
class PlantedJudgement:
    """The LLM judge's verdict on one planted row.

    Attributes:
        question_id: The planted row.
        verdict: `accepted`, or a verdict of `caco.stages.reverse.llm_judge`.
        reason: Why the row was rejected, in one sentence; empty where it was accepted.
    """

    question_id: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlantedVerdicts:
    """A planted row with the verdict of each check alone.

    Attributes:
        question_id: The planted row.
        right_id: The known-right row that it was derived from.
        kind: How the known-right row was changed.
        question, output, answer: The values that the checks compare.
        answer_check: `accepted`, or the verdict of the answer check alone.
        exact_checks: `accepted`, or the verdict of the judge's checks without a model.
        statement_check: `accepted`, or the verdict of the statement check alone.
        judge: `accepted`, or the verdict of the LLM judge alone; None where there is no LLM judge.
        reason: The reason of the first of these verdicts that is no acceptance.
    """

    question_id: str
    right_id: str
    kind: str
    question: str
    output: str
    answer: str
    answer_check: str
    exact_checks: str
    statement_check: str
    judge: str | None
    reason: str
