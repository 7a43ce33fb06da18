"""Puts every planted row to the LLM judge, also those that an exact check rejects.

Separate from `calibrate`, which needs no model. The spec is the config's `reverse.llm_judge`.
"""

from caco.config.generation import LlmJudge
from caco.engines.open import generating_model
from caco.rows.calibration import Planted, PlantedJudgement
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.stages.calibrate.measure import verdicts
from caco.stages.reverse.llm_judge import llm_judge_solutions


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="judge_planted")
    job.reads("--model", help="manifest of the judge")
    job.reads("--planted", help="Parquet of planted rows")
    job.writes("--judgements", help="Parquet of the judge's verdict on each")
    args = job.parse()
    section = job.section(LlmJudge)
    rows = list(read_rows(args.planted, Planted))
    progress = Progress("judge_planted", len(rows))
    with generating_model(job, section.engine) as model:
        found = zip(
            rows, verdicts(llm_judge_solutions(rows, model, section, progress)), strict=True
        )
        judgements = (PlantedJudgement(row.question_id, *verdict) for row, verdict in found)
        write_rows(args.judgements, PlantedJudgement, judgements)
    job.done(seed=section.sampling.seed)


if __name__ == "__main__":
    run(main)
