"""One fine-tuning, from examples to a checkpoint with its manifest."""

import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from caco.config.training import FineTune
from caco.files import folder_aside
from caco.models.manifest import point_manifest, read_manifest, write_manifest
from caco.models.tokenizer import load_tokenizer
from caco.provenance import Counts
from caco.rows.loss import Loss
from caco.rows.table import write_rows
from caco.training import rank
from caco.training.examples import Example
from caco.training.launch import accumulation, launch, rank_count
from caco.training.tokens import write_tokens


def keep_base(base: Path, checkpoint: Path, loss: Path) -> None:
    """Makes the model at the manifest `base` the stage's own: nothing was trained."""
    write_rows(loss, Loss, [])
    point_manifest(checkpoint, base)


def fine_tune(
    section: FineTune,
    stage: str,
    base: Path,
    examples: Iterable[Example | None],
    checkpoint: Path,
    loss: Path,
    ranks: int | None = None,
) -> Counts:
    """Fine-tunes the model at `base`; the checkpoint lies in a folder beside its manifest.

    Args:
        section: The stage's config section.
        stage: `codegen`, `writer` or `student`.
        base: Manifest of the model to start from.
        examples: What to learn; None stands for one that its row could not give.
        checkpoint: Manifest to write, last of all.
        loss: Loss curve to write.
        ranks: Ranks to start where there is no GPU; one where None.

    Returns:
        Examples by what became of them.

    Raises:
        UserError: The global batch cannot be shared out among the ranks.
        ClusterError: A rank failed.
    """
    ranks = rank_count(ranks)
    passes = accumulation(section.training, ranks, stage)
    model = read_manifest(base)
    with tempfile.TemporaryDirectory(prefix=f"caco-{stage}-") as folder:
        scratch = Path(folder)
        tokens, steps = scratch / "tokens.parquet", scratch / "loss.jsonl"
        tokenizer = load_tokenizer(model.folder)
        counts, cut = write_tokens(examples, tokenizer, section.training.cutoff, tokens)
        _tell(stage, counts, cut, section.training.cutoff)
        if counts.accepted == 0:
            print(f"{stage}: no rows to train on: the base model is kept", file=sys.stderr)
            keep_base(base, checkpoint, loss)
            return counts
        out = checkpoint.parent / "checkpoint"
        with folder_aside(out) as aside:
            plan = rank.Plan(
                stage=stage,
                model=str(model.folder),
                tokens=str(tokens),
                checkpoint=str(aside),
                loss=str(steps),
                scratch=folder,
                accumulation=passes,
                training=section.training.model_dump_json(),
            )
            plan.write(scratch / "plan.json")
            launch(scratch / "plan.json", ranks)
        with steps.open(encoding="utf-8") as lines:
            write_rows(loss, Loss, (Loss(**json.loads(line)) for line in lines))
    write_manifest(checkpoint, out)
    return counts


def _tell(stage: str, counts: Counts, cut: int, cutoff: int) -> None:
    """Says what goes into the training, and what of it was too long."""
    line = f"{stage}: {counts.accepted:,} examples"
    if cut:
        line += f", {cut:,} of them cut at {cutoff} tokens (`{stage}.training.cutoff`)"
    for verdict, rows in counts.rejected.items():
        line += f"; {rows:,} left out: {verdict}"
    print(line, file=sys.stderr, flush=True)
