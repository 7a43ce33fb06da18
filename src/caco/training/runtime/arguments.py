"""What a fine-tuning is given on its command line: the same for all three."""

from dataclasses import dataclass
from pathlib import Path

from caco.runtime.job import Job

_SAVE_EVERY_S = 1800.0  # 7B under ZeRO: 100 GB, about a minute on a cluster's file system


@dataclass(frozen=True, slots=True)
class TrainingArguments:
    """Where a fine-tuning reads and writes, and how it is run.

    Attributes:
        model: Manifest of the model to start from.
        deepspeed: DeepSpeed's settings.
        checkpoint: Manifest to write, last of all; the checkpoint's folder lies beside it.
        loss: Loss curve to write.
        kept: Folder for what a later start goes on from.
        basis: What that depends on, by name; see `Job.keeps`.
        ranks: Ranks a node where there is no GPU; one where None.
        save_every_s: Seconds between two checkpoints.
    """

    model: Path
    deepspeed: Path
    checkpoint: Path
    loss: Path
    kept: Path
    basis: dict[str, str]
    ranks: int | None = None
    save_every_s: float = _SAVE_EVERY_S


def add_training_arguments(job: Job) -> None:
    """Adds the arguments of a fine-tuning to a script's own."""
    job.reads("--model", help="manifest of the model to start from")
    job.reads("--deepspeed", help="DeepSpeed's settings, of the section's `zero_stage`")
    job.writes("--checkpoint", help="manifest of the fine-tuned model; its files lie beside it")
    job.writes("--loss", help="loss curve; without rows where nothing was trained")
    job.takes("--ranks", help="ranks a node where there is no GPU", type=int)
    job.takes(
        "--save-every",
        help="seconds between checkpoints, from which a killed training resumes (%(default)s)",
        type=float,
        default=_SAVE_EVERY_S,
    )


def training_arguments(job: Job) -> TrainingArguments:
    """Returns what the parsed arguments say."""
    args = job.args
    kept, basis = job.checkpoints()
    return TrainingArguments(
        model=args.model,
        deepspeed=args.deepspeed,
        checkpoint=args.checkpoint,
        loss=args.loss,
        kept=kept,
        basis=basis,
        ranks=args.ranks,
        save_every_s=args.save_every,
    )
