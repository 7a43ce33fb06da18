"""Asks the judging model of every planted row, also of those that an exact check drops.

Apart from `calibrate`, which needs no model. The spec is the config's `reverse.agree`.
"""

from caco.calibrate.measure import said
from caco.config.generation import Agree
from caco.engines.open import open_resumable
from caco.job import Job, run
from caco.models.framing import framing
from caco.models.manifest import read_manifest
from caco.progress import Progress
from caco.reverse.agree import agree_solutions
from caco.rows.opinion import Opinion
from caco.rows.planted import Planted
from caco.rows.table import read_rows, write_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="opine")
    job.reads("--model", "manifest of the judging model")
    job.reads("--planted", "Parquet of planted rows")
    job.writes("--opinions", "Parquet of what the model says of each")
    args = job.parse()
    section = Agree.from_spec(args.spec)
    rows = list(read_rows(args.planted, Planted))
    model = read_manifest(args.model)
    with open_resumable(model.folder, section.engine, *job.journal(model.digest)) as engine:
        outcomes = agree_solutions(
            rows,
            engine,
            framing(model.folder),
            section,
            model.digest,
            Progress("opine", len(rows)),
        )
        verdicts = zip(rows, said(outcomes), strict=True)
        opinions = (Opinion(row.question_id, *verdict) for row, verdict in verdicts)
        write_rows(args.opinions, Opinion, opinions)
    job.done(seed=section.sampling.seed)


if __name__ == "__main__":
    run(main)
