"""The command line arguments that the three fine-tuning scripts share."""

from dataclasses import dataclass
from pathlib import Path

from caco.runtime.job import Job

_SAVE_EVERY_S = 1800.0  # a checkpoint of 7B parameters under ZeRO has 100 GB: about 1 min


@dataclass(frozen=True, slots=True)
class TrainingArguments:
    """Inputs and outputs of a fine-tuning run, and how it is run.

    Attributes:
        model: Manifest of the base model.
        deepspeed: DeepSpeed settings file.
        checkpoint: Manifest to write, after all other files; its checkpoint is next to it.
        loss: Loss curve to write.
        checkpoints: Folder of the checkpoints to resume from.
        fingerprint: The parts of their fingerprint; see `Job.checkpoints`.
        ranks: Ranks per node without GPUs; None for one.
        save_every_s: Seconds between two checkpoints.
    """

    model: Path
    deepspeed: Path
    checkpoint: Path
    loss: Path
    checkpoints: Path
    fingerprint: dict[str, str]
    ranks: int | None = None
    save_every_s: float = _SAVE_EVERY_S


def add_training_arguments(job: Job) -> None:
    """Adds the arguments of a fine-tuning run to those of a script."""
    job.reads("--model", help="manifest of the base model")
    job.reads("--deepspeed", help="DeepSpeed settings for the `zero_stage` of the section")
    job.writes("--checkpoint", help="manifest of the fine-tuned model; its files are next to it")
    job.writes("--loss", help="loss curve; without rows if nothing was trained")
    job.takes("--ranks", help="ranks per node without GPUs", type=int)
    job.takes(
        "--save-every",
        help="seconds between checkpoints, from which a killed training resumes (%(default)s)",
        type=float,
        default=_SAVE_EVERY_S,
    )


def training_arguments(job: Job) -> TrainingArguments:
    """Returns the parsed arguments."""
    args = job.args
    checkpoints, fingerprint = job.checkpoints()
    return TrainingArguments(
        model=args.model,
        deepspeed=args.deepspeed,
        checkpoint=args.checkpoint,
        loss=args.loss,
        checkpoints=checkpoints,
        fingerprint=fingerprint,
        ranks=args.ranks,
        save_every_s=args.save_every,
    )
