"""Snakemake whose Slurm executor queries the state of its jobs every second.

The executor waits 20 seconds before the first query, and up to three minutes between later ones.
That suits jobs of hours, but dominates the duration of a test whose jobs take seconds. There is no
other difference.
"""

import sys

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, seconds: None)

if __name__ == "__main__":
    main(sys.argv[1:])
