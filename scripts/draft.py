"""Drafts programs for a source's seeds with a model: one round.

Round 0 asks for every seed; a later one for the seeds without an accepted program, and shows the
converter what was wrong with each of its earlier ones.
"""

from collections.abc import Iterator

from caco.config.sources import Drafting
from caco.convert.drafts import Task, first_tasks, next_tasks, write_drafts
from caco.engines.open import open_resumable
from caco.job import Job, run
from caco.models.framing import framing
from caco.models.manifest import read_manifest
from caco.progress import Progress
from caco.provenance import Counts
from caco.rows.attempt import Attempt
from caco.rows.draft import Draft
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="draft")
    job.reads("--model", "manifest of the converter")
    job.reads("--seeds", "seeds of the source")
    job.reads("--attempts", "attempts of the round before; none in round 0", True, False)
    job.takes("--round", "the round, from 0", type=int, required=True)
    job.writes("--drafts", "Parquet of drafts")
    args = job.parse()
    section = Drafting.from_spec(args.spec)
    model = read_manifest(args.model)

    def tasks() -> Iterator[Task]:
        seeds = read_rows(args.seeds, Seed)
        if not args.attempts:
            return first_tasks(seeds, section.candidates)
        return next_tasks(seeds, read_rows(args.attempts[0], Attempt))

    progress = Progress(f"draft {args.identity}", sum(1 for _ in tasks()), "drafts")
    with open_resumable(model.folder, section.engine, *job.journal(model.digest)) as engine:
        drafts = write_drafts(
            tasks(),
            args.round,
            engine,
            framing(model.folder),
            section,
            model.digest,
            progress,
        )
        count = write_rows(args.drafts, Draft, drafts)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
