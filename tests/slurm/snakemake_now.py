"""Snakemake whose Slurm executor asks every second how its jobs are.

It asks after 20 seconds at first and less and less often, up to three minutes: right for jobs of
hours, and most of the time of a test whose jobs take seconds. Nothing else differs.
"""

import sys

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, seconds: None)

if __name__ == "__main__":
    main(sys.argv[1:])
