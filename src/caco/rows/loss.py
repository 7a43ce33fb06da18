"""Loss curves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """One logged optimiser step.

    Attributes:
        step: Optimiser steps done, from 1.
        epoch: Passes over the data done, fractional.
        loss: Mean cross-entropy in nats a token over the step's global batch.
        learning_rate: Learning rate of the step.
        grad_norm: Gradient norm before clipping, or None where the engine does not tell.
        tokens: Tokens seen so far, padding excluded.
        seconds: Wall time since training began.
    """

    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float | None
    tokens: int
    seconds: float
