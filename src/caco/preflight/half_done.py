"""Half-done work that a run would not go on with, since it was begun with something else.

The job whose work it is refuses it, rather than mix it or lose it. So that nobody waits in a queue
to be told, the submitting side looks first; and so that nobody deletes a hundred files by hand, it
drops exactly these where it is told to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.basis import changed, digests
from caco.engines.journal_lines import basis_of, rows_in
from caco.errors import UserError
from caco.files import remove_folder
from caco.models.manifest import read_manifest
from caco.preflight.models import manifests_read
from caco.training.kept import Kept, step_of

FORGET = "CACO_FORGET"  # in the environment, says that such work is to go
_WHAT = {".journal": ("journal", "rows"), ".training": ("training", "steps")}


@dataclass(frozen=True, slots=True)
class HalfDone:
    """What a job has kept for its next start.

    Attributes:
        path: Its journal, or the folder of its training.
        kept: Rows, or steps.
        other: What it was begun with that is something else now.
    """

    path: Path
    kept: int
    other: tuple[str, ...]


def begun_otherwise(jobs: Sequence[Any]) -> list[HalfDone]:
    """Returns what is kept of jobs that would refuse it.

    What a model is that this run makes anew is not known yet: then the job is the first to know.

    Args:
        jobs: Snakemake's jobs that are to run.
    """
    models = {path: read_manifest(path).digest for path in manifests_read(jobs)}
    of_record = {Path(job.output.provenance): job for job in jobs if _has_record(job)}
    found = []
    for folder in sorted({record.parent for record in of_record}):
        for left in sorted([*folder.glob("*.journal"), *folder.glob("*.training")]):
            job = of_record.get(left.with_suffix(".json"))
            if job is not None and (work := _look(left, job, models)) is not None and work.other:
                found.append(work)
    return found


def _has_record(job: Any) -> bool:
    return hasattr(job.output, "provenance")  # all but the target rule


def _look(left: Path, job: Any, models: Mapping[Path, str]) -> HalfDone | None:
    """Returns what a job has kept; None where there is nothing in it."""
    now = {"settings": str(job.params.spec), "code": str(job.params.code)}
    if left.is_dir():
        newest = Kept(left).newest()
        if newest is None:
            return None
        other = changed(Kept(left).begun(), digests(now))
        return HalfDone(left, step_of(newest), tuple(other))
    begun, rows = basis_of(left), rows_in(left)
    if begun is None or not rows:
        return None
    if (model := Path(job.input.model)) in models:
        now["model"] = models[model]
    return HalfDone(left, rows, tuple(changed(begun, digests(now))))


def refusals_of(works: Iterable[HalfDone]) -> list[UserError]:
    """Returns one error for each rule: what it would refuse, and both ways out."""
    return [
        UserError(
            f"{where}: {what}; set them back to go on with that, or put {FORGET}=1 before your "
            "command to drop it"
        )
        for where, what in _by_rule(works)
    ]


def forget(works: Sequence[HalfDone]) -> list[str]:
    """Deletes half-done work; returns, for each rule, what went."""
    said = [f"notice: {where}: dropped {what}" for where, what in _by_rule(works)]
    for work in works:
        if work.path.is_dir():
            remove_folder(work.path)
        else:
            work.path.unlink()
    return said


def _by_rule(works: Iterable[HalfDone]) -> Iterator[tuple[str, str]]:
    """Yields where half-done work lies, and how much of it was begun with what."""
    together: defaultdict[tuple[Path, str, tuple[str, ...]], list[HalfDone]] = defaultdict(list)
    for work in works:
        together[work.path.parent, work.path.suffix, work.other].append(work)
    for (folder, suffix, other), of_rule in together.items():
        what, unit = _WHAT[suffix]
        many = f"{len(of_rule):,} {what}{'s' if len(of_rule) > 1 else ''}"
        kept = sum(work.kept for work in of_rule)
        yield str(folder), f"{many} of {kept:,} {unit} begun with other {' and '.join(other)}"
