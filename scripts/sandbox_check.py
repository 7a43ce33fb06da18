"""Checks whether programs can be run safely on this machine: exit code 0 if so, 1 if not.

Runs one small program for each property that the sandbox guarantees and prints the outcome. --spec
takes the limits, as the JSON of the config's `sandbox` section, in place of the defaults.
"""

import argparse
import sys

from caco.config.checks import SandboxLimits as Limits
from caco.config.section import section_of_spec
from caco.runtime.job import run
from caco.sandbox.self_check import check_host, describe_host


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spec", default="{}", help="section `sandbox` of the config as JSON")
    limits = section_of_spec(Limits, parser.parse_args().spec)
    print(*describe_host(), sep="\n")
    all_passed = True
    for name, passed, observed in check_host(limits):
        print(f"{'ok  ' if passed else 'FAIL'}  {name}: {observed}", flush=True)
        all_passed = all_passed and passed
    sys.exit(0 if all_passed else 1)


if __name__ == "__main__":
    run(main)
