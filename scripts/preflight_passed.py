"""Reads where Snakemake runs what `preflight` wrote on a node; no model is asked for before."""

from caco.preflight.node import write_marker
from caco.runtime.job import Job, run


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="preflight_passed")
    job.reads("--node", help="what a node was found to have")
    job.writes("--marker", help="the node that was found fit, and where that was read")
    args = job.parse()
    write_marker(args.node, args.marker)
    job.done()


if __name__ == "__main__":
    run(main)
