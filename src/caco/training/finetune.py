"""One fine-tuning, from examples to a checkpoint with its manifest."""

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from caco.config.training import FineTune
from caco.errors import Preempted
from caco.models.manifest import point_manifest, read_manifest, write_manifest
from caco.models.tokenizer import load_tokenizer
from caco.rows.loss import Loss
from caco.rows.table import write_rows
from caco.runtime.atomic_files import folder_aside
from caco.runtime.provenance import Counts
from caco.training import rank
from caco.training.deepspeed_settings import read_settings
from caco.training.examples import Example
from caco.training.runtime.arguments import TrainingArguments
from caco.training.runtime.checkpoints import (
    LOSS,
    STOP,
    STOPPED,
    CheckpointFolder,
    open_checkpoint_folder,
    step_of,
)
from caco.training.runtime.launch import accumulation, launch, rank_count
from caco.training.runtime.preemption import preemption_handler
from caco.training.tokens import write_tokens


def keep_base(base: Path, checkpoint: Path, loss: Path) -> None:
    """Makes the model at the manifest `base` the stage's own: nothing was trained."""
    write_rows(loss, Loss, [])
    point_manifest(checkpoint, base)


def fine_tune(
    section: FineTune, stage: str, given: TrainingArguments, examples: Iterable[Example | None]
) -> Counts:
    """Fine-tunes a model, or goes on where a killed start of the same fine-tuning ended.

    Args:
        section: The stage's config section.
        stage: `codegen`, `writer` or `student`.
        given: What to read, where to write, how to run.
        examples: What to learn; None stands for one that its row could not give.

    Returns:
        Examples by what became of them.

    Raises:
        UserError: The global batch cannot be shared out among the ranks, DeepSpeed's settings are
            of another stage, or what is kept belongs to another fine-tuning.
        ClusterError: A rank failed.
        Preempted: The cluster asked for the machine; what was learnt is kept.
    """
    ranks = rank_count(given.ranks)
    passes = accumulation(section.training, ranks.total, stage)
    settings = read_settings(given.deepspeed, section.training.zero_stage)
    model = read_manifest(given.model).folder
    basis = {**given.basis, "ranks": str(ranks.total)}
    with open_checkpoint_folder(given.kept, basis) as kept, preemption_handler(kept.scratch / STOP):
        tokens = kept.scratch / "tokens.parquet"
        counts, cut = write_tokens(examples, load_tokenizer(model), section.training.cutoff, tokens)
        _tell(stage, counts, cut, section.training.cutoff)
        if counts.accepted == 0:
            print(f"{stage}: no rows to train on: the base model is kept", file=sys.stderr)
            keep_base(given.model, given.checkpoint, given.loss)
            return counts
        resume = _resumed(kept, stage)
        out = given.checkpoint.parent / "checkpoint"
        with folder_aside(out) as aside:
            plan = rank.RankTask(
                stage=stage,
                model=str(model),
                tokens=str(tokens),
                checkpoint=str(aside),
                kept=str(kept.folder),
                resume=resume,
                save_every_s=given.save_every_s,
                accumulation=passes,
                deepspeed=settings,
                training=section.training.model_dump_json(),
            )
            plan.write(kept.scratch / "plan.json")
            launch(kept.scratch / "plan.json", ranks)
            if (kept.scratch / STOPPED).exists():
                raise _preempted(stage, kept)
        with (kept.scratch / LOSS).open(encoding="utf-8") as lines:
            write_rows(given.loss, Loss, (Loss(**json.loads(line)) for line in lines))
    write_manifest(given.checkpoint, out)
    return counts


def _resumed(kept: CheckpointFolder, stage: str) -> str | None:
    """Returns the checkpoint to go on from, if there is one; its steps' losses go on too."""
    newest = kept.newest()
    if newest is None:
        return None
    print(f"{stage}: going on after step {step_of(newest):,}", file=sys.stderr, flush=True)
    shutil.copy(newest / LOSS, kept.scratch / LOSS)
    return str(newest)


def _preempted(stage: str, kept: CheckpointFolder) -> Preempted:
    newest = kept.newest()
    assert newest is not None
    return Preempted(
        f"{stage} was told to end and did so after step {step_of(newest):,}; {newest} holds all "
        "that it has learnt: run it again and it goes on"
    )


def _tell(stage: str, counts: Counts, cut: int, cutoff: int) -> None:
    """Says what goes into the training, and what of it was too long."""
    line = f"{stage}: {counts.accepted:,} examples"
    if cut:
        line += f", {cut:,} of them cut at {cutoff} tokens (`{stage}.training.cutoff`)"
    for verdict, rows in counts.rejected.items():
        line += f"; {rows:,} left out: {verdict}"
    print(line, file=sys.stderr, flush=True)
