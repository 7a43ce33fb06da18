"""Tries the dual verification on planted rows and reports how often each check errs.

The spec is {"judge": the config's `reverse.judge`, "agree": its `reverse.agree` or null}.
"""

from argparse import Namespace
from collections.abc import Sequence

from caco.calibrate.measure import Said, exact_verdicts, measured, said
from caco.calibrate.rates import rates, rates_text, write_rates
from caco.config.generation import Agree, Judge
from caco.config.section import Section
from caco.engines.open import open_resumable
from caco.grading.grader import Grader
from caco.job import Job, run
from caco.models.framing import framing
from caco.models.manifest import read_manifest
from caco.progress import Progress
from caco.reverse.agree import agree_solutions
from caco.rows.measured import Measured
from caco.rows.planted import Planted
from caco.rows.table import read_rows, write_rows


class Spec(Section):
    """What the rule depends on."""

    judge: Judge
    agree: Agree | None


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="calibrate")
    job.reads("--planted", "Parquet of planted rows")
    job.reads("--model", "manifest of the judging model, where there is one", True, False)
    job.writes("--measured", "Parquet of the rows with what each check said")
    job.writes("--rates", "false accepts and false rejects (JSON)")
    args = job.parse()
    spec = Spec.from_spec(args.spec)
    rows = list(read_rows(args.planted, Planted))
    with Grader(spec.judge.answer_timeout_s) as grader:
        exact = list(exact_verdicts(rows, grader, spec.judge))
    judge = _judged(job, args, rows, spec.agree) if spec.agree else None
    made = list(measured(rows, exact, judge))
    write_rows(args.measured, Measured, made)
    found = rates(made)
    write_rates(args.rates, found)
    print(rates_text(found), end="")
    job.done()


def _judged(job: Job, args: Namespace, rows: Sequence[Planted], section: Agree) -> list[Said]:
    """Returns what the judging model says of every row, also of those that an exact check drops."""
    model = read_manifest(args.model[0])
    with open_resumable(model.folder, section.engine, *job.journal(model.digest)) as engine:
        outcomes = agree_solutions(
            rows,
            engine,
            framing(model.folder),
            section,
            model.digest,
            Progress("calibrate", len(rows)),
        )
        return list(said(outcomes))


if __name__ == "__main__":
    run(main)
