"""Sections of the checks: sandbox limits, verification rules, calibration, corpus."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from caco.config.section import Section


class SandboxLimits(Section):
    """Resource limits of one program."""

    cpu_s: float = Field(
        5.0, gt=0, description="CPU time in seconds (released code: 5; paper: 10 of wall time)."
    )
    wall_s: float = Field(20.0, gt=0, description="Wall time in seconds, for programs that sleep.")
    memory_mb: int = Field(
        1024, gt=0, description="Address space in MiB, in addition to the interpreter's own."
    )
    output_bytes: int = Field(
        65_536, gt=0, description="Largest `input`, `output` or printed text, in bytes."
    )


class ProgramRules(Section):
    """The rules on a program's text and runs, which hold for Code CoTs and sampled programs."""

    min_lines: int = Field(
        4,
        ge=0,
        description="Minimum number of statements, without imports and docstrings. A Code CoT with "
        "a one-line function has 4 or 5 in any layout, `input = ...; output = 3; print(output)` "
        "has 3. The released code requires 6 lines of text.",
    )
    max_digits: int = Field(
        10_000, gt=0, description="Maximum digits of an integer in `input` or `output`."
    )
    unused_inputs: bool = Field(
        True,
        description="Reject a program that does not use a key of `input`, neither as an identifier "
        "nor as a subscript.",
    )
    trivial: bool = Field(
        True,
        description="Reject a program that computes nothing: its `output` is a constant or a copy "
        "of an input.",
    )
    non_deterministic: bool = Field(
        True,
        description="Run each program a second time, and from its recorded `input` if it changes "
        "it; reject it if its `output` differs.",
    )


class Verify(ProgramRules):
    """Thresholds of the verification rules, and a switch for each rule that is not the paper's."""

    duplicates: bool = Field(
        True, description="Reject a program whose normalised syntax tree is in its shard already."
    )
    insensitive: bool = Field(
        True,
        description="Run each program on perturbed inputs and reject it if its `output` never "
        "changes. Programs whose `output` is a label (true, false, text without a digit) are "
        "exempt.",
    )
    echo: bool = Field(
        True,
        description="Run each program on perturbed inputs and reject it if its `output` equals the "
        "same input in every run.",
    )
    perturbations: int = Field(
        24,
        gt=0,
        description="Maximum number of perturbed runs of one program; two suffice for nearly every "
        "program that passes.",
    )
    min_perturbed: int = Field(
        10,
        gt=0,
        description="Minimum number of successful perturbed runs to reject a program as "
        "`insensitive` or `echo`; twice as many where `output` is a small integer.",
    )

    @model_validator(mode="after")
    def _enough_perturbations(self) -> Self:
        if self.perturbations < self.min_perturbed:
            raise ValueError("`perturbations` must be at least `min_perturbed`; raise it")
        return self


class Unifying(Section):
    """What decides whether a converted seed is accepted."""

    rules: ProgramRules
    sandbox: SandboxLimits


class Calibration(Section):
    """Planted rows: known-right rows, and known-wrong rows derived from them."""

    rows: int = Field(
        gt=0,
        description=(
            "Known-right rows, drawn from the Code CoTs whose seeds have a worked solution; up "
            "to 44 rows are derived from each, about 30 of them wrong."
        ),
    )
    seed: int = Field(0, ge=0, description="Seed of the draw and of the planted faults.")


TextLayer = Literal["normalised", "ngrams", "near", "template", "program"]
Layer = Literal[TextLayer, "embedding"]
LAYERS: tuple[TextLayer, ...] = get_args(TextLayer)
"""The layers that need no model, which are on by default."""


class Decontaminate(Section):
    """How seeds and corpus rows are compared with the problems of the benchmarks."""

    layers: list[Layer] = Field(
        list(LAYERS),
        description="Layers that reject a row as a benchmark's problem: `normalised` (the question "
        "is equal, except for case and punctuation), `ngrams` (it contains the problem's n-grams), "
        "`near` (it contains the problem's numbers and many of its n-grams), `template` (the same "
        "words with other numbers), `program` (the same program, except for names), `embedding` "
        "(the vectors of the section `embedding` are similar; in the corpus only). Empty: no "
        "decontamination.",
    )
    held_out: list[Layer] = Field(
        ["normalised", "program"],
        description="Layers for the held-out seeds of a source, in the corpus and among the seeds "
        "of the same source. `template` rejects every row of a source that is made from "
        "templates.",
    )
    n: int = Field(3, ge=2, le=13, description="Words of an n-gram.")
    ngrams: float = Field(
        0.8, gt=0, le=1, description="Share of a problem's n-grams for `ngrams`; its numbers count."
    )
    near: float = Field(
        0.4,
        gt=0,
        le=0.66,
        description="Share of a problem's n-grams with masked numbers for `near`; the row must "
        "contain all of its numbers, too. Half as much again for a problem with fewer than twelve "
        "n-grams, or fewer than two numbers besides 0, 1 and 2.",
    )
    template: float = Field(
        0.8,
        gt=0,
        le=1,
        description="Share of a problem's n-grams with masked numbers for `template`.",
    )
    embedding: float | None = Field(
        None,
        gt=0,
        le=1,
        # Without the layer, the spec of a run is that of versions without it.
        exclude_if=lambda value: value is None,
        description="Smallest cosine of a question and a problem for `embedding`, which needs it. "
        "It depends on the model: docs/benchmarks.md shows how it is chosen.",
    )

    @model_validator(mode="after")
    def _threshold_of_the_layer(self) -> Self:
        compared = "embedding" in (*self.layers, *self.held_out)
        if compared and self.embedding is None:
            raise ValueError(
                "the layer `embedding` has no default threshold, because it depends on the model; "
                "set `decontaminate.embedding`"
            )
        if self.embedding is not None and not compared:
            raise ValueError(
                "`embedding` is the threshold of the layer `embedding`, which is in neither "
                "`layers` nor `held_out`; add it to one of them, or remove the threshold"
            )
        return self

    def of_seeds(self) -> "Decontaminate":
        """Returns what the comparison of the seeds depends on: they have no vectors."""

        def texts(layers: list[Layer]) -> list[Layer]:
            return [layer for layer in layers if layer != "embedding"]

        changed = {"layers": texts(self.layers), "held_out": texts(self.held_out)}
        return self.model_copy(update={**changed, "embedding": None})


