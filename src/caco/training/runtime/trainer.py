"""TRL's trainer with atomic checkpoints, written at an interval and upon preemption, and its log.

The log is a row per step for the loss curve, and progress lines.
"""

import contextlib
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback
from trl import SFTTrainer

from caco.errors import ClusterError
from caco.rows.loss import Loss
from caco.runtime.checksums import sha256_of
from caco.runtime.progress import progress_line
from caco.training.runtime.checkpoints import (
    LOSS,
    STOP,
    STOP_AFTER,
    STOPPED,
    CheckpointFolder,
    append_step,
    commit_checkpoint,
    read_steps,
    remove_all_but_newest,
)

_CONTINUE, _SAVE, _SAVE_AND_STOP = range(3)
_PRINT_EVERY_S = 10.0


class _MappedRows:
    """The files of the rows, with the digests that they had when they were written.

    `datasets` writes the rows to Arrow files, which have no checksum, and maps them into memory.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        """Digests the files.

        Args:
            files: The files; none if the rows are in memory.
        """
        self._digests = sha256_of(files)

    def require_unchanged(self) -> None:
        """Compares the files with their digests.

        Raises:
            ClusterError: A file has changed: the steps since the last checkpoint may have read
                other rows.
        """
        for file, found in sha256_of(self._digests).items():
            if found != self._digests[file]:
                raise ClusterError(
                    f"{file}: damaged while it was read: its SHA-256 was {self._digests[file]} and "
                    f"is {found}; check the disk of this node and type your command again: the "
                    "training resumes from its newest checkpoint"
                )


class CheckpointingTrainer(SFTTrainer):  # type: ignore[misc]
    """A trainer that saves the newest checkpoint in a `CheckpointFolder`."""

    def __init__(self, checkpoints: CheckpointFolder, save_every_s: float, **settings: Any) -> None:
        """Creates the trainer.

        Args:
            checkpoints: The checkpoint folder.
            save_every_s: Seconds between two checkpoints.
            settings: Arguments of TRL's trainer.
        """
        super().__init__(**settings)
        self._checkpoints = checkpoints
        # The ranks of a node share the files; one of them checks.
        files = self.train_dataset.cache_files if self.is_local_process_zero() else []
        self._rows = _MappedRows(Path(file["filename"]) for file in files)
        self.add_callback(_CheckpointSchedule(checkpoints, save_every_s))

    def require_unchanged_rows(self) -> None:
        """Checks that every step so far has read the rows that were tokenized.

        Raises:
            ClusterError: A file of the rows has changed.
        """
        self._rows.require_unchanged()

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Writes nothing: the weights are part of DeepSpeed's checkpoint."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Writes a checkpoint to scratch, and renames it once every rank has written its part."""
        self.require_unchanged_rows()
        if self.is_world_process_zero():
            remove_all_but_newest(self._checkpoints)  # not yet at the last commit
        Trainer._save_checkpoint(self, model, trial)  # skips TRL, which adds a model card
        torch.distributed.barrier()
        if self.is_world_process_zero():
            step = self.state.global_step
            written = self._checkpoints.scratch / f"checkpoint-{step}"
            shutil.copy(self._checkpoints.scratch / LOSS, written / LOSS)
            commit_checkpoint(written, self._checkpoints, step)
        torch.distributed.barrier()


class _CheckpointSchedule(TrainerCallback):  # type: ignore[misc]
    """Decides after which steps a checkpoint is written; rank 0 decides for all ranks.

    Where the scratch folder has `STOP_AFTER`, none is written.
    """

    def __init__(self, checkpoints: CheckpointFolder, every_s: float) -> None:
        self._checkpoints, self._every_s = checkpoints, every_s
        self._last = time.monotonic()
        wanted = checkpoints.scratch / STOP_AFTER
        self._last_step = int(wanted.read_text(encoding="utf-8")) if wanted.exists() else None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the timer."""
        self._last = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Requests a checkpoint when it is due, but not after the last step."""
        if state.global_step >= state.max_steps:
            return
        if self._last_step is not None:
            control.should_training_stop = state.global_step >= self._last_step
            return
        decision = torch.tensor(self._decision(), device=args.device)
        torch.distributed.broadcast(decision, src=0)
        control.should_save = int(decision) != _CONTINUE
        control.should_training_stop = int(decision) == _SAVE_AND_STOP
        if control.should_training_stop and state.is_world_process_zero:
            (self._checkpoints.scratch / STOPPED).touch()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Restarts the timer."""
        self._last = time.monotonic()

    def _decision(self) -> int:
        if (self._checkpoints.scratch / STOP).exists():
            return _SAVE_AND_STOP
        return _SAVE if time.monotonic() - self._last >= self._every_s else _CONTINUE


class LossLogger(TrainerCallback):  # type: ignore[misc]
    """Writes the steps of rank 0 to a JSON Lines file, and progress to stderr.

    If the file holds the steps up to a checkpoint, the elapsed time continues from the last step.
    """

    def __init__(self, stage: str, path: Path) -> None:
        self._stage, self._path = stage, path
        self._started = self._printed = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the timer."""
        self._started = self._printed = time.monotonic()
        if self._path.exists():
            self._started -= read_steps(self._path)[-1][1]

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Records the metrics of one step."""
        if not state.is_world_process_zero or logs is None or "loss" not in logs:
            return
        now = time.monotonic()
        norm = logs.get("grad_norm")
        seconds = now - self._started
        row = Loss(
            step=int(state.global_step),
            epoch=float(logs["epoch"]),
            loss=float(logs["loss"]),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=None if norm is None else float(norm),
            tokens=int(state.num_input_tokens_seen),
        )
        append_step(self._path, row, seconds)
        if now - self._printed >= _PRINT_EVERY_S or row.step in (1, state.max_steps):
            self._printed = now
            with contextlib.suppress(
                BrokenPipeError
            ):  # on preemption, the reader of stderr may exit first
                print(self._line(row, seconds, int(state.max_steps)), file=sys.stderr, flush=True)

    def _line(self, row: Loss, seconds: float, steps: int) -> str:
        remaining_s = seconds / row.step * (steps - row.step)
        rate = f"loss {row.loss:.3f}, {row.tokens / max(seconds, 1e-9):,.0f} tokens/s"
        return progress_line(self._stage, row.step, steps, "steps", rate, remaining_s)
