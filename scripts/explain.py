"""Explains which jobs a run would start and why, without running, locking or writing anything.

    python scripts/explain.py --configfile config.yaml

`--cluster FILE` adds the estimated hours of these jobs, from the rates of scripts/plan.py.
"""

import argparse
from pathlib import Path

from caco.config.plan import read_assumptions
from caco.reports.explain import cost_text, explain, explanation_text
from caco.reports.plan import estimate, input_sizes
from caco.reports.snakemake_metadata import planned_workflow
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        default=[Path("config.yaml")],
        help="config of the run and its overlays, as for snakemake (%(default)s)",
    )
    parser.add_argument(
        "--cluster",
        type=Path,
        help="site.yaml with a section `plan`, or a file that holds only that section",
    )
    args = parser.parse_args()
    assumed = read_assumptions(args.cluster) if args.cluster else None
    with planned_workflow(args.configfile) as workflow:
        rules = explain(workflow)
        config = workflow.globals["CONFIG"]
    print(explanation_text(rules))
    if assumed and any(rule.reasons for rule in rules):
        print(cost_text(rules, config, estimate(config, input_sizes(config), assumed)))


if __name__ == "__main__":
    run(main)
