"""Fine-tuning: the code generator, the writer and the student share one shape."""

from typing import Literal

from pydantic import Field

from caco.config.section import Section


class Training(Section):
    """Full fine-tuning with TRL's SFTTrainer under DeepSpeed."""

    epochs: float = Field(gt=0, description="Passes over the rows.")
    learning_rate: float = Field(gt=0, description="Peak learning rate.")
    warmup: float = Field(0.03, ge=0, lt=1, description="Share of the steps that warm up (paper).")
    weight_decay: float = Field(0.1, ge=0, description="AdamW weight decay (paper).")
    global_batch: int = Field(gt=0, description="Rows (or packed blocks) an optimiser step.")
    micro_batch: int = Field(gt=0, description="Rows (or packed blocks) a device and forward pass.")
    cutoff: int = Field(gt=0, description="Longest row in tokens; longer ones are cut.")
    packing: bool = Field(False, description="Pack rows into blocks of `cutoff` tokens.")
    precision: Literal["bf16", "fp32"] = Field("bf16", description="Precision of the forward pass.")
    zero_stage: Literal[0, 1, 2, 3] = Field(
        2, description="DeepSpeed ZeRO stage (paper: 2): which file of `config/deepspeed/`."
    )
    seed: int = Field(42, ge=0, description="Seed of shuffling (paper: 42).")


class FineTune(Section):
    """A model and how it is fine-tuned."""

    model: str = Field(description="Name of a model in `models`.")
    training: Training = Field(description="How it is fine-tuned.")


class Codegen(FineTune):
    """The code generator: fine-tuned on Code CoTs alone, no question text."""


class Writer(FineTune):
    """The writer of questions and solutions.

    A weak model cannot write problems untaught, so it is fine-tuned on the seeds' own
    (program, question) and (question, solution) pairs; a strong one is used as it is.
    """

    fine_tune: bool = Field(description="false: use the model untaught, `training` is ignored.")


class Student(FineTune):
    """The student: fine-tuned on the corpus's text."""

    prompt: Literal["alpaca", "chat"] = Field(
        "alpaca",
        description=(
            "How a problem is put, in training and in every benchmark, to base and student alike: "
            "Alpaca's headings (paper), or the model's own chat template."
        ),
    )
