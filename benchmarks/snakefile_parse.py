"""Measures what a Snakemake does before it plans: its own import, and the parse of our Snakefile.

Every job of Slurm starts two Snakemakes, one in the job and one in its step, and each does this.
Prints both in seconds; slurm_overhead.py calls it inside a job.
"""

import time

_BEGAN = time.perf_counter()

from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

from snakemake.cli import main  # noqa: E402
from snakemake.workflow import Workflow  # noqa: E402

_IMPORTED = time.perf_counter()


def _timed(include: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `include` that prints how long the outermost call took: the Snakefile's own."""
    depth = 0

    def timed(*args: Any, **options: Any) -> None:
        nonlocal depth
        depth += 1
        began = time.perf_counter()
        include(*args, **options)
        depth -= 1
        if depth == 0:
            parse = time.perf_counter() - began
            print(f"{_IMPORTED - _BEGAN:.3f} {parse:.3f}", flush=True)

    return timed


if __name__ == "__main__":
    Workflow.include = _timed(Workflow.include)
    main(["--list-rules", "--quiet", "all"])
