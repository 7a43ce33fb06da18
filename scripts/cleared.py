"""Reads where Snakemake runs what `preflight` wrote on a node; no model is asked for before."""

from caco.job import Job, run
from caco.preflight.clearing import clear


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="cleared")
    job.reads("--node", "what a node was found to have")
    job.writes("--cleared", "the node that was found fit, and where that was read")
    args = job.parse()
    clear(args.node, args.cleared)
    job.done()


if __name__ == "__main__":
    run(main)
