"""The checkpoint folder of a fine-tuning run, from which a killed run resumes.

It is not an output of the Snakemake rule, because Snakemake deletes the outputs of a failed job:

    lock              held by the training process
    step-00000120     a checkpoint: model, optimiser, scheduler, random states, loss curve
    step-00000160     the next one
    scratch           temporary files of one attempt, deleted by the next

A checkpoint is written in `scratch` and then renamed, so a checkpoint with a name is complete. Its
last file is `digests.json`: the SHA-256 of every other file, and the fingerprint, which are the
digests of everything that the training depends on. A training resumes from the newest checkpoint
whose files have these digests. The one before it is deleted only when the next one is begun, so
that no more than two exist at any time.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.rows.loss import Loss
from caco.runtime.atomic_files import wait_for_lock
from caco.runtime.checksums import read_checked, sha256_of, write_checked
from caco.runtime.fingerprint import fingerprints, require_same
from caco.runtime.journal import from_line, to_line

LOSS = "loss.jsonl"  # the steps so far; each line is a checksum and JSON
STOP = "stop"  # file in the scratch folder that tells the ranks to write a checkpoint and stop
STOPPED = "stopped"  # file in the scratch folder: the ranks stop after this checkpoint
STOP_AFTER = "stop_after"  # file in the scratch folder: the number of steps after which they stop
_FINGERPRINT = "fingerprint.json"  # file in the scratch folder
_DIGESTS = "digests.json"
_STEP = "step-"
_SECONDS = "seconds"  # key of a line of `LOSS`


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

    def newest_intact(self) -> Path | None:
        """Returns the newest checkpoint whose files are those that were written, or None.

        Deletes a damaged one if the one before it is intact, and says so.

        Raises:
            UserError: Each checkpoint is damaged.
        """
        damaged: dict[Path, str] = {}
        for checkpoint in reversed(_checkpoints(self.folder)):
            if (damage := _damage(checkpoint)) is None:
                for other, why in damaged.items():
                    print(
                        f"warning: {why}; the checkpoint after step {step_of(other):,} is deleted, "
                        f"and training resumes from the one after step {step_of(checkpoint):,}",
                        file=sys.stderr,
                        flush=True,
                    )
                    shutil.rmtree(other)
                return checkpoint
            damaged[checkpoint] = damage
        if not damaged:
            return None
        newest, *_ = damaged.values()
        raise UserError(
            f"{newest}; there is no other checkpoint to resume from: restore the file, or type "
            f"`rm -r {self.folder}` to train from scratch"
        )

    def fingerprint(self) -> dict[str, str] | None:
        """Returns the fingerprint of the newest checkpoint that has a whole one, or None."""
        for checkpoint in reversed(_checkpoints(self.folder)):
            try:
                saved: dict[str, str] = read_checked(checkpoint / _DIGESTS)["fingerprint"]
            except (OSError, ValueError, KeyError):
                continue
            return saved
        return None


def checkpoint_name(step: int) -> str:
    """Returns the name of the checkpoint after `step` optimiser steps; names sort by step."""
    return f"{_STEP}{step:08d}"


def step_of(checkpoint: Path) -> int:
    """Returns the number of optimiser steps of a checkpoint."""
    return int(checkpoint.name.removeprefix(_STEP))


def commit_checkpoint(written: Path, checkpoints: CheckpointFolder, step: int) -> None:
    """Moves a complete checkpoint into the folder atomically.

    Its files are flushed to disk and digested before the rename.

    Args:
        written: The checkpoint, on the same file system.
        checkpoints: The folder, which `open_checkpoint_folder` has opened.
        step: Number of optimiser steps.
    """
    files = _files(written)
    for file in files:
        with file.open("rb") as f:
            os.fsync(f.fileno())
    digests = {file.relative_to(written).as_posix(): sha for file, sha in sha256_of(files).items()}
    fingerprint = read_checked(checkpoints.scratch / _FINGERPRINT)
    write_checked(written / _DIGESTS, {"fingerprint": fingerprint, "files": digests})
    written.replace(checkpoints.folder / checkpoint_name(step))


def remove_all_but_newest(checkpoints: CheckpointFolder) -> None:
    """Deletes older checkpoints, to make room for the next one."""
    for older in _checkpoints(checkpoints.folder)[:-1]:
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
        current = fingerprints(parts)
        if (saved := checkpoints.fingerprint()) is not None:
            fix = "to resume that training, or delete the folder to train from scratch"
            require_same(folder, saved, current, fix)
        shutil.rmtree(checkpoints.scratch, ignore_errors=True)
        checkpoints.scratch.mkdir(parents=True)
        write_checked(checkpoints.scratch / _FINGERPRINT, current)
        try:
            yield checkpoints
        finally:
            shutil.rmtree(checkpoints.scratch, ignore_errors=True)


def append_step(path: Path, row: Loss, seconds: float) -> None:
    """Appends a step to the file of the loss curve.

    Args:
        path: The file.
        row: The step.
        seconds: Wall time since the start of training, over all attempts.
    """
    with path.open("ab") as out:
        out.write(to_line({**asdict(row), _SECONDS: seconds}))


def read_steps(path: Path) -> list[tuple[Loss, float]]:
    """Returns the steps that `append_step` wrote, each with the wall time up to it in seconds.

    Raises:
        UserError: A line is damaged.
    """
    steps: list[tuple[Loss, float]] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        values: dict[str, Any] | None = from_line(line)
        if values is None:
            raise UserError(
                f"{path}: line {number:,} is damaged; type your command again, and the training "
                "resumes from its newest checkpoint"
            )
        seconds = values.pop(_SECONDS)
        steps.append((Loss(**values), seconds))
    return steps


def _damage(checkpoint: Path) -> str | None:
    """Returns the file of a checkpoint that is not as it was written, and how; None without one."""
    listed = checkpoint / _DIGESTS
    try:
        digests: dict[str, str] = read_checked(listed)["files"]
    except FileNotFoundError:
        return f"{listed}: the file is missing"
    except (ValueError, KeyError) as error:
        return f"{listed}: damaged ({error})"
    files = {checkpoint / name: sha for name, sha in digests.items()}
    for file in files:
        if not file.is_file():
            return f"{file}: the file is missing"
    for file, found in sha256_of(files).items():
        if found != files[file]:
            return f"{file}: damaged: its SHA-256 was {files[file]} and is {found}"
    return None


def _files(checkpoint: Path) -> list[Path]:
    return sorted(file for file in checkpoint.rglob("*") if file.is_file())


def _checkpoints(folder: Path) -> list[Path]:
    """Returns the complete checkpoints, the newest last."""
    return sorted(folder.glob(f"{_STEP}*"))
