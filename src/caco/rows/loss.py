"""Loss curves of fine-tuning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """One logged optimiser step.

    Attributes:
        step: Number of the optimiser step, from 1.
        epoch: Passes over the data so far, fractional.
        loss: Mean cross-entropy in nats per token over the step's global batch.
        learning_rate: Learning rate of the step.
        grad_norm: Gradient norm before clipping, or None where DeepSpeed does not report it.
        tokens: Tokens trained on so far, without padding.
    """

    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float | None
    tokens: int
