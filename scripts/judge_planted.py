"""Runs the LLM judge on every planted row, including those that an exact check rejects.

Separate from `calibrate`, which needs no model. The spec is the section `reverse.llm_judge` of the
config.
"""

from caco.config.generation import LlmJudge
from caco.engines.open import generating_model
from caco.rows.calibration import Planted, PlantedJudgement
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.calibrate.judgements import judge_planted
from caco.stages.reverse.replies import kept_replies


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="judge_planted")
    job.reads("--model", help="manifest of the LLM judge")
    job.reads("--planted", help="planted rows (Planted rows)")
    job.writes("--judgements", help="verdicts of the LLM judge (PlantedJudgement rows)")
    job.writes("--replies", help="all replies of the model (Reply rows)")
    args = job.parse()
    section = job.section(LlmJudge)
    rows = list(read_rows(args.planted, Planted))
    progress = Progress("judge_planted", len(rows))
    with (
        generating_model(job, section.engine, "reverse.llm_judge.model") as model,
        kept_replies(model, args.replies) as judge,
    ):
        judgements = judge_planted(rows, judge, section, progress)
        write_rows(args.judgements, PlantedJudgement, judgements)
    job.done(seed=section.sampling.seed)


if __name__ == "__main__":
    run(main)
