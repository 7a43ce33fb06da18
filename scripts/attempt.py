"""Executes a round's drafts in the sandbox and compares them with the known answers.

The spec is the config's `sandbox` section.
"""

import warnings
from collections.abc import Iterator

from caco.config.sandbox import Sandbox
from caco.job import Job, run
from caco.progress import Progress
from caco.provenance import Counts
from caco.rows.attempt import ACCEPTED, Attempt
from caco.rows.draft import Draft
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows
from caco.sandbox.check import require_host
from caco.sandbox.nsjail import NsjailSandbox
from caco.unify.attempts import attempt_drafts


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="attempt")
    job.reads("--seeds", "seeds of the source")
    job.reads("--drafts", "the round's drafts")
    job.writes("--attempts", "the drafts with what became of each")
    job.takes("--workers", "programs that run side by side", type=int, default=1)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of programs that are not ours
    limits = Sandbox.from_spec(args.spec)
    require_host(limits)
    answers = {seed.seed_id: seed.answer for seed in read_rows(args.seeds, Seed)}
    progress = Progress(f"attempt {args.identity}", count_rows(args.drafts, Draft), "drafts")
    counts = Counts()

    def attempts() -> Iterator[Attempt]:
        with NsjailSandbox(limits, args.workers) as sandbox:
            for row in attempt_drafts(read_rows(args.drafts, Draft), answers, sandbox):
                progress.add()
                counts.accept() if row.verdict == ACCEPTED else counts.reject(row.verdict)
                yield row

    write_rows(args.attempts, Attempt, attempts())
    job.done(counts)


if __name__ == "__main__":
    run(main)
