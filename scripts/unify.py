"""Converts seeds into Code CoTs: each executed in the sandbox and compared with its answer.

The spec is {"unify": the source's `unify` section, "sandbox": the config's}.
"""

import warnings
from collections.abc import Iterator

from caco.job import Job, run
from caco.progress import Progress
from caco.provenance import Counts
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows
from caco.sandbox.check import require_host
from caco.sandbox.nsjail import NsjailSandbox
from caco.unify.unifying import UnifySpec, unify


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="unify")
    job.reads("--seeds", "seeds of the source")
    job.writes("--code-cots", "programs that gave the known answer")
    job.writes("--rejected", "seeds without such a program, with reasons")
    job.takes("--workers", "programs that run side by side", type=int, default=1)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of programs that are not ours
    spec = UnifySpec.from_spec(args.spec)
    require_host(spec.sandbox)
    progress = Progress("unify", count_rows(args.seeds, Seed), "seeds")
    counts, rejected = Counts(), []

    def accepted() -> Iterator[CodeCoT]:
        with NsjailSandbox(spec.sandbox, args.workers) as sandbox:
            for row in unify(read_rows(args.seeds, Seed), spec.unify, sandbox):
                progress.add()
                if isinstance(row, Rejected):
                    counts.reject(row.verdict)
                    rejected.append(row)
                else:
                    counts.accept()
                    yield row

    write_rows(args.code_cots, CodeCoT, accepted())
    write_rows(args.rejected, Rejected, rejected)
    if counts.rows_in:
        print(f"unify: {counts.accepted / counts.rows_in:.1%} of {counts.rows_in:,} seeds accepted")
    job.done(counts)


if __name__ == "__main__":
    run(main)
