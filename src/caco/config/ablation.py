"""Sections of the ablations: further students, trained like the student on other rows."""

from typing import Literal

from pydantic import Field

from caco.config.checks import Corpus
from caco.config.section import Section


class Ablation(Section):
    """A student that is trained and benchmarked like the student, on other rows than the corpus.

    It shows what a part of the method contributes: `bench/scores.json` and the report compare the
    student with it on the same problems.
    """

    corpus: Literal["seeds_only", "unverified", "rejected"] = Field(
        description="Its rows: `seeds_only` (the seeds that became Code CoTs, with their own "
        "worked solutions), `unverified` (generated solutions, whatever `judge`, `llm_judge` and "
        "`check` say of them), or `rejected` (those that one of these rejects)."
    )
    rows: int | None = Field(
        None,
        gt=0,
        description="Maximum number of rows, which are drawn by `seed`. null: as many as the "
        "corpus has, for `seeds_only` all.",
    )
    seed: int = Field(42, ge=0, description="Seed of the drawing.")


class AblationCorpus(Section):
    """What the rows of an ablation depend on."""

    ablation: Ablation = Field(description="The ablation.")
    settings: Corpus = Field(description="The checks of the corpus that apply to its rows.")
