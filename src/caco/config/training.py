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


class FineTune(Section):
    """A model and how it is fine-tuned."""

    model: str = Field(description="Name of a model in `models`.")
    training: Training = Field(description="How it is fine-tuned.")


class Codegen(FineTune):
    """The code generator, fine-tuned on Code CoTs alone, without question text."""


class Writer(FineTune):
    """The writer of questions and solutions.

    A small model needs fine-tuning for this task, on the seeds' (program, question) and
    (question, solution) pairs. A large one works without.
    """

    fine_tune: bool = Field(
        description="Whether to fine-tune the model; if false, `training` is ignored."
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
