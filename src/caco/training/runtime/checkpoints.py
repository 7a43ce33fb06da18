"""What is kept of a fine-tuning while it runs, so that one that is killed goes on.

The folder lies outside of what Snakemake knows, which deletes the outputs of a failed job:

    fingerprint.json      digests of all that the training depends on
    lock            held by the process that trains
    step-00000120   the newest whole checkpoint: model, optimiser, schedule, random numbers, loss
    scratch         what one start needs; the next clears it

A checkpoint is written in `scratch` and renamed, so one that has a name is whole.
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

LOSS = "loss.jsonl"  # the steps so far, one JSON row a line
STOP = "stop"  # in the scratch folder: the ranks are to write a checkpoint and end
STOPPED = "stopped"  # likewise: they obey
_BASIS = "fingerprint.json"
_STEP = "step-"


class CheckpointFolder:
    """The folder of one fine-tuning, held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Names the folder; see `open_checkpoint_folder`, which opens it."""
        self.folder = folder

    @property
    def scratch(self) -> Path:
        """A folder for what one start needs."""
        return self.folder / "scratch"

    def newest(self) -> Path | None:
        """Returns the newest checkpoint."""
        found = _checkpoints(self.folder)
        return found[-1] if found else None

    def begun(self) -> dict[str, str]:
        """Returns the digests of what the checkpoints here depend on."""
        begun: dict[str, str] = json.loads((self.folder / _BASIS).read_text(encoding="utf-8"))
        return begun


def checkpoint_name(step: int) -> str:
    """Returns the name of the checkpoint after `step` optimiser steps; names sort as steps do."""
    return f"{_STEP}{step:08d}"


def step_of(checkpoint: Path) -> int:
    """Returns the optimiser steps that a checkpoint has done."""
    return int(checkpoint.name.removeprefix(_STEP))


def commit_checkpoint(written: Path, folder: Path, step: int) -> None:
    """Takes a whole checkpoint into the folder, on disk before it has its name; older ones go.

    Args:
        written: The checkpoint, on the same file system.
        folder: That of `CheckpointFolder`.
        step: Optimiser steps that it has done.
    """
    for file in written.rglob("*"):
        if file.is_file():
            with file.open("rb") as f:
                os.fsync(f.fileno())
    written.replace(folder / checkpoint_name(step))
    for older in _checkpoints(folder)[:-1]:
        shutil.rmtree(older)


@contextmanager
def open_checkpoint_folder(folder: Path, basis: dict[str, str]) -> Iterator[CheckpointFolder]:
    """Opens the folder for one training.

    Args:
        folder: Where; made if it is not there.
        basis: What the training depends on, by name: the settings, the code, each input, the ranks.

    Raises:
        UserError: It holds a checkpoint of another basis.
        ClusterError: Another process trains into it.
    """
    kept = CheckpointFolder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # closed, it is free again
        wait_for_lock(lock.fileno(), f"{folder}: another process trains into it")
        _check(kept, fingerprints(basis))
        shutil.rmtree(kept.scratch, ignore_errors=True)
        kept.scratch.mkdir(parents=True)
        for older in _checkpoints(folder)[:-1]:
            shutil.rmtree(older)
        try:
            yield kept
        finally:
            shutil.rmtree(kept.scratch, ignore_errors=True)


def _check(kept: CheckpointFolder, basis: dict[str, str]) -> None:
    """Compares the basis with that of the checkpoint, where there is one."""
    if kept.newest() is None:
        write_text(kept.folder / _BASIS, canonical_json(basis))
        return
    mend = "to go on with that training, or delete the folder to train anew"
    require_same(kept.folder, kept.begun(), basis, mend)


def _checkpoints(folder: Path) -> list[Path]:
    """Returns the whole checkpoints, the newest last."""
    return sorted(folder.glob(f"{_STEP}*"))
