"""Computes the scores of every model on every benchmark, and of the student and each other model.

Writes JSON with two lists: `scores` (n, correct, accuracy, Wilson's 95% interval, verdicts and the
published accuracy by model and benchmark) and `differences` (student minus base, or minus the
student of an ablation, on the same problems, with a paired 95% interval and McNemar's exact
p-value).
"""

from caco.config.bench import Published
from caco.config.section import Section
from caco.runtime.job import Job, run
from caco.stages.bench.scores import write_scores


class Spec(Section):
    """The settings that the scores depend on."""

    published: Published | None


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="scores")
    job.reads(
        "--graded", help="graded answers (Graded rows) of every model and benchmark", many=True
    )
    job.writes("--scores", help="scores (JSON)")
    args = job.parse()
    published = job.section(Spec).published
    write_scores(args.graded, args.scores, published.scores if published else {})
    job.done()


if __name__ == "__main__":
    run(main)
