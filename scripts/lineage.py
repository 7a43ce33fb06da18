"""Prints the lineage of one row of the corpus, or of its export.

The lineage is the files and rows that it was derived from, the checkpoints that generated it, and
the sources and licences of the seeds that the code generator was trained on. For interactive use:

    python scripts/lineage.py --run results/embedded --row 0
    python scripts/lineage.py --run results/embedded --question 3f2a
"""

import argparse
from pathlib import Path

from caco.reports.lineage import find_row, lineage, open_run
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: results/{run}")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--question", help="question id, or a prefix of it; ID.N for solution N")
    which.add_argument("--row", type=int, help="position of the row in the corpus, from 0")
    args = parser.parse_args()
    opened = open_run(args.run)
    print("\n".join(lineage(opened, *find_row(opened, args.question, args.row))))


if __name__ == "__main__":
    run(main)
