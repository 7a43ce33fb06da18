"""Measures the start-up of Snakemake: its import, and the time to parse the Snakefile.

Every Slurm job starts two Snakemake processes, one in the batch script and one in its step, and
each does both. Prints both in seconds; slurm_overhead.py runs it in a job.
"""

import time

_BEGAN = time.perf_counter()

from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

from snakemake.cli import main  # noqa: E402
from snakemake.workflow import Workflow  # noqa: E402

_IMPORTED = time.perf_counter()


def _timed(include: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps `include` to print the duration of the outermost call, which is the Snakefile's."""
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
