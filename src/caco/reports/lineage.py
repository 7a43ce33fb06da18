"""Lineage: the files, models and seeds from which one row of the corpus was made."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caco.errors import UserError
from caco.models.manifest import read_manifest
from caco.reports.records import Record, read_records
from caco.rows.corpus import CorpusRow
from caco.rows.program import Program
from caco.rows.seed import Seed
from caco.rows.solution import solution_id
from caco.rows.table import Row, count_rows, read_rows
from caco.workflow.paths import Paths
from caco.workflow.stages import SHARD_STAGES


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of a finished run, and its records.

    Attributes:
        paths: Its files.
        records: The records by rule and identity.
        parents: For each file that a job wrote, the files that the job read, by the names in the
            records.
    """

    paths: Paths
    records: dict[tuple[str, str], Record]
    parents: dict[Path, tuple[Path, ...]]


def open_run(folder: Path) -> Run:
    """Reads the records of a run.

    Args:
        folder: `results/{run}`.

    Raises:
        UserError: The folder contains no run.
    """
    records = read_records((folder / "provenance").glob("*/*.json"))
    if not records:
        raise UserError(f"{folder}: contains no provenance records; --run takes results/{{run}}")
    parents = {out: tuple(r.inputs) for r in records for out in r.outputs}
    folder = folder.absolute()
    return Run(
        Paths(folder.name, str(folder.parent)), {(r.rule, r.identity): r for r in records}, parents
    )


def find_row(run: Run, question_id: str | None, number: int | None) -> tuple[int, CorpusRow]:
    """Returns a row of the corpus and its position, from 0.

    Args:
        run: The run.
        question_id: The question's identity, or a prefix of it; `ID.N` for its solution variant N;
            or None.
        number: The row's position; or None.

    Raises:
        UserError: The corpus has no such row.
    """
    corpus = Path(run.paths.corpus())
    for i, row in enumerate(read_rows(corpus, CorpusRow)):
        row_id = solution_id(row.question_id, row.solution_variant)
        if i == number or (question_id and row_id.startswith(question_id)):
            return i, row
    wanted = f"row {number}" if question_id is None else f"question {question_id}"
    raise UserError(
        f"{corpus}: has no {wanted} among its {count_rows(corpus, CorpusRow)} rows; rows are "
        "counted from 0, and rejected questions are in rejected/"
    )


def lineage(run: Run, number: int, row: CorpusRow) -> Iterator[str]:
    """Yields lines that trace a row of the corpus back to the seeds."""
    yield f"corpus row   {number} of {run.paths.corpus()}{_made(run, 'corpus', 'all')}"
    yield f"             question {row.question_id}"
    yield f"             {_short(row.instruction)}"
    yield f"             answer {_short(row.answer)}"
    if row.variant or row.style:
        yield f"             variant {row.variant}, style {_short(row.style or 'none')}"
    if row.solution_variant:
        yield f"             solution variant {row.solution_variant}"
    if row.pass_rate is not None:
        yield f"             pass rate {row.pass_rate:g}, of {row.pass_rate_answers} answers"
    for stage in reversed(SHARD_STAGES):
        if stage.name == "llm_judge" and row.llm_judge_model is None:
            continue
        if stage.row is None:
            continue
        assert stage.shard_files is not None
        file = Path(run.paths.shard(stage.shard_files, row.shard))
        at, found = _find_sample(file, stage.row, row)
        yield f"{stage.shard_files:<12} row {at} of {file}{_made(run, stage.name, row.shard)}"
        if isinstance(found, Program):
            yield f"             sample {found.sample_id}, index {found.index}, seed {found.seed}"
            yield f"             program {found.program_id}"
    for rule, digest in (
        ("question", row.question_model),
        ("solution", row.solution_model),
        ("llm_judge", row.llm_judge_model),
        ("rollout", row.pass_rate_model),
        ("sample", row.codegen),
    ):
        if digest is not None:
            yield f"{rule + ' by':<12} {digest}{_model(run, rule, row.shard, digest)}"
    yield from _trained_on(run)


def _find_sample(file: Path, row_type: type[Row], row: CorpusRow) -> tuple[int, Row]:
    """Returns the row of `file` with the same solution, question or sample, and its position."""
    columns = row_type.__dataclass_fields__
    name = "question" if "question_id" in columns else "sample"
    same = [column for column in (f"{name}_id", "solution_variant") if column in columns]
    wanted = [getattr(row, column) for column in same]
    for i, candidate in enumerate(read_rows(file, row_type)):
        if [getattr(candidate, column) for column in same] == wanted:
            return i, candidate
    raise UserError(
        f"{file}: has no row of {name} {wanted[0]}, which is in the corpus; the shard was made "
        "again since then: run the workflow again"
    )


def _model(run: Run, rule: str, shard: str, digest: str) -> str:
    """Returns the file that the digest of a job's model names, if there is a record of it."""
    record = run.records.get((rule, shard))
    read = record.inputs if record else {}
    manifest = next((path for path in read if path.name == "manifest.json"), None)
    if manifest is None:
        return f" (its path is unknown: no record of rule {rule})"
    name = manifest.parent.name
    if manifest.parent.parent.name == "models":
        return _checkpoint(run, Path(run.paths.model(name)), digest, ("model", name))
    return _checkpoint(run, Path(run.paths.checkpoint(name)), digest, (name, "all"))


def _checkpoint(run: Run, path: Path, digest: str, job: tuple[str, str]) -> str:
    """Returns a note on whether the manifest at `path`, made by `job`, still has `digest`."""
    try:
        current = read_manifest(path).digest
    except UserError:
        return f", whose files are no longer at {path}"
    if current != digest:
        return f", which is no longer the digest of {path}"
    return f", {path}{_made(run, *job)}"


def _trained_on(run: Run) -> Iterator[str]:
    """Yields the Code CoTs and seeds among the ancestors of the code generator's checkpoint."""
    record = run.records.get(("codegen", "all"))
    if record is None:
        yield "             no record of rule codegen: its training data are unknown"
        return
    files = _ancestors(run, record.inputs)
    for rule in ("unify", "seeds"):
        for (name, identity), made in sorted(run.records.items()):
            if name != rule or not files.intersection(made.outputs):
                continue
            counts = made.counts
            rows = f"{counts.accepted:,} of {counts.rows_in:,} rows accepted" if counts else ""
            yield f"{rule:<12} {identity}: {rows}{_made(run, rule, identity)}"
            if rule == "seeds":
                yield from _licences(Path(run.paths.seeds(identity)))


def _licences(seeds: Path) -> Iterator[str]:
    for (source, licence), n in sorted(
        Counter((s.source, s.licence) for s in read_rows(seeds, Seed)).items()
    ):
        yield f"             {n:,} seeds of {source}, licence {licence}, {seeds}"


def _ancestors(run: Run, files: dict[Path, str]) -> set[Path]:
    """Returns `files` and every file that they were made from, according to the records."""
    found: set[Path] = set()
    todo = list(files)
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            todo.extend(run.parents.get(file, ()))
    return found


def _made(run: Run, rule: str, identity: str) -> str:
    """Returns when, where and with which commit a job ran."""
    record = run.records.get((rule, identity))
    if record is None:
        return " (no record)"
    if record.restored:
        return f"\n{'':13}by {rule}; its record was restored, so when it ran is unknown"
    commit = record.commit or "unknown"
    return f"\n{'':13}by {rule}, {record.started}, {record.host}, commit {commit}"


def _short(text: str, length: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 3] + "..."
