"""Says whether programs can be run safely on this machine: exit 0 if so, 1 if not.

Runs one small program for each promise of the sandbox and prints what became of it. --spec takes
other limits than the defaults, as the JSON of the config's `sandbox` section.
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
    parser.add_argument("--spec", default="{}", help="the config's sandbox section as JSON")
    limits = section_of_spec(Limits, parser.parse_args().spec)
    print(*describe_host(), sep="\n")
    kept = True
    for promise, held, seen in check_host(limits):
        print(f"{'ok  ' if held else 'FAIL'}  {promise}: {seen}", flush=True)
        kept = kept and held
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    run(main)
