"""Explains which jobs a run would start, and why, before it starts.

It asks Snakemake, which decides, and names the config keys, functions, files and packages behind
its decision. No job is started or submitted, and the run is not changed:
python scripts/explain.py --profile profiles/local --configfile config.yaml
"""

import argparse
from pathlib import Path

from caco.config.plan import read_assumptions
from caco.preflight.checks import assumptions_file
from caco.preflight.dry_run import dry_run
from caco.preflight.explain import why_text
from caco.runtime.job import run


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="every other argument is Snakemake's: targets, --until, --forcerun, --config ...",
    )
    parser.add_argument(
        "--profile",
        default="profiles/local",
        help="profile of the run: profiles/local (default), or slurm",
    )
    parser.add_argument(
        "--cluster",
        type=Path,
        help="file of the rates, as for scripts/plan.py (default: site.yaml, if it has a section "
        "`plan`, else config/plan/a100.yaml)",
    )
    args, arguments = parser.parse_known_args()
    rates = args.cluster or assumptions_file()
    assumed = read_assumptions(rates)
    print(why_text(dry_run(["--profile", args.profile, *arguments]), assumed, rates))


if __name__ == "__main__":
    run(main)
