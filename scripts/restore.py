"""Restores what is missing of a finished run, without running its jobs.

In the folder of a checkout, on a run that was made there or copied there:

- Provenance records that are missing or torn are written again from the outputs of their jobs, if
  these are whole and Snakemake knows the jobs, with the mark `"restored": true`.
- What Snakemake does not know, because `.snakemake` was not copied, is restored from the records,
  and so is the order of the files' times. A file that differs from its record is named, and the job
  that made or read it runs again.

    python scripts/restore.py results/embedded --configfile config.yaml
"""

import argparse
import sys
from pathlib import Path

from caco.errors import UserError
from caco.preflight.run_lock import lock
from caco.reports.planning.restore import restore
from caco.reports.planning.snakemake_metadata import made_jobs, planned_workflow, restore_metadata
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        default=[Path("config.yaml")],
        help="config of the run and its overlays, as for snakemake (%(default)s)",
    )
    args = parser.parse_args()
    with planned_workflow(args.configfile) as workflow:
        jobs = made_jobs(workflow)
        if any(args.run.resolve() not in job.record.resolve().parents for job in jobs):
            raise UserError(
                f"{args.run}: --configfile describes another run; pass the config of this"
            )
        lock(args.run)
        done = restore(jobs)
        known = restore_metadata(workflow, jobs[0].record.parents[2])
    for path in done.unchecked:
        print(f"notice: {path}: has no checksum of its own, so it was taken as it is")
    for notice in known.notices:
        print(f"notice: {notice}")
    for record in done.records:
        print(f"restored {record}")
    if known.jobs:
        print(f"Snakemake knows {known.jobs:,} jobs again")
    errors = [*done.errors, *known.errors]
    for error in errors:
        print(error.line, file=sys.stderr)
    if errors:
        sys.exit(1)
    if not done.records and not known.jobs:
        print("no record of a finished job is missing or torn, and Snakemake knows every job")


if __name__ == "__main__":
    run(main)
