"""Sections of fine-tuning: the code generator, the writer and the student."""

from typing import Literal, Self

from pydantic import Field, model_validator

from caco.config.section import Section


class Training(Section):
    """Full fine-tuning with TRL's SFTTrainer under DeepSpeed."""

    epochs: float = Field(gt=0, description="Passes over the training rows.")
    learning_rate: float = Field(gt=0, description="Peak learning rate.")
    warmup: float = Field(
        0.03, ge=0, lt=1, description="Fraction of the steps with linear warmup (paper: 0.03)."
    )
    weight_decay: float = Field(0.1, ge=0, description="Weight decay of AdamW (paper: 0.1).")
    global_batch: int = Field(gt=0, description="Rows per optimiser step, over all devices.")
    micro_tokens: int = Field(
        8192,
        gt=0,
        description=(
            "Maximum tokens per device and forward pass, which bounds its memory; at least "
            "`cutoff`. It changes no result beyond rounding."
        ),
    )
    cutoff: int = Field(gt=0, description="Maximum tokens of a row; longer rows are truncated.")
    gradient_checkpointing: bool = Field(
        False,
        description=(
            "Compute the activations of each layer again in the backward pass instead of keeping "
            "them: a fifth of the memory per token, a fifth more time."
        ),
    )
    precision: Literal["bf16", "fp32"] = Field("bf16", description="Precision of the forward pass.")
    # Without them, the spec of a run is that of versions without them.
    gradient_precision: Literal["bf16", "fp32"] | None = Field(
        None,
        exclude_if=lambda value: value is None,
        description=(
            "Precision in which the gradients of micro-batches are added up; null for bf16 under "
            "`zero_stage` 0 and 1, which saves memory, and fp32 under 2 and 3. Costs: "
            "docs/cluster.md."
        ),
    )
    optimizer_precision: Literal["bf16", "fp32"] = Field(
        "fp32",
        exclude_if=lambda value: value == "fp32",
        description=(
            "Precision of AdamW's moments and of the weights that it updates; bf16 halves their "
            "memory, and loses nearly all updates at learning rates below 1e-4: docs/benchmarks.md."
        ),
    )
    zero_stage: Literal[0, 1, 2, 3] = Field(
        2, description="DeepSpeed ZeRO stage (paper: 2); selects the file in `config/deepspeed/`."
    )
    seed: int = Field(42, ge=0, description="Seed of the shuffling (paper: 42).")
    min_rows: int = Field(
        1, gt=0, description="Minimum number of rows to train on; fewer are an error."
    )

    @model_validator(mode="after")
    def _every_row_fits(self) -> Self:
        if self.cutoff > self.micro_tokens:
            raise ValueError(
                f"`micro_tokens` is {self.micro_tokens}, less than one row of `cutoff` "
                f"{self.cutoff} tokens; raise it or lower `cutoff`"
            )
        return self

    @model_validator(mode="after")
    def _deepspeed_has_these_precisions(self) -> Self:
        """Refuses what DeepSpeed 0.19 does not compute, or computes in another precision."""
        gradients, optimizer = self.gradient_precision, self.optimizer_precision
        if self.precision == "fp32" and "bf16" in (gradients, optimizer):
            key = "gradient_precision" if gradients == "bf16" else "optimizer_precision"
            raise ValueError(f"`{key}: bf16` needs `precision: bf16`; remove one of the two")
        if self.precision == "bf16" and self.zero_stage == 0 and gradients == "fp32":
            raise ValueError(
                "DeepSpeed adds up the gradients in bf16 under `zero_stage: 0`; remove "
                "`gradient_precision: fp32` or set `zero_stage` to 1, 2 or 3"
            )
        if optimizer == "bf16" and self.zero_stage == 0:
            raise ValueError(
                "DeepSpeed has no `optimizer_precision: bf16` under `zero_stage: 0`; remove it or "
                "set `zero_stage` to 1, 2 or 3"
            )
        if optimizer == "bf16" and self.zero_stage == 1 and gradients == "fp32":
            raise ValueError(
                "DeepSpeed keeps the optimizer in fp32 where `zero_stage: 1` adds up the gradients "
                "in fp32; remove `optimizer_precision: bf16` or `gradient_precision: fp32`"
            )
        return self


class FineTune(Section):
    """A model and how it is fine-tuned."""

    model: str = Field(description="Name of a model in `models`.")
    training: Training = Field(description="How it is fine-tuned.")


class Codegen(FineTune):
    """The code generator, fine-tuned on Code CoTs alone, without question text."""


Learns = Literal["questions", "solutions", "both"]


class Writer(FineTune):
    """The writer of questions and solutions.

    A small model needs fine-tuning for this task, on the seeds' (program, question) and
    (question, solution) pairs. A large one works without.
    """

    fine_tune: bool = Field(
        description="Whether to fine-tune the model; if false, `training` is ignored."
    )
    # Without it, the spec of a run is that of versions without it.
    learns: Learns = Field(
        "both",
        exclude_if=lambda value: value == "both",
        description="The texts that it is fine-tuned on; one kind takes half of the time, where "
        "another model writes the other kind.",
    )


class Student(FineTune):
    """The student, fine-tuned on the corpus."""

    prompt: Literal["alpaca", "chat"] = Field(
        "alpaca",
        description=(
            "Prompt format, in training and in every benchmark, of base and student: Alpaca's "
            "headings (paper), or the model's chat template."
        ),
    )
