"""Restores the provenance records of a run that are missing or torn, without running their jobs.

A record is written again from the outputs of its job, if they are whole, with the digests of inputs
and outputs computed anew and the mark `"restored": true`. Works in the folder of the checkout:

    python scripts/restore.py results/embedded --configfile config.yaml
"""

import argparse
import subprocess
import sys
from pathlib import Path

from caco.errors import UserError
from caco.preflight.run_lock import lock
from caco.reports.restore import made_jobs, restore
from caco.runtime.job import run

_SUMMARY = ("--detailed-summary", "--cores", "1", "--configfile")


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
    planned = subprocess.run(
        [sys.executable, "-m", "snakemake", *_SUMMARY, *map(str, args.configfile)],
        capture_output=True,
        text=True,
        check=False,
    )
    if planned.returncode != 0:
        raise UserError(f"Snakemake cannot plan the run:\n{planned.stderr.strip()}")
    jobs = made_jobs(planned.stdout)
    if any(args.run.resolve() not in job.record.resolve().parents for job in jobs):
        raise UserError(f"{args.run}: --configfile describes another run; pass the config of this")
    lock(args.run)
    done = restore(jobs)
    for path in done.unchecked:
        print(f"notice: {path}: has no checksum of its own, so it was taken as it is")
    for record in done.records:
        print(f"restored {record}")
    for error in done.errors:
        print(error.line, file=sys.stderr)
    if done.errors:
        sys.exit(1)
    if not done.records:
        print("no record of a finished job is missing or torn")


if __name__ == "__main__":
    run(main)
