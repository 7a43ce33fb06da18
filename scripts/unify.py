"""Converts seeds into Code CoTs: each executed in the sandbox and compared with its answer.

Where a model is the converter, its programs were drafted and executed in rounds before: this
chooses among them. The spec is {"unify": the source's `unify` section, "sandbox": the config's}.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

from caco.config.sources import LlmUnify
from caco.rows.code_cot import CodeCoT
from caco.rows.draft import Attempt
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.self_check import require_host
from caco.stages.unify.converters.llm import code_cots
from caco.stages.unify.unify import UnifySpec, unify


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="unify")
    job.reads("--seeds", help="seeds of the source")
    job.reads(
        "--attempts", help="attempts of each round of a converting model", many=True, required=False
    )
    job.writes("--code-cots", help="programs that gave the known answer")
    job.writes("--rejected", help="seeds without such a program, with reasons")
    job.takes("--workers", help="programs that run side by side", type=int, default=1)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of programs that are not ours
    spec = job.section(UnifySpec)
    progress = Progress("unify", count_rows(args.seeds, Seed), "seeds")
    counts, rejected = Counts(), []

    def accepted() -> Iterator[CodeCoT]:
        for row in _outcomes(spec, args.seeds, args.attempts, args.workers):
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


def _outcomes(
    spec: UnifySpec, seeds: Path, attempts: list[Path], workers: int
) -> Iterator[CodeCoT | Rejected]:
    """Yields the outcome of each seed."""
    rows = read_rows(seeds, Seed)
    if isinstance(spec.unify, LlmUnify):
        yield from code_cots(rows, [read_rows(file, Attempt) for file in attempts])
        return
    require_host(spec.sandbox)
    with NsjailSandbox(spec.sandbox, workers) as sandbox:
        yield from unify(rows, spec.unify, sandbox)


if __name__ == "__main__":
    run(main)
