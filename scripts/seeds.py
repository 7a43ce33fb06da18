"""Reads a source of seeds and splits it into a training and a held-out part.

The spec is the section `seeds` of the source.
"""

from pydantic import RootModel

from caco.config.sources import Reader, Table
from caco.models.manifest import open_checkpoint
from caco.rows.seed import Seed
from caco.rows.table import write_outcomes, write_rows
from caco.runtime.job import Job, run
from caco.stages.seeds.read import read_seeds


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="seeds")
    job.takes("--source", help="name of the source in the config", required=True)
    job.writes("--seeds", help="training seeds (Seed rows)")
    job.writes("--held-out", help="held-out seeds (Seed rows)")
    job.writes("--rejected", help="malformed, filtered and duplicate rows (Rejected rows)")
    job.reads(
        "--files",
        help="files that the section names, or the manifest of those from a hub",
        many=True,
        required=False,
    )
    args = job.parse()
    reader = job.section(RootModel[Reader]).root
    if isinstance(reader, Table) and reader.hub is not None:
        folder = open_checkpoint(args.files[0]).folder
        reader = reader.model_copy(update={"path": str(folder / "**"), "hub": None})
    held_out: list[Seed] = []
    rows = read_seeds(reader, args.source, held_out)
    counts = write_outcomes(args.seeds, Seed, args.rejected, rows)
    write_rows(args.held_out, Seed, held_out)
    for _ in held_out:
        counts.accept()
    job.done(counts, reader.seed)


if __name__ == "__main__":
    run(main)
