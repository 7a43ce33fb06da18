"""Tries the dual verification on planted rows and reports how often each check errs.

The spec is {"judge": the config's `reverse.judge`}.
"""

from caco.calibrate.measure import exact_verdicts, measured
from caco.calibrate.rates import rates, rates_text, write_rates
from caco.config.generation import Judge
from caco.config.section import Section
from caco.grading.grader import Grader
from caco.job import Job, run
from caco.rows.measured import Measured
from caco.rows.planted import Planted
from caco.rows.table import read_rows, write_rows


class Spec(Section):
    """What the rule depends on."""

    judge: Judge


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="calibrate")
    job.reads("--planted", "Parquet of planted rows")
    job.writes("--measured", "Parquet of the rows with what each check said")
    job.writes("--rates", "false accepts and false rejects (JSON)")
    args = job.parse()
    spec = Spec.from_spec(args.spec)
    rows = list(read_rows(args.planted, Planted))
    with Grader(spec.judge.answer_timeout_s) as grader:
        exact = list(exact_verdicts(rows, grader, spec.judge))
    made = list(measured(rows, exact, None))
    write_rows(args.measured, Measured, made)
    found = rates(made)
    write_rates(args.rates, found)
    print(rates_text(found), end="")
    job.done()


if __name__ == "__main__":
    run(main)
