"""Measures the error rates of the judge's checks and the statement check on planted rows.

The spec is the section `reverse.judge` of the config.
"""

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.rows.calibration import Planted, PlantedJudgement, PlantedVerdicts
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.stages.calibrate.measure import exact_verdicts, planted_verdicts, statement_verdicts
from caco.stages.calibrate.rates import compute_rates, rates_text, write_rates


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="calibrate")
    job.reads("--planted", help="planted rows (Planted rows)")
    job.reads(
        "--judgements",
        help="verdicts of the LLM judge on them (PlantedJudgement rows), if there is one",
        many=True,
        required=False,
    )
    job.writes(
        "--measured", help="planted rows with the verdict of each check (PlantedVerdicts rows)"
    )
    job.writes("--rates", help="false accept and false reject rates (JSON)")
    args = job.parse()
    section = job.section(Judge)
    rows = list(read_rows(args.planted, Planted))
    with Grader(section.answer_timeout_s) as grader:
        exact = list(exact_verdicts(rows, grader, section))
    judgements = list(read_rows(args.judgements[0], PlantedJudgement)) if args.judgements else None
    statements = list(statement_verdicts(rows))
    verdicts = list(planted_verdicts(rows, exact, statements, judgements))
    write_rows(args.measured, PlantedVerdicts, verdicts)
    rates = compute_rates(verdicts)
    write_rates(args.rates, rates)
    print(rates_text(rates), end="")
    job.done()


if __name__ == "__main__":
    run(main)
