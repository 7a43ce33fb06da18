"""Reads a source of seeds: training part, held-out part, rejected rows.

The spec is the source's `seeds` section.
"""

from pathlib import Path

from pydantic import RootModel

from caco.config.section import one_from_spec
from caco.config.sources import Reader
from caco.job import Job, run
from caco.provenance import Counts
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import write_rows
from caco.seeds.reading import read_seeds


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="seeds")
    job.takes("--source", "name of the source in the config", required=True)
    job.writes("--seeds", "seeds that training may see")
    job.writes("--held-out", "seeds that no training sees")
    job.writes("--rejected", "rows that are no seed, with reasons")
    job.reads("--files", "files that the section names, for the record", many=True, required=False)
    args = job.parse()
    reader = one_from_spec(RootModel[Reader], args.spec)
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
