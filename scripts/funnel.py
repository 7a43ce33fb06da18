"""Prints a run's funnel, scores and error rates of its checks, its root digest and report's path.

For interactive use, and the last step of `make demo`: python scripts/funnel.py results/embedded
"""

import argparse
from pathlib import Path

from caco.reports.funnel import funnel_text, read_funnel
from caco.reports.records import planned_records, read_records, root_of
from caco.runtime.job import run
from caco.stages.bench.scores import read_scores, scores_text
from caco.stages.calibrate.rates import rates_text, read_rates
from caco.workflow.paths import Paths


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run: results/{run}")
    folder = parser.parse_args().run
    paths = Paths(folder.name, str(folder.parent))
    print(funnel_text(read_funnel(Path(paths.funnel()))))
    print(scores_text(read_scores(Path(paths.scores()))))
    if (rates := Path(paths.rates())).exists():
        print(rates_text(read_rates(rates)))
    print(f"Root digest: {root_of(read_records(planned_records(folder)))}")
    print(f"Report: {paths.report()}")


if __name__ == "__main__":
    run(main)
