"""Prints the status of a run: jobs, rows, rate and time left by stage, and the failures.

For interactive use, during a run and after it, on any machine with access to the run's folder. It
locks nothing and writes nothing: python scripts/status.py results/embedded
"""

import argparse
import time
from contextlib import suppress
from pathlib import Path

from caco.errors import ClusterError
from caco.reports.job_states import job_states
from caco.reports.status import status_text
from caco.runtime.job import run
from caco.runtime.slurm_client import QueuedJob, queued_jobs


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    folder = parser.parse_args().run.absolute()
    now = time.time()
    jobs = job_states(folder, now)
    queue: list[QueuedJob] = []
    with suppress(ClusterError):  # without Slurm, or if it is slow, the files of the run suffice
        queue = queued_jobs(folder.parents[1].resolve(), folder.stat().st_uid, timeout_s=1.0)
    print(status_text(folder, jobs, queue, now), end="")


if __name__ == "__main__":
    run(main)
