"""The LLM judge's verdicts on planted rows."""

from collections.abc import Iterator, Sequence

from caco.config.generation import LlmJudge
from caco.engines.protocol import GeneratingModel
from caco.rows.calibration import Planted, PlantedJudgement
from caco.rows.rejected import verdict_of
from caco.runtime.progress import Progress
from caco.stages.reverse.llm_judge import llm_judge_solutions


def judge_planted(
    rows: Sequence[Planted],
    model: GeneratingModel,
    section: LlmJudge,
    progress: Progress | None = None,
) -> Iterator[PlantedJudgement]:
    """Yields the verdict of the LLM judge on each planted row, in order.

    Args:
        rows: Planted rows.
        model: The judge.
        section: As in `caco.stages.reverse.llm_judge.llm_judge_solutions`.
        progress: Advances with each completion.
    """
    outcomes = llm_judge_solutions(rows, model, section, progress)
    for row, outcome in zip(rows, outcomes, strict=True):
        yield PlantedJudgement(row.question_id, *verdict_of(outcome))
