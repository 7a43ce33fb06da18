"""Generates programs for the seeds of a source with a model, in one round.

Round 0 drafts programs for every seed. A later round drafts again for the seeds without an accepted
program, with the fault of the previous program in the prompt.
"""

from collections.abc import Iterator

from caco.config.sources import Drafting
from caco.engines.open import generating_model
from caco.rows.draft import Attempt, Draft
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.unify.drafts import Task, first_tasks, next_tasks, write_drafts


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="draft")
    job.reads("--model", help="manifest of the converter model")
    job.reads("--seeds", help="seeds of the source (Seed rows)")
    job.reads(
        "--attempts",
        help="attempts of the previous round (Attempt rows); none for round 0",
        many=True,
        required=False,
    )
    job.takes("--round", help="number of the round, from 0", type=int, required=True)
    job.writes("--drafts", help="drafts (Draft rows)")
    args = job.parse()
    section = job.section(Drafting)

    def tasks() -> Iterator[Task]:
        seeds = read_rows(args.seeds, Seed)
        if not args.attempts:
            return first_tasks(seeds, section.candidates)
        return next_tasks(seeds, read_rows(args.attempts[0], Attempt))

    progress = Progress(f"draft {args.identity}", sum(1 for _ in tasks()), "drafts")
    source = args.identity.rpartition("-")[0]
    with generating_model(job, section.engine, f"sources.{source}.unify.model") as model:
        drafts = write_drafts(tasks(), args.round, model, section, progress)
        count = write_rows(args.drafts, Draft, drafts)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
