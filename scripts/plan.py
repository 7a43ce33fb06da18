"""Estimates the cost of a config: jobs, rows, tokens, GPU-hours, time and disk by stage.

It submits nothing:
python scripts/plan.py --config config/paper.yaml --cluster config/plan/a100.yaml
"""

import argparse
from pathlib import Path

import yaml

from caco.config.config import check_config, read_config
from caco.config.overlay import merged
from caco.config.plan import read_assumptions
from caco.reports.planning.plan import estimate, input_sizes, measured, plan_text
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        nargs="+",
        help="config of the run; of several files, a later one changes keys of the earlier ones",
    )
    parser.add_argument(
        "--cluster",
        type=Path,
        required=True,
        help="site.yaml with a section `plan`, or a file that holds only that section",
    )
    parser.add_argument(
        "--measured",
        type=Path,
        help="finished run, results/{run}, whose measured rates replace those of --cluster",
    )
    args = parser.parse_args()
    values = merged(read_config(file) for file in args.config)
    config = check_config(values, " + ".join(map(str, args.config)))
    assumed = read_assumptions(args.cluster)
    if args.measured:
        assumed = measured(args.measured, assumed)
        print(yaml.safe_dump({"plan": assumed.model_dump()}, sort_keys=False))
    print(plan_text(estimate(config, input_sizes(config), assumed)))


if __name__ == "__main__":
    run(main)
