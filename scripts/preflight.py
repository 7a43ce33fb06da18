"""Checks what the run requires of a node, before any long job is submitted.

The sandbox must meet its guarantees under the limits of the run, and the node must have access to
the folders that other jobs read. --spec is {"sandbox": {...}, "folders": [...]}. Needs the
sandbox's environment.
"""

from caco.preflight.node import NodeSpec, check_node
from caco.runtime.job import Job, run


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="preflight")
    job.writes("--node", help="results of the checks on this node (JSON)")
    args = job.parse()
    check_node(job.section(NodeSpec), args.node)
    job.done()


if __name__ == "__main__":
    run(main)
