"""The proof of a training by its start: are the first steps those of the recorded base and rows?

The start of a training is known: base model, rows, settings and seed. Its first optimiser steps are
executed again by the code that trains, and their losses are compared with the recorded ones. On the
recorded machine and software they are equal bit for bit; elsewhere, sums are rounded in another
order. Nothing needs to be kept for it.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from caco.config.section import implementations
from caco.identity import file_sha256
from caco.proof.recorded_trainings import RecordedTraining
from caco.rows.loss import Loss
from caco.runtime.code_digest import code_digest
from caco.runtime.machine import environment, machine
from caco.text.chat import end_of_turn
from caco.training.deepspeed_settings import read_settings
from caco.training.examples import write_tokens
from caco.training.rank import RankTask
from caco.training.runtime.checkpoints import (
    LOSS,
    STOP_AFTER,
    STOPPED,
    open_checkpoint_folder,
    read_steps,
)
from caco.training.runtime.launch import Ranks, launch

_SRC = Path(__file__).resolve().parents[2]
# Relative bounds of loss and gradient norm elsewhere. The first losses of the demo differ by at
# most 2e-7 on two ranks instead of one (fp32); a step of bf16 is 4e-3.
_BOUNDS = {"fp32": (1e-4, 1e-3), "bf16": (2e-2, 1e-1)}
_EXACT = 1e-9  # of values that no sum over tokens enters: epoch and learning rate
_NEVER_S = 1e9  # no checkpoint is saved


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The result of the first steps of one training.

    Attributes:
        steps: Steps that were executed again; 0 if they cannot be here.
        fault: How they differ from the recorded ones; None if they do not.
        said: The result, in words.
    """

    steps: int
    fault: str | None
    said: str


def repeat_first_steps(
    record: Mapping[str, Any], training: RecordedTraining, steps: int
) -> FirstSteps:
    """Executes the first steps of a recorded training again, and compares their losses.

    Args:
        record: The record of the job (`caco.runtime.chain.load_record`).
        training: What the job trained, of `recorded_training`.
        steps: Number of steps.

    Raises:
        UserError: A file is missing or damaged, or the DeepSpeed settings have another ZeRO stage.
        ClusterError: A rank failed.
    """
    ranks, here = _recorded_ranks(record, training), torch.cuda.device_count()
    if record["gpus"]["devices"] and not here:
        return FirstSteps(0, None, "the first steps need GPUs, of which this machine has none")
    own = min(ranks, here, training.section.training.global_batch) if here else ranks
    with _threads_of(record):
        again = _execute(training, steps, own)
    other = _differences(record, training, ranks, own)
    return compare_steps(training.curve, again, training.section.training.precision, other)


def compare_steps(
    curve: list[Loss], again: list[Loss], precision: str, other: list[str]
) -> FirstSteps:
    """Compares steps that were executed again with the recorded ones.

    Args:
        curve: The recorded steps.
        again: The first of them, executed again.
        precision: As in `Training`.
        other: What of machine and software is not as recorded; if nothing is, bits must be equal.
    """
    what = f"{_steps(len(again))} executed again"
    if repr(curve[: len(again)]) == repr(again):  # of a loss that is no number too
        return FirstSteps(len(again), None, f"{what}: equal bit for bit")
    of_loss, of_norm = _BOUNDS[precision] if other else (0.0, 0.0)
    bounds = {"tokens": 0.0, "epoch": _EXACT, "learning_rate": _EXACT,
              "loss": of_loss, "grad_norm": of_norm}  # fmt: skip
    largest = 0.0
    for before, now in zip(curve, again, strict=False):
        for name, bound in bounds.items():
            was, found = getattr(before, name), getattr(now, name)
            if was is None or found is None:  # not every version of DeepSpeed reports the norm
                continue
            distance = abs(found - was) / max(abs(was), 1e-12)
            if not distance <= bound:  # also of a loss that is no number
                fault = f"{name} of step {now.step} is {found:.7g} instead of {was:.7g}"
                return FirstSteps(len(again), fault, f"{what}: {fault}, {_why(name, bound)}")
            largest = max(largest, distance if name == "loss" else 0.0)
    said = f"{what}: losses within {largest:.1g} of the recorded ones (bound {of_loss:g})"
    return FirstSteps(len(again), None, f"{said}, with other {', '.join(other)}")


