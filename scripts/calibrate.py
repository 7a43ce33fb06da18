"""Tries the dual verification on planted rows and reports how often each check errs.

The spec is the config's `reverse.judge`.
"""

from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.rows.calibration import Measured, Planted, PlantedJudgement
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.stages.calibrate.measure import exact_verdicts, measured
from caco.stages.calibrate.rates import rates, rates_text, write_rates


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="calibrate")
    job.reads("--planted", help="Parquet of planted rows")
    job.reads(
        "--judgements",
        help="what the judging model says of them, if there is one",
        many=True,
        required=False,
    )
    job.writes("--measured", help="Parquet of the rows with what each check said")
    job.writes("--rates", help="false accepts and false rejects (JSON)")
    args = job.parse()
    section = job.section(Judge)
    rows = list(read_rows(args.planted, Planted))
    with Grader(section.answer_timeout_s) as grader:
        exact = list(exact_verdicts(rows, grader, section))
    judgements = list(read_rows(args.judgements[0], PlantedJudgement)) if args.judgements else None
    made = list(measured(rows, exact, judgements))
    write_rows(args.measured, Measured, made)
    found = rates(made)
    write_rates(args.rates, found)
    print(rates_text(found), end="")
    job.done()


if __name__ == "__main__":
    run(main)
