"""Logging of a fine-tuning run: a row per step for the loss curve, and progress lines."""

import contextlib
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from caco.rows.loss import Loss
from caco.runtime.progress import progress_line

_EVERY_S = 10.0


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
            last = json.loads(self._path.read_text(encoding="utf-8").splitlines()[-1])
            self._started -= last["seconds"]

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Records the metrics of one step."""
        if not state.is_world_process_zero or logs is None or "loss" not in logs:
            return
        now = time.monotonic()
        norm = logs.get("grad_norm")
        row = Loss(
            step=int(state.global_step),
            epoch=float(logs["epoch"]),
            loss=float(logs["loss"]),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=None if norm is None else float(norm),
            tokens=int(state.num_input_tokens_seen),
            seconds=now - self._started,
        )
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(row)) + "\n")
        if now - self._printed >= _EVERY_S or row.step in (1, state.max_steps):
            self._printed = now
            with contextlib.suppress(
                BrokenPipeError
            ):  # on preemption, the reader of stderr may exit first
                print(self._line(row, int(state.max_steps)), file=sys.stderr, flush=True)

    def _line(self, row: Loss, steps: int) -> str:
        remaining_s = row.seconds / row.step * (steps - row.step)
        rate = f"loss {row.loss:.3f}, {row.tokens / max(row.seconds, 1e-9):,.0f} tokens/s"
        return progress_line(self._stage, row.step, steps, "steps", rate, remaining_s)
