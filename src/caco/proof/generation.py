"""The proof of a generated shard: are its rows samples of the recorded model and settings?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from caco.proof.evidence import Evidence, evidence
from caco.proof.scores import Scorer
from caco.proof.shards import generated_shard
from caco.runtime.progress import Progress


@dataclass(frozen=True, slots=True)
class GenerationProof:
    """The result for one generating job.

    Attributes:
        verdict: `consistent`; `inconsistent` (the rows are no samples of the recorded model with
            the recorded settings, with at most `FALSE_ALARMS` errors, or are not what the stage
            makes of their tokens); `not_scorable` (no row has known tokens).
        rows: Rows that were scored.
        not_scorable: Rows whose tokens are not known.
        greedy: Whether the recorded temperature is 0.
        seeded: Whether the tokens are drawn again from the recorded seeds.
        evidence: The evidence of the scored rows.
        differences: As in `caco.proof.shards.GeneratedShard`.
    """

    verdict: Literal["consistent", "inconsistent", "not_scorable"]
    rows: int
    not_scorable: int
    greedy: bool
    seeded: bool
    evidence: Evidence
    differences: list[str]

    @property
    def line(self) -> str:
        """The result in one line."""
        if self.verdict == "not_scorable":
            return f"not scorable: a server generated {self.not_scorable:,} rows without tokens"
        found = self.evidence
        said = [f"{self.rows:,} rows", f"{found.tokens:,} tokens"]
        if self.greedy or self.seeded:
            again = (found.tokens - found.near - found.outside) / max(1, found.tokens)
            way = "are the most likely" if self.greedy else "drawn again from the seeds"
            said.append(f"{again:.2%} {way}")
        if not self.greedy:
            said.append(f"z = {found.z or 0.0:.2f}, p <= {found.p_value:.2g}")
        said.append(f"{found.outside:,} tokens cannot have been drawn")
        if self.not_scorable:
            said.append(f"{self.not_scorable:,} rows not scorable")
        if self.differences:
            said.append(f"{len(self.differences):,} rows altered ({self.differences[0]})")
        return f"{self.verdict}: {', '.join(said)}"


def prove_generation(
    record: Mapping[str, Any], run: Path, progress: Progress | None = None
) -> GenerationProof:
    """Scores the rows of a generating job with its model; generates nothing.

    Args:
        record: The record of the job (`caco.runtime.chain.load_record`).
        run: The folder of the run, which may have been moved.
        progress: Advances with each row.

    Raises:
        UserError: As `caco.proof.shards.generated_shard`, or transformers cannot load the model.
    """
    shard = generated_shard(record, run)
    scores = []
    if shard.rows:
        scorer = Scorer(shard.checkpoint.folder, shard.dtype)
        scores = scorer.score(shard.rows, shard.sampling, progress)
    found = evidence(scores)
    refuted = found.against or bool(shard.differences)
    unknown = not scores and shard.not_scorable > 0
    return GenerationProof(
        verdict="inconsistent" if refuted else "not_scorable" if unknown else "consistent",
        rows=len(scores),
        not_scorable=shard.not_scorable,
        greedy=shard.sampling.temperature == 0,
        seeded=any(row.seed is not None for row in shard.rows),
        evidence=found,
        differences=shard.differences,
    )
