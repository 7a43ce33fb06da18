"""One fine-tuning run, from examples to a checkpoint with its manifest."""

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from caco.config.training import FineTune
from caco.errors import Preempted, UserError
from caco.identity import file_sha256
from caco.models.manifest import point_manifest, read_manifest, write_manifest
from caco.models.tokenizer import load_tokenizer
from caco.rows.loss import Loss
from caco.rows.table import write_rows
from caco.runtime.atomic_files import atomic_folder
from caco.runtime.provenance import Counts
from caco.text.chat import end_of_turn
from caco.training import rank
from caco.training.deepspeed_settings import read_settings
from caco.training.examples import Example, write_tokens
from caco.training.runtime.checkpoints import (
    LOSS,
    STOP,
    STOPPED,
    CheckpointFolder,
    open_checkpoint_folder,
    read_steps,
    step_of,
)
from caco.training.runtime.launch import (
    TrainingArguments,
    rank_count,
    require_rows_for_ranks,
    starting,
)
from caco.training.runtime.preemption import preemption_handler


def use_base_model(base: Path, checkpoint: Path, loss: Path) -> None:
    """Writes a manifest that points to the base model, and an empty loss curve."""
    write_rows(loss, Loss, [])
    point_manifest(checkpoint, base)


def fine_tune(
    section: FineTune,
    stage: str,
    arguments: TrainingArguments,
    examples: Callable[[Any], Iterable[Example | None]],
) -> tuple[Counts, float]:
    """Fine-tunes a model; resumes from the checkpoint of an earlier attempt, if there is one.

    Args:
        section: The config section of the stage.
        stage: `codegen`, `writer` or `student`.
        arguments: Inputs, outputs and how to run.
        examples: Returns the training examples, None for a row that yields no example. Its argument
            is the tokenizer, which is loaded while the ranks load their libraries. Completions end
            with the end of a turn, which the checkpoint then declares.

    Returns:
        Counts of the examples, by verdict, and the wall time of the steps over all attempts, in
        seconds.

    Raises:
        UserError: There are fewer rows to train on than `min_rows`, the global batch has fewer
            rows than there are ranks, the DeepSpeed settings have another ZeRO stage, or the saved
            checkpoint has another fingerprint.
        ClusterError: A rank failed.
        Preempted: The job is being preempted; a checkpoint has been saved.
    """
    ranks = rank_count(arguments.ranks)
    require_rows_for_ranks(section.training, ranks.total, stage)
    settings = read_settings(arguments.deepspeed, section.training)
    model = read_manifest(arguments.model).folder
    fingerprint = {**arguments.fingerprint, "ranks": str(ranks.total)}
    with (
        open_checkpoint_folder(arguments.checkpoints, fingerprint) as checkpoints,
        preemption_handler(checkpoints.scratch / STOP),
        starting(checkpoints.scratch / "plan.json", ranks) as wait_for_ranks,
    ):
        tokens = checkpoints.scratch / "tokens.parquet"
        tokenizer = load_tokenizer(model)
        counts, truncated = write_tokens(
            examples(tokenizer), tokenizer, section.training.cutoff, tokens
        )
        _print_counts(stage, counts, truncated, section.training.cutoff)
        if counts.accepted < section.training.min_rows:
            raise _too_few_rows(stage, counts, section, arguments.rows)
        resume = _checkpoint_to_resume(checkpoints, stage)
        out = arguments.checkpoint.parent / "checkpoint"
        with atomic_folder(out) as partial:
            task = rank.RankTask(
                stage=stage,
                model=str(model),
                tokens=str(tokens),
                tokens_sha256=file_sha256(tokens),
                end=end_of_turn(tokenizer),
                checkpoint=str(partial),
                checkpoints=str(checkpoints.folder),
                resume=resume,
                save_every_s=arguments.save_every_s,
                deepspeed=settings,
                training=section.training.model_dump_json(),
            )
            task.write(checkpoints.scratch / "plan.json")
            wait_for_ranks()
            if (checkpoints.scratch / STOPPED).exists():
                raise _preempted(stage, checkpoints)
        steps = read_steps(checkpoints.scratch / LOSS)
        write_rows(arguments.loss, Loss, (step for step, _ in steps))
    write_manifest(arguments.checkpoint, out)
    return counts, steps[-1][1]


def _too_few_rows(
    stage: str, counts: Counts, section: FineTune, files: Sequence[Path]
) -> UserError:
    found = (
        f"there are only {counts.accepted:,} rows to train on, and `{stage}.training.min_rows` is "
        f"{section.training.min_rows:,}"
        if counts.accepted
        else "there is no row to train on"
    )
    if counts.rejected:
        cutoff = f"`{stage}.training.cutoff` ({section.training.cutoff} tokens)"
        return UserError(
            f"{stage}: {found} in {_names(files)}: {sum(counts.rejected.values()):,} of "
            f"{counts.rows_in:,} have no solution or a prompt longer than {cutoff}; raise it"
        )
    return UserError(
        f"{stage}: {found} in {_names(files)}; `python scripts/funnel.py` shows the stage that "
        "rejected them"
    )


def _names(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files[:3])) + (", ..." if len(files) > 3 else "")


def _checkpoint_to_resume(checkpoints: CheckpointFolder, stage: str) -> str | None:
    """Returns the newest intact checkpoint, if there is one, and restores its loss curve."""
    newest = checkpoints.newest_intact()
    if newest is None:
        return None
    print(f"{stage}: resuming after step {step_of(newest):,}", file=sys.stderr, flush=True)
    shutil.copy(newest / LOSS, checkpoints.scratch / LOSS)
    return str(newest)


def _preempted(stage: str, checkpoints: CheckpointFolder) -> Preempted:
    newest = checkpoints.newest()
    assert newest is not None
    return Preempted(
        f"{stage} was preempted and stopped after step {step_of(newest):,}; run it again to resume "
        f"from the checkpoint {newest}"
    )


def _print_counts(stage: str, counts: Counts, truncated: int, cutoff: int) -> None:
    """Prints how many examples are used, truncated and rejected."""
    line = f"{stage}: {counts.accepted:,} examples"
    if truncated:
        line += f", {truncated:,} of them truncated to {cutoff} tokens (`{stage}.training.cutoff`)"
    for verdict, rows in counts.rejected.items():
        line += f"; {rows:,} rejected: {verdict}"
    print(line, file=sys.stderr, flush=True)
