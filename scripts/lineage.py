"""Prints where one row of the corpus came from.

The files and rows that it passed, the checkpoints that wrote it, and the sources and licences of
the seeds that the code generator learnt from. A person's tool:

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
    parser.add_argument("--run", type=Path, required=True, help="the run's folder: results/{run}")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--question", help="the question's identity, or its beginning")
    which.add_argument("--row", type=int, help="the row's position in the corpus, from 0")
    args = parser.parse_args()
    made = open_run(args.run)
    print("\n".join(lineage(made, *find_row(made, args.question, args.row))))


if __name__ == "__main__":
    run(main)
