"""Tries the dual verification on planted rows and reports how often each check errs.

The spec is the config's `reverse.judge`.
"""

from caco.calibrate.measure import exact_verdicts, measured
from caco.calibrate.rates import rates, rates_text, write_rates
from caco.config.generation import Judge
from caco.grading.grader import Grader
from caco.job import Job, run
from caco.rows.measured import Measured
from caco.rows.opinion import Opinion
from caco.rows.planted import Planted
from caco.rows.table import read_rows, write_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="calibrate")
    job.reads("--planted", "Parquet of planted rows")
    job.reads("--opinions", "what the judging model says of them, if there is one", True, False)
    job.writes("--measured", "Parquet of the rows with what each check said")
    job.writes("--rates", "false accepts and false rejects (JSON)")
    args = job.parse()
    section = Judge.from_spec(args.spec)
    rows = list(read_rows(args.planted, Planted))
    with Grader(section.answer_timeout_s) as grader:
        exact = list(exact_verdicts(rows, grader, section))
    opinions = list(read_rows(args.opinions[0], Opinion)) if args.opinions else None
    made = list(measured(rows, exact, opinions))
    write_rows(args.measured, Measured, made)
    found = rates(made)
    write_rates(args.rates, found)
    print(rates_text(found), end="")
    job.done()


if __name__ == "__main__":
    run(main)
