"""Reads a source of seeds and splits it into a training and a held-out part.

The spec is the section `seeds` of the source.
"""

from pathlib import Path

from pydantic import RootModel

from caco.config.sources import Reader
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import write_rows
from caco.runtime.job import Job, run
from caco.runtime.provenance import Counts
from caco.stages.seeds.read import read_seeds


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="seeds")
    job.takes("--source", help="name of the source in the config", required=True)
    job.writes("--seeds", help="training seeds (Seed rows)")
    job.writes("--held-out", help="held-out seeds (Seed rows)")
    job.writes("--rejected", help="malformed and duplicate rows (Rejected rows)")
    job.reads(
        "--files",
        help="files that the section names, recorded as inputs",
        many=True,
        required=False,
    )
    args = job.parse()
    reader = job.section(RootModel[Reader]).root
    read = read_seeds(reader, args.source)
    counts = Counts()
    parts: list[tuple[Path, list[Seed]]] = [
        (args.seeds, read.train),
        (args.held_out, read.held_out),
    ]
    for path, seeds in parts:
        write_rows(path, Seed, seeds)
        for _ in seeds:
            counts.accept()
    write_rows(args.rejected, Rejected, read.rejected)
    for row in read.rejected:
        counts.reject(row.verdict)
    job.done(counts, reader.seed)


if __name__ == "__main__":
    run(main)
