"""Says what a configuration would cost: jobs, rows, tokens, GPU-hours, time and disk by stage.

Nothing is submitted:
python scripts/plan.py --config config/paper.yaml --cluster config/plan/a100.yaml
"""

import argparse
from pathlib import Path

import yaml

from caco.config.workflow import check_config, read_config
from caco.job import run
from caco.plan.assumptions import read_assumptions
from caco.plan.estimate import estimate
from caco.plan.given import given_rows
from caco.plan.measured import measured
from caco.plan.table import plan_text


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="the run's configuration")
    parser.add_argument(
        "--cluster",
        type=Path,
        required=True,
        help="site.yaml with a section `plan`, or a file like it",
    )
    parser.add_argument(
        "--measured", type=Path, help="a finished run, results/{run}, whose rates count instead"
    )
    args = parser.parse_args()
    config = check_config(read_config(args.config), str(args.config))
    assumed = read_assumptions(args.cluster)
    if args.measured:
        assumed = measured(args.measured, assumed)
        print(yaml.safe_dump({"plan": assumed.model_dump()}, sort_keys=False))
    print(plan_text(estimate(config, given_rows(config), assumed)))


if __name__ == "__main__":
    run(main)
