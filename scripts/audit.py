"""Compares every file of a finished run with its records, offline, and prints the root digest.

Lists each missing, altered or torn file, and then exits with 1. For interactive use, on any machine
with the run's folder: python scripts/audit.py results/embedded
"""

import argparse
import sys
from pathlib import Path

from caco.reports.audit import audit
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    found = audit(parser.parse_args().run)
    for notice in found.notices:
        print(f"notice: {notice}")
    for difference in found.differences:
        print(f"input error: {difference}", file=sys.stderr)
    if found.differences:
        sys.exit(1)
    print(f"{found.files:,} files are as recorded")
    print(f"Root digest: {found.root}")


if __name__ == "__main__":
    run(main)
