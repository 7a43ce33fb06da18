"""TRL's trainer with checkpoints that are whole or absent, written now and then or on notice."""

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

_GO_ON, _SAVE, _SAVE_AND_END = range(3)


class CheckpointingTrainer(SFTTrainer):  # type: ignore[misc]
    """A trainer that keeps the newest checkpoint in a `CheckpointFolder`."""

    def __init__(self, kept: CheckpointFolder, save_every_s: float, **settings: Any) -> None:
        """Makes the trainer.

        Args:
            kept: The folder.
            save_every_s: Seconds between two checkpoints.
            settings: TRL's own arguments.
        """
        super().__init__(**settings)
        self._kept = kept
        self.add_callback(_CheckpointSchedule(kept, save_every_s))

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Writes nothing: the weights are in DeepSpeed's part of a checkpoint."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Writes a checkpoint aside, and names it when every rank has written its part."""
        Trainer._save_checkpoint(self, model, trial)  # past TRL's own, which adds a model card
        torch.distributed.barrier()
        if self.is_world_process_zero():
            step = self.state.global_step
            written = self._kept.scratch / f"checkpoint-{step}"
            shutil.copy(self._kept.scratch / LOSS, written / LOSS)
            commit_checkpoint(written, self._kept.folder, step)
        torch.distributed.barrier()


class _CheckpointSchedule(TrainerCallback):  # type: ignore[misc]
    """Tells after which steps a checkpoint is written: rank 0 decides, all ranks obey."""

    def __init__(self, kept: CheckpointFolder, every_s: float) -> None:
        self._kept, self._every = kept, every_s
        self._last = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock."""
        self._last = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Asks for a checkpoint when it is time; after the last step there is none to go on to."""
        if state.global_step >= state.max_steps:
            return
        word = torch.tensor(self._word(), device=args.device)
        torch.distributed.broadcast(word, src=0)
        control.should_save = int(word) != _GO_ON
        control.should_training_stop = int(word) == _SAVE_AND_END
        if control.should_training_stop and state.is_world_process_zero:
            (self._kept.scratch / STOPPED).touch()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock anew."""
        self._last = time.monotonic()

    def _word(self) -> int:
        if (self._kept.scratch / STOP).exists():
            return _SAVE_AND_END
        return _SAVE if time.monotonic() - self._last >= self._every else _GO_ON