NumberMeasure = Literal[
    "difficulty", "operations", "code_statements", "loops", "depth", "inputs", "digits", "steps"
]
Measure = Literal[NumberMeasure, "control", "style"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
_CONTROLS = 3  # values of `control`


class Quota(Section):
    """A limit on the rows of each group, where a measure divides the rows into groups."""

    bins: list[int] = Field(
        [],
        description="Lower bounds of the groups of a measure that is a number, in ascending order: "
        "`[4, 8]` are the groups 0 to 3, 4 to 7, and 8 or more.",
    )
    rows: int | None = Field(None, gt=0, description="Maximum rows of a group.")
    share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Maximum share of a group in the rows that the quota leaves. A share below "
        "one divided by the number of groups cannot be held and is an error.",
    )

    @model_validator(mode="after")
    def _require_one_limit(self) -> Self:
        if (self.rows is None) == (self.share is None):
            raise ValueError("a quota has one limit; set either `rows` or `share`")
        if self.bins != sorted(set(self.bins)) or min(self.bins, default=1) < 1:
            raise ValueError("`bins` are lower bounds from 1; write them in ascending order")
        return self


class Corpus(Section):
    """Which judged rows enter the corpus."""

    min_rows: int = Field(
        1,
        gt=0,
        description="Minimum number of rows; fewer are an error, which names the verdicts of each "
        "step.",
    )
    deduplicate: bool = Field(
        True,
        description="Reject a row whose program (see `per_program`) or question is in the corpus "
        "already. `near_duplicates`, `per_family` and `per_template` depend on it.",
    )
    near_duplicates: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="Smallest Jaccard similarity, of 3-grams of words, at which a question is a "
        "near-duplicate of one in the corpus with the same numbers in the same order. null: none "
        "is.",
    )
    per_family: int | None = Field(
        None,
        gt=0,
        description="Maximum rows of a family: programs that are equal but for their `input`. "
        "null: no limit.",
    )
    per_template: int | None = Field(
        None,
        gt=0,
        description="Maximum rows whose questions have the same words with other numbers. null: no "
        "limit.",
    )
    per_program: int = Field(
        1,
        gt=0,
        description="Maximum rows of one program, whatever its names, each of another question; "
        "use more than 1 with "
        "several `variants` of questions.",
    )
    quotas: dict[Measure, Quota] = Field(
        {},
        description="Limits on groups of rows, by the measure that divides the rows into groups: a "
        "column of the corpus on difficulty (with `bins`), `control` (`straight`, `branch` or "
        "`loop`: the control flow of the program) or `style`; for example `difficulty: {bins: [4, "
        "8], share: 0.4}`. Of a group, the rows with the "
        "smallest digests of their identities remain. Several quotas apply one after another, in "
        "the order difficulty, operations, code_statements, loops, depth, inputs, digits, steps, "
        "control, style.",
    )
    pass_rates: list[float] | None = Field(
        None,
        description="Lowest and highest pass rate (see `pass_rate`) of a row, both included: with "
        "`[0.1, 0.9]` and 8 answers to a question, 1 to 7 of them are right. null: no limits.",
    )
    constant_answers: bool = Field(
        True,
        description="Reject the rows of a family (programs that are equal but for their `input`) "
        "whose accepted answers are all the same, although the outputs of its verified programs "
        "vary.",
    )
    constant_answers_chance: float = Field(
        0.001,
        gt=0,
        lt=1,
        description="Largest probability that programs drawn at random from the family have one "
        "output. With 0.001, nothing is said of a family with fewer than 13 verified programs.",
    )
    decontaminate: Decontaminate = Field(
        Decontaminate(), description="Comparison with the benchmarks, also of the seeds."
    )

    @model_validator(mode="after")
    def _range_of_rates(self) -> Self:
        rates = self.pass_rates
        if rates is not None and not (len(rates) == 2 and 0 <= rates[0] <= rates[1] <= 1):
            raise ValueError(
                "`pass_rates` are the lowest and the highest pass rate, from 0 to 1, in this order"
            )
        return self

    @model_validator(mode="after")
    def _bins_of_numbers(self) -> Self:
        for measure, quota in self.quotas.items():
            number = measure in get_args(NumberMeasure)
            if number != bool(quota.bins):
                raise ValueError(
                    f"`quotas.{measure}` needs `bins`, because {measure} is a number"
                    if number
                    else f"`quotas.{measure}` has no `bins`, because {measure} is no number; "
                    "remove them"
                )
            most = len(quota.bins) + 1 if number else _CONTROLS if measure == "control" else None
            if quota.share is not None and most is not None and quota.share * most < 1:
                raise ValueError(
                    f"`quotas.{measure}.share` cannot be held by {most} groups; it must be at "
                    f"least {1 / most:.3g}, or there must be more `bins`"
                )
        return self
