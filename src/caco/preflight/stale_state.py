"""Saved state (journals, checkpoints) that jobs would refuse: its fingerprint has changed.

A job neither mixes stale state with new results nor deletes it: it fails. The submit host checks
this before any job waits in a queue. With `CACO_DISCARD` set it discards the stale state.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.models.manifest import read_manifest
from caco.preflight.disk import manifests_read
from caco.runtime.atomic_files import remove_folder
from caco.runtime.fingerprint import changed, fingerprints
from caco.runtime.journal import fingerprint_of, rows_in
from caco.training.runtime.checkpoints import CheckpointFolder, step_of

DISCARD = "CACO_DISCARD"  # the environment variable that discards stale state
_KINDS = {".journal": ("journal", "rows"), ".training": ("training", "steps")}


@dataclass(frozen=True, slots=True)
class StaleState:
    """What a job has saved, to resume from.

    Attributes:
        path: Its journal, or its folder of checkpoints.
        amount: Rows, or steps.
        changed: The parts of its fingerprint that have changed since.
    """

    path: Path
    amount: int
    changed: tuple[str, ...]


def stale_states(jobs: Sequence[Any]) -> list[StaleState]:
    """Returns the saved state that jobs would refuse.

    The digest of a model that this run makes is not known yet: the job itself checks it.

    Args:
        jobs: Snakemake's jobs that are to run.
    """
    models = {path: read_manifest(path).digest for path in manifests_read(jobs)}
    of_record = {Path(job.output.provenance): job for job in jobs if _has_record(job)}
    found = []
    for folder in sorted({record.parent for record in of_record}):
        for path in sorted([*folder.glob("*.journal"), *folder.glob("*.training")]):
            job = of_record.get(path.with_suffix(".json"))
            if job is not None and (state := _state(path, job, models)) and state.changed:
                found.append(state)
    return found


def _has_record(job: Any) -> bool:
    return hasattr(job.output, "provenance")  # all but the target rule


def _state(path: Path, job: Any, models: Mapping[Path, str]) -> StaleState | None:
    """Returns what a job has saved at a path; None if it is empty."""
    parts = {"settings": str(job.params.spec), "code": str(job.params.code)}
    if path.is_dir():
        newest, saved = CheckpointFolder(path).newest(), CheckpointFolder(path).fingerprint()
        if newest is None or saved is None:
            return None
        different = changed(saved, fingerprints(parts))
        return StaleState(path, step_of(newest), tuple(different))
    saved, rows = fingerprint_of(path), rows_in(path)
    if saved is None or not rows:
        return None
    if (model := Path(job.input.model)) in models:
        parts["model"] = models[model]
    return StaleState(path, rows, tuple(changed(saved, fingerprints(parts))))


def stale_state_errors(states: Iterable[StaleState]) -> list[UserError]:
    """Returns one error for each rule: what its jobs would refuse, and the two fixes."""
    return [
        UserError(
            f"{folder}: {what}; restore them to resume, or put {DISCARD}=1 before your command to "
            "discard this state"
        )
        for folder, what in _by_rule(states)
    ]


def discard(states: Sequence[StaleState]) -> list[str]:
    """Deletes stale state; returns a notice for each rule."""
    notices = [f"notice: {folder}: discarded {what}" for folder, what in _by_rule(states)]
    for state in states:
        if state.path.is_dir():
            remove_folder(state.path)
        else:
            state.path.unlink()
    return notices


def _by_rule(states: Iterable[StaleState]) -> Iterator[tuple[str, str]]:
    """Yields the folder of stale state, and its amount and what has changed."""
    together: defaultdict[tuple[Path, str, tuple[str, ...]], list[StaleState]] = defaultdict(list)
    for state in states:
        together[state.path.parent, state.path.suffix, state.changed].append(state)
    for (folder, suffix, different), of_rule in together.items():
        kind, unit = _KINDS[suffix]
        count = f"{len(of_rule):,} {kind}{'s' if len(of_rule) > 1 else ''}"
        amount = sum(state.amount for state in of_rule)
        yield (
            str(folder),
            f"{count} of {amount:,} {unit}, saved with other {' and '.join(different)}",
        )
