"""Reads the results of `preflight` on the host of Snakemake; every rule `model` waits for this."""

from caco.preflight.node import write_marker
from caco.runtime.job import Job, run


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="preflight_passed")
    job.reads("--node", help="results of the checks on a node (JSON)")
    job.writes(
        "--marker", help="marker with the node that passed and the host that read this (JSON)"
    )
    args = job.parse()
    write_marker(args.node, args.marker)
    job.done()


if __name__ == "__main__":
    run(main)
