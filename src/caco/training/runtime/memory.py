"""The memory that a training needs on each device, worked out from the sizes of its model."""

import json
from dataclasses import dataclass
from pathlib import Path

from caco.config.training import Training

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}  # of a stored weight
_WEIGHTS = {"bf16": 2, "fp32": 4}
# AdamW's two moments and, in bf16, the copy of the weights that it updates; by their precision.
_OPTIMIZER = {"bf16": {"fp32": 12, "bf16": 6}, "fp32": {"fp32": 8}}
# Bytes kept for the backward pass per token and layer, in bf16: per unit of the hidden size, and of
# the size of the feed-forward layer. Counted with `saved_tensors_hooks` on Qwen2 without fused
# kernels, which keep less.
_PER_HIDDEN, _PER_INTERMEDIATE = 26, 8
# Logits of a chunk in bf16 and float32, their softmax and gradients (`caco.training.head`).
_CHUNK_GB = 16 * (1 << 27) / 1e9


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """What a training needs on each device, in GB.

    Attributes:
        states: Weights, gradients and the states of AdamW.
        activations: What a micro-batch of `micro_tokens` tokens keeps for its backward pass.
        loss: Logits of one chunk of tokens, and the gradient of the head.
    """

    states: float
    activations: float
    loss: float

    @property
    def total(self) -> float:
        """The sum."""
        return self.states + self.activations + self.loss


def training_memory(folder: Path, training: Training, ranks: int) -> TrainingMemory | None:
    """Returns what a training needs on each device, without the fragments of the allocator.

    Args:
        folder: The checkpoint that is trained.
        training: How it is trained.
        ranks: Number of devices, over which ZeRO partitions states.

    Returns:
        An estimate; None if the model's config lacks a size, as that of a mixture of experts.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        text = config.get("text_config", config)
        hidden, layers = int(text["hidden_size"]), int(text["num_hidden_layers"])
        intermediate, vocabulary = int(text["intermediate_size"]), int(text["vocab_size"])
        stored = _BYTES[config.get("dtype") or config["torch_dtype"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if any("experts" in key for key in text):
        return None
    parameters = sum(file.stat().st_size for file in folder.glob("*.safetensors")) / stored
    states = _states(training, ranks) * parameters
    scale = _WEIGHTS[training.precision] / 2
    layer = scale * (_PER_HIDDEN * hidden + _PER_INTERMEDIATE * intermediate)
    per_token = layers * layer
    if training.gradient_checkpointing:  # the input of each layer, and one layer in full
        per_token = layers * scale * 2 * hidden + layer
    return TrainingMemory(
        states=states / 1e9,
        activations=training.micro_tokens * per_token / 1e9,
        loss=min(_CHUNK_GB, 16e-9 * training.micro_tokens * vocabulary)
        + 6e-9 * vocabulary * hidden,
    )


def _states(training: Training, ranks: int) -> float:
    """Returns bytes per parameter: each ZeRO stage partitions one more part."""
    weights = _WEIGHTS[training.precision]
    optimizer = _OPTIMIZER[training.precision][training.optimizer_precision]
    stage = training.zero_stage
    # config/deepspeed: stages 2 and 3 add gradients up in float32.
    added_up = training.gradient_precision or ("fp32" if stage >= 2 else training.precision)
    gradients = _WEIGHTS[added_up]
    if stage == 1 and added_up != training.precision:
        gradients += weights  # those of the micro-batch, beside the sums
    parts = [(3, weights), (2, gradients), (1, optimizer)]
    return sum(size / ranks if stage >= first else size for first, size in parts)
