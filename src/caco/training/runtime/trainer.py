"""TRL's trainer with atomic checkpoints, written at an interval and upon preemption."""

import shutil
import time
from typing import Any

import torch
from transformers import Trainer, TrainerCallback
from trl import SFTTrainer

from caco.training.runtime.checkpoints import (
    LOSS,
    STOP,
    STOPPED,
    CheckpointFolder,
    commit_checkpoint,
)

_CONTINUE, _SAVE, _SAVE_AND_STOP = range(3)


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
        self.add_callback(_CheckpointSchedule(checkpoints, save_every_s))

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Writes nothing: the weights are part of DeepSpeed's checkpoint."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Writes a checkpoint to scratch, and renames it once every rank has written its part."""
        Trainer._save_checkpoint(self, model, trial)  # skips TRL, which adds a model card
        torch.distributed.barrier()
        if self.is_world_process_zero():
            step = self.state.global_step
            written = self._checkpoints.scratch / f"checkpoint-{step}"
            shutil.copy(self._checkpoints.scratch / LOSS, written / LOSS)
            commit_checkpoint(written, self._checkpoints.folder, step)
        torch.distributed.barrier()


class _CheckpointSchedule(TrainerCallback):  # type: ignore[misc]
    """Decides after which steps a checkpoint is written; rank 0 decides for all ranks."""

    def __init__(self, checkpoints: CheckpointFolder, every_s: float) -> None:
        self._checkpoints, self._every_s = checkpoints, every_s
        self._last = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the timer."""
        self._last = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Requests a checkpoint when it is due, but not after the last step."""
        if state.global_step >= state.max_steps:
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