def _steps(number: int) -> str:
    return "first step" if number == 1 else f"first {number} steps"


def _why(name: str, bound: float) -> str:
    """Returns why a distance is a fault."""
    if name not in ("loss", "grad_norm"):
        return "which depends on rows and settings alone"
    if bound:
        return f"beyond the bound of {bound:g}"
    return "although machine, packages and code are as recorded"


def _execute(training: RecordedTraining, steps: int, ranks: int) -> list[Loss]:
    """Runs the first steps as the job did, without a checkpoint."""
    section, tokenizer = training.section, training.tokenizer
    settings = read_settings(training.job.file("--deepspeed"), section.training)
    with (
        tempfile.TemporaryDirectory(prefix="caco-steps-") as folder,
        open_checkpoint_folder(Path(folder), {}) as checkpoints,
    ):
        scratch = checkpoints.scratch
        tokens = scratch / "tokens.parquet"
        write_tokens(training.examples(), tokenizer, section.training.cutoff, tokens)
        (scratch / STOP_AFTER).write_text(str(steps), encoding="utf-8")
        (scratch / STOPPED).touch()  # so that no rank writes a model
        task = RankTask(
            stage=training.job.rule,
            model=str(training.base),
            tokens=str(tokens),
            tokens_sha256=file_sha256(tokens),
            end=end_of_turn(tokenizer),
            checkpoint=str(scratch / "checkpoint"),
            checkpoints=folder,
            resume=None,
            save_every_s=_NEVER_S,
            deepspeed=settings,
            training=section.training.model_dump_json(),
        )
        task.write(scratch / "plan.json")
        launch(scratch / "plan.json", Ranks(1, ranks))
        return [step for step, _ in read_steps(scratch / LOSS)][:steps]


def _recorded_ranks(record: Mapping[str, Any], training: RecordedTraining) -> int:
    """Returns the number of ranks of a job: one per GPU of every node, or as its command says."""
    if devices := record["gpus"]["devices"]:
        return len(devices) * int((record.get("requested") or {}).get("nodes", 1))
    return int(training.job.optional("--ranks") or 1)


@contextmanager
def _threads_of(record: Mapping[str, Any]) -> Iterator[None]:
    """Sets the number of threads of the job: sums of threads are rounded in another order."""
    name = "OMP_NUM_THREADS"
    before = os.environ.get(name)
    recorded = ((record.get("environment") or {}).get("variables") or {}).get(name)
    if recorded is not None:
        os.environ[name] = recorded
    try:
        yield
    finally:
        if before is not None:
            os.environ[name] = before
        elif recorded is not None:
            del os.environ[name]


def _differences(
    record: Mapping[str, Any], training: RecordedTraining, ranks: int, own: int
) -> list[str]:
    """Returns what of machine and software is not as recorded, as nouns."""
    if record.get("restored"):
        return ["machine or packages, which a restored record does not name"]
    script = _SRC.parent / "scripts" / Path(record["command"][0]).name
    present = {
        "machine": (record["machine"], machine()),
        "packages": (record["environment"]["packages"], environment(None)["packages"]),
        "code": (record["code"], code_digest(script, _SRC, implementations(training.section))),
    }
    found = [name for name, (before, now) in present.items() if before != now]
    if record["gpus"]["devices"]:
        found.append("order of sums on GPUs")
    return [*found, *([f"number of ranks ({own} instead of {ranks})"] if own != ranks else [])]
