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

from caco.errors import UserError
from caco.models.manifest import read_manifest
from caco.preflight.models import manifests_read
from caco.runtime.atomic_files import remove_folder
from caco.runtime.fingerprint import changed, fingerprints
from caco.runtime.journal import fingerprint_of, rows_in
from caco.training.runtime.checkpoints import CheckpointFolder, step_of

DISCARD = "CACO_DISCARD"  # in the environment, says that such work is to go
_WHAT = {".journal": ("journal", "rows"), ".training": ("training", "steps")}


@dataclass(frozen=True, slots=True)
class StaleState:
    """What a job has kept for its next start.

    Attributes:
        path: Its journal, or the folder of its training.
        kept: Rows, or steps.
        other: What it was begun with that is something else now.
    """

    path: Path
    kept: int
    other: tuple[str, ...]


def stale_states(jobs: Sequence[Any]) -> list[StaleState]:
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


def _look(left: Path, job: Any, models: Mapping[Path, str]) -> StaleState | None:
    """Returns what a job has kept; None where there is nothing in it."""
    now = {"settings": str(job.params.spec), "code": str(job.params.code)}
    if left.is_dir():
        newest = CheckpointFolder(left).newest()
        if newest is None:
            return None
        other = changed(CheckpointFolder(left).begun(), fingerprints(now))
        return StaleState(left, step_of(newest), tuple(other))
    begun, rows = fingerprint_of(left), rows_in(left)
    if begun is None or not rows:
        return None
    if (model := Path(job.input.model)) in models:
        now["model"] = models[model]
    return StaleState(left, rows, tuple(changed(begun, fingerprints(now))))


def stale_state_errors(works: Iterable[StaleState]) -> list[UserError]:
    """Returns one error for each rule: what it would refuse, and both ways out."""
    return [
        UserError(
            f"{where}: {what}; set them back to go on with that, or put {DISCARD}=1 before your "
            "command to drop it"
        )
        for where, what in _by_rule(works)
    ]


def discard(works: Sequence[StaleState]) -> list[str]:
    """Deletes half-done work; returns, for each rule, what went."""
    said = [f"notice: {where}: dropped {what}" for where, what in _by_rule(works)]
    for work in works:
        if work.path.is_dir():
            remove_folder(work.path)
        else:
            work.path.unlink()
    return said


def _by_rule(works: Iterable[StaleState]) -> Iterator[tuple[str, str]]:
    """Yields where half-done work lies, and how much of it was begun with what."""
    together: defaultdict[tuple[Path, str, tuple[str, ...]], list[StaleState]] = defaultdict(list)
    for work in works:
        together[work.path.parent, work.path.suffix, work.other].append(work)
    for (folder, suffix, other), of_rule in together.items():
        what, unit = _WHAT[suffix]
        many = f"{len(of_rule):,} {what}{'s' if len(of_rule) > 1 else ''}"
        kept = sum(work.kept for work in of_rule)
        yield str(folder), f"{many} of {kept:,} {unit} begun with other {' and '.join(other)}"
