"""Says what a configuration would cost: jobs, rows, tokens, GPU-hours, time and disk by stage.

Nothing is submitted:
python scripts/plan.py --config config/paper.yaml --cluster config/plan/a100.yaml
"""

import argparse
from pathlib import Path

import yaml

from caco.config.config import check_config, read_config
from caco.config.plan import read_assumptions
from caco.reports.plan.estimate import estimate
from caco.reports.plan.input_sizes import input_sizes
from caco.reports.plan.measured import measured
from caco.reports.plan.table import plan_text
from caco.runtime.job import run


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
    print(plan_text(estimate(config, input_sizes(config), assumed)))


if __name__ == "__main__":
    run(main)
