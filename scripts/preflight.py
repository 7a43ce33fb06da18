"""Tries on this node what the run counts on, before anything long is asked of the cluster.

The sandbox must keep its promises under the run's limits, and the folders that other jobs read must
be here. --spec is {"sandbox": {...}, "folders": [...]}. Needs the sandbox's environment.
"""

from caco.job import Job, run
from caco.preflight.node import NodeSpec, look_round


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="preflight")
    job.writes("--node", "what this node was found to have")
    args = job.parse()
    look_round(NodeSpec.from_spec(args.spec), args.node)
    job.done()


if __name__ == "__main__":
    run(main)
