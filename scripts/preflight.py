"""Tries on this node what the run counts on, before anything long is asked of the cluster.

The sandbox must keep its promises under the run's limits, and the folders that other jobs read must
be here. --spec is {"sandbox": {...}, "folders": [...]}. Needs the sandbox's environment.
"""

from caco.preflight.node import NodeSpec, check_node
from caco.runtime.job import Job, run


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="preflight")
    job.writes("--node", help="what this node was found to have")
    args = job.parse()
    check_node(job.section(NodeSpec), args.node)
    job.done()


if __name__ == "__main__":
    run(main)
