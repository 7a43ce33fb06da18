"""The checkpoint folder of a fine-tuning run, from which a killed run resumes.

It is not an output of the Snakemake rule, because Snakemake deletes the outputs of a failed job:

    fingerprint.json  digests of everything that the training depends on
    lock              held by the training process
    step-00000120     the newest checkpoint: model, optimiser, scheduler, random states, loss curve
    scratch           temporary files of one attempt, deleted by the next

A checkpoint is written in `scratch` and then renamed, so a checkpoint with a name is complete.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caco.identity import canonical_json
from caco.runtime.atomic_files import wait_for_lock, write_text
from caco.runtime.fingerprint import fingerprints, require_same

LOSS = "loss.jsonl"  # the steps so far, as JSON Lines
STOP = "stop"  # file in the scratch folder that tells the ranks to write a checkpoint and stop
STOPPED = "stopped"  # file in the scratch folder: the ranks stop after this checkpoint
_FINGERPRINT = "fingerprint.json"
_STEP = "step-"


class CheckpointFolder:
    """The checkpoint folder of one fine-tuning run; one process at a time uses it."""

    def __init__(self, folder: Path) -> None:
        """Refers to the folder; `open_checkpoint_folder` creates and locks it."""
        self.folder = folder

    @property
    def scratch(self) -> Path:
        """The folder for temporary files."""
        return self.folder / "scratch"

    def newest(self) -> Path | None:
        """Returns the newest checkpoint, or None."""
        found = _checkpoints(self.folder)
        return found[-1] if found else None

    def fingerprint(self) -> dict[str, str]:
        """Returns the fingerprint of the checkpoints in the folder."""
        text = (self.folder / _FINGERPRINT).read_text(encoding="utf-8")
        saved: dict[str, str] = json.loads(text)
        return saved


def checkpoint_name(step: int) -> str:
    """Returns the name of the checkpoint after `step` optimiser steps; names sort by step."""
    return f"{_STEP}{step:08d}"


def step_of(checkpoint: Path) -> int:
    """Returns the number of optimiser steps of a checkpoint."""
    return int(checkpoint.name.removeprefix(_STEP))


def commit_checkpoint(written: Path, folder: Path, step: int) -> None:
    """Moves a complete checkpoint into the folder atomically, and deletes older ones.

    Its files are flushed to disk before the rename.

    Args:
        written: The checkpoint, on the same file system.
        folder: The folder of `CheckpointFolder`.
        step: Number of optimiser steps.
    """
    for file in written.rglob("*"):
        if file.is_file():
            with file.open("rb") as f:
                os.fsync(f.fileno())
    written.replace(folder / checkpoint_name(step))
    for older in _checkpoints(folder)[:-1]:
        shutil.rmtree(older)


@contextmanager
def open_checkpoint_folder(folder: Path, parts: dict[str, str]) -> Iterator[CheckpointFolder]:
    """Creates and locks the checkpoint folder of a fine-tuning run.

    Args:
        folder: The folder.
        parts: The parts of the fingerprint, by name: settings, code, each input, number of ranks.

    Raises:
        UserError: The folder has a checkpoint with another fingerprint.
        ClusterError: Another process holds the lock.
    """
    checkpoints = CheckpointFolder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # closing the file releases the lock
        wait_for_lock(lock.fileno(), f"{folder}: another process is training in it")
        _check_fingerprint(checkpoints, fingerprints(parts))
        shutil.rmtree(checkpoints.scratch, ignore_errors=True)
        checkpoints.scratch.mkdir(parents=True)
        for older in _checkpoints(folder)[:-1]:
            shutil.rmtree(older)
        try:
            yield checkpoints
        finally:
            shutil.rmtree(checkpoints.scratch, ignore_errors=True)


def _check_fingerprint(checkpoints: CheckpointFolder, current: dict[str, str]) -> None:
    """Compares the fingerprint with that of the checkpoint; saves it if there is no checkpoint."""
    if checkpoints.newest() is None:
        write_text(checkpoints.folder / _FINGERPRINT, canonical_json(current))
        return
    fix = "to resume that training, or delete the folder to train from scratch"
    require_same(checkpoints.folder, checkpoints.fingerprint(), current, fix)


def _checkpoints(folder: Path) -> list[Path]:
    """Returns the complete checkpoints, the newest last."""
    return sorted(folder.glob(f"{_STEP}*"))
