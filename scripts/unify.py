"""Converts seeds to Code CoTs, which are executed in the sandbox and compared with the answers.

If the converter is a model, `attempt.py` has executed its programs already, and this script selects
among them. The spec is {"unify": the source's section, "checks": {"rules": the keys of the config's
section `verify` that hold for Code CoTs, "sandbox": the config's section}, "decontaminate": the
section `corpus.decontaminate`}.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

from caco.config.section import load_implementation
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
from caco.stages.unify.held_out import KeptOut
from caco.stages.unify.unify import UnifySpec, require_code_cots, unify


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="unify")
    job.reads("--seeds", help="seeds of the source (Seed rows)")
    job.reads(
        "--attempts",
        help="attempts of each round (Attempt rows), for a converter model",
        many=True,
        required=False,
    )
    job.reads(
        "--held-out",
        help="held-out seeds of every source (Seed rows), which are rejected",
        many=True,
        required=False,
    )
    job.reads(
        "--problems",
        help="problems of the benchmarks from files (Seed rows), which are rejected as well",
        many=True,
        required=False,
    )
    job.writes("--code-cots", help="accepted Code CoTs (CodeCoT rows)")
    job.writes("--rejected", help="rejected seeds (Rejected rows)")
    job.takes("--workers", help="programs to run in parallel", type=int, default=1)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of the generated programs
    spec = job.section(UnifySpec)
    progress = Progress("unify", count_rows(args.seeds, Seed), "seeds")
    counts, rejected = Counts(), []
    kept_out = KeptOut(
        args.seeds.stem, _named(args.held_out), _named(args.problems), spec.decontaminate
    )
    rows = kept_out.outcomes(
        read_rows(args.seeds, Seed), _outcomes(spec, args.seeds, args.attempts, args.workers)
    )

    def accepted() -> Iterator[CodeCoT]:
        for row in rows:
            progress.add()
            if isinstance(row, Rejected):
                counts.reject(row.verdict)
                rejected.append(row)
            else:
                counts.accept()
                yield row
        # Before the file exists: a source that gives nothing is no success.
        require_code_cots(counts, rejected, spec.unify.min_rows, args.seeds, args.identity)

    write_rows(args.code_cots, CodeCoT, accepted())
    write_rows(args.rejected, Rejected, rejected)
    if counts.rows_in:
        print(f"unify: {counts.accepted / counts.rows_in:.1%} of {counts.rows_in:,} seeds accepted")
    job.done(counts)


def _named(files: list[Path]) -> list[tuple[str, Iterator[Seed]]]:
    """Returns the seeds of each file with the name of their source or benchmark."""
    return [(file.name.partition(".")[0], read_rows(file, Seed)) for file in files]


def _outcomes(
    spec: UnifySpec, seeds: Path, attempts: list[Path], workers: int
) -> Iterator[CodeCoT | Rejected]:
    """Yields the Code CoT or the rejection of each seed."""
    rows = read_rows(seeds, Seed)
    if isinstance(spec.unify, LlmUnify):
        choose = load_implementation(spec.unify).code_cots
        yield from choose(rows, [read_rows(file, Attempt) for file in attempts])
        return
    require_host(spec.checks.sandbox)
    with NsjailSandbox(spec.checks.sandbox, workers) as sandbox:
        yield from unify(rows, spec.unify, spec.checks.rules, sandbox)


if __name__ == "__main__":
    run(main)
