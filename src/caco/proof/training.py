"""The proof of a training: does its checkpoint fit the rows that its record names?

A training is not reproducible bit by bit, and its checkpoint is no sample of anything. But it has
been fitted to its own rows: its loss on them is not above that of the last epoch, in which the
weights were not final yet. Another checkpoint has a higher loss, unless it was fitted to such rows.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from caco.engines.transformers_model import load_model
from caco.identity import digest
from caco.models.manifest import open_checkpoint
from caco.proof.first_steps import FirstSteps, repeat_first_steps
from caco.proof.recorded_trainings import recorded_training
from caco.training.examples import IGNORED, token_ids

_ROWS = 64  # rows whose loss is computed
_CHUNK = 256  # tokens whose logits are in float32 at a time, as in caco.proof.scores
# By how much the loss may be above that of the last epoch: relative, and in nats.
_RELATIVE, _NATS = 0.1, 0.05
_ERRORS = 3.0  # and standard errors of the mean over the rows, which are a sample
_DTYPES = {"bf16": "bfloat16", "fp32": "float32"}


@dataclass(frozen=True, slots=True)
class TrainingProof:
    """The result for one training.

    Attributes:
        verdict: `consistent`; `inconsistent` (the loss of the checkpoint on its own rows is above
            that of the last epoch, or its first steps differ); `not_scorable` (nothing was
            trained).
        rows: Rows whose loss was computed.
        loss: Mean over these rows of the loss of the checkpoint, in nats per token.
        error: Its standard error.
        recorded: Mean of the recorded losses of the last epoch.
        base: As `loss`, of the base model.
        first: The first steps; None if they were not executed again.
    """

    verdict: Literal["consistent", "inconsistent", "not_scorable"]
    rows: int
    loss: float
    error: float
    recorded: float
    base: float
    first: FirstSteps | None = None

    @property
    def line(self) -> str:
        """The result in one line."""
        if self.verdict == "not_scorable":
            return "not scorable: nothing was trained"
        first = f"; {self.first.said}" if self.first else ""
        return (
            f"{self.verdict}: loss {self.loss:.3f} (+- {self.error:.3f}) on {self.rows:,} of its "
            f"own rows, {self.recorded:.3f} in the last epoch, {self.base:.3f} of the base model"
            f"{first}"
        )


def prove_training(record: Mapping[str, Any], run: Path, steps: int = 0) -> TrainingProof:
    """Computes the loss of a recorded checkpoint on its own rows, and repeats the first steps.

    Args:
        record: The record of the job (`caco.runtime.chain.load_record`).
        run: The folder of the run, which may have been moved.
        steps: Number of steps that are executed again.

    Raises:
        UserError: A file is missing or damaged, or transformers cannot load a checkpoint.
        ClusterError: A step cannot be executed.
    """
    training = recorded_training(record, run)
    if training is None:
        return TrainingProof("not_scorable", 0, 0.0, 0.0, 0.0, 0.0)
    section, curve = training.section, training.curve
    present = (one for one in training.examples() if one is not None)
    drawn = heapq.nsmallest(_ROWS, present, key=lambda one: digest(one.prompt, one.completion))
    rows = [
        row
        for row in token_ids(drawn, training.tokenizer, section.training.cutoff)
        if any(label != IGNORED for label in row[1][1:])
    ]
    dtype = _DTYPES[section.training.precision]
    tuned = open_checkpoint(training.job.file("--checkpoint")).folder
    losses, of_base = (_losses(folder, dtype, rows) for folder in (tuned, training.base))
    last = [step.loss for step in curve if step.epoch > curve[-1].epoch - 1]
    recorded, loss = float(np.mean(last)), float(losses.mean())
    error = float(losses.std(ddof=1) / len(losses) ** 0.5) if len(losses) > 1 else 0.0
    bound = recorded * (1 + _RELATIVE) + _NATS + _ERRORS * error
    first = repeat_first_steps(record, training, steps) if steps else None
    fits = loss <= bound and (first is None or first.fault is None)
    return TrainingProof(
        "consistent" if fits else "inconsistent",
        len(rows), loss, error, recorded, float(of_base.mean()), first,
    )  # fmt: skip


def _losses(folder: Path, dtype: str, rows: list[tuple[list[int], list[int]]]) -> np.ndarray:
    """Returns [rows]: the mean negative log-likelihood of the labelled tokens of each row."""
    model, device = load_model("AutoModelForCausalLM", folder, dtype, "restore it from the run")
    losses = []
    for ids, labels in rows:
        wanted = torch.tensor(labels[1:], device=device)
        with torch.inference_mode():
            logits = model(torch.tensor([ids[:-1]], device=device), use_cache=False).logits[0]
            parts = zip(logits.split(_CHUNK), wanted.split(_CHUNK), strict=True)
            total = sum(
                torch.nn.functional.cross_entropy(
                    part.float(), label, ignore_index=IGNORED, reduction="sum"
                )
                for part, label in parts
            )
        losses.append(float(total) / int((wanted != IGNORED).sum()))
    found: np.ndarray = np.array(losses)
    return found
