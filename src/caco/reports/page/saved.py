"""The page of a finished run from its folder: with its last verification, and another run."""

from pathlib import Path

from caco.errors import UserError
from caco.reports.audit.diff import diff
from caco.reports.audit.show import VERIFICATION, show
from caco.reports.page.build import Files, page, read_contents
from caco.reports.quality.embedding_diversity import VectorFiles
from caco.reports.records import planned_records
from caco.reports.run_files import Run, open_run, tables
from caco.workflow.stages import BY_NAME, ROW_STAGES, WITHOUT_ROWS, loss_files


def saved_page(folder: Path, against: Path | None = None) -> str:
    """Returns the page of a finished run, with what `audit.py show` answers.

    Args:
        folder: `results/{run}`, or a copy of it.
        against: The folder of another run that it is compared with.

    Raises:
        UserError: The run is not finished or is of another version, or a file is missing or
            unreadable.
    """
    run = open_run(folder)
    if unknown := [rule for rule in run.planned if rule not in BY_NAME]:
        raise UserError(
            f"{folder}: another version of the workflow made it, whose rule {unknown[0]} is "
            "unknown here; make the page in a checkout of that version, or show it without --page"
        )
    missing = [job for job in run.missing() if job[0] not in WITHOUT_ROWS]
    if missing:
        rule, identity = missing[0]
        raise UserError(
            f"{folder}: {len(missing):,} jobs have no record, such as {rule} {identity}, and a "
            "page needs a finished run; run the workflow to its end, or show it without --page"
        )
    answers = show(folder)
    verified = next(answer.lines for answer in answers if answer.question == VERIFICATION)
    return page(
        folder.name,
        read_contents(_files(run)),
        "; ".join(verified),
        answers,
        diff(open_run(against), run) if against else (),
        str(against or ""),
    )


def _files(run: Run) -> Files:
    """Returns the files that the report of a run reads."""
    rates = Path(run.paths.rates())
    return Files(
        records=planned_records(run.folder),
        rows=[run.path(name) for name, (rule, _) in tables(run) if rule in ROW_STAGES],
        corpus=Path(run.paths.corpus()),
        losses=[
            path for name in loss_files(run.planned, run.paths) if (path := Path(name)).exists()
        ],
        scores=Path(run.paths.scores()),
        rates=[rates] if "calibrate" in run.planned else [],
        vectors=VectorFiles(
            [
                Path(run.paths.problem_embeddings(*identity.split("-")))
                for identity in run.planned.get("embed_problems", ())
                if identity.startswith("seeds-")
            ],
            [Path(run.paths.shard("embeddings", s)) for s in run.planned.get("embed", ())],
        ),
    )
