"""Executes a round's drafts in the sandbox and compares them with the known answers.

The spec is {"rules": the keys of the config's section `verify` that hold for Code CoTs, "sandbox":
the config's section}.
"""

import warnings
from collections.abc import Iterator

from caco.config.checks import Unifying
from caco.rows.draft import Attempt, Draft
from caco.rows.rejected import ACCEPTED
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.self_check import require_host
from caco.stages.unify.attempts import attempt_drafts


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="attempt")
    job.reads("--seeds", help="seeds of the source (Seed rows)")
    job.reads("--drafts", help="drafts of the round (Draft rows)")
    job.writes("--attempts", help="drafts with their verdicts (Attempt rows)")
    job.takes("--workers", help="programs to run in parallel", type=int, default=1)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of the generated programs
    spec = job.section(Unifying)
    require_host(spec.sandbox)
    answers = {seed.seed_id: seed.answer for seed in read_rows(args.seeds, Seed)}
    progress = Progress(f"attempt {args.identity}", count_rows(args.drafts, Draft), "drafts")
    counts = Counts()

    def attempts() -> Iterator[Attempt]:
        drafts = read_rows(args.drafts, Draft)
        with NsjailSandbox(spec.sandbox, args.workers) as sandbox:
            for row in attempt_drafts(drafts, answers, spec.rules, sandbox):
                progress.add()
                counts.accept() if row.verdict == ACCEPTED else counts.reject(row.verdict)
                yield row

    write_rows(args.attempts, Attempt, attempts())
    job.done(counts)


if __name__ == "__main__":
    run(main)
