"""Sections of the checks: sandbox limits, verification rules, calibration, corpus."""

from typing import Self

from pydantic import Field, model_validator

from caco.config.section import Section


class SandboxLimits(Section):
    """What one program may use."""

    cpu_s: float = Field(
        5.0, gt=0, description="CPU seconds; the released code allows 5, the paper 10 of wall time."
    )
    wall_s: float = Field(
        20.0, gt=0, description="Wall seconds: the backstop for programs that sleep."
    )
    memory_mb: int = Field(
        1024, gt=0, description="Address space in MiB, beyond what the interpreter has."
    )
    output_bytes: int = Field(
        65_536, gt=0, description="Largest `input`, `output` or printed text kept, in bytes."
    )


class Verify(Section):
    """Thresholds of the verification rules, and a switch for each that the paper does not have."""

    min_lines: int = Field(
        6, ge=0, description="Lines that are neither blank, comment nor import (released code)."
    )
    max_digits: int = Field(
        10_000, gt=0, description="Digits of the longest integer in `input` or `output`."
    )
    unused_inputs: bool = Field(
        True,
        description="Reject a program that uses a key of `input` nowhere: neither as an identifier "
        "nor as a subscript.",
    )
    duplicates: bool = Field(
        True, description="Reject a program whose normalised syntax tree its shard has already."
    )
    trivial: bool = Field(
        True,
        description="Reject a program that computes nothing: its `output` is a constant or a plain "
        "read of an input.",
    )
    non_deterministic: bool = Field(
        True, description="Run each program again and reject it if it gives something else."
    )
    insensitive: bool = Field(
        True,
        description="Run each program on perturbed inputs and reject it if its `output` never "
        "moves: a constant in disguise. Outputs that are labels (true, false, text without a "
        "digit) are not judged.",
    )
    echo: bool = Field(
        True,
        description="Run each program on perturbed inputs and reject it if its `output` is one and "
        "the same input, unchanged, in all of them.",
    )
    perturbations: int = Field(
        24,
        gt=0,
        description="Perturbed runs of one program at most; two settle nearly every good one.",
    )
    min_perturbed: int = Field(
        10,
        gt=0,
        description="Perturbed runs ended well that it takes to reject a program as `insensitive` "
        "or `echo`; twice as many for an `output` that is a small integer.",
    )

    @model_validator(mode="after")
    def _enough_perturbations(self) -> Self:
        if self.perturbations < self.min_perturbed:
            raise ValueError("`perturbations` must be at least `min_perturbed`")
        return self


class Calibration(Section):
    """Rows known to be right, and rows known to be wrong made from them, put before the checks."""

    rows: int = Field(
        gt=0,
        description=(
            "Known-right rows, drawn from the Code CoTs whose seeds have a worked solution; about "
            "twelve wrong ones are made from each."
        ),
    )
    seed: int = Field(0, ge=0, description="Seed of the draw and of every planted fault.")


class Corpus(Section):
    """Which judged rows become training data."""

    deduplicate: bool = Field(
        True,
        description="Reject a row whose program (see `per_program`) or question the corpus has.",
    )
    per_program: int = Field(
        1,
        gt=0,
        description="Rows of one program that are no duplicates; more pay with several variants.",
    )
    decontaminate: bool = Field(
        True, description="Reject a row whose question a benchmark asks (normalised text)."
    )
