"""Compares fine-tuning under DeepSpeed with plain DDP; prints a Markdown table.

Every strategy runs the project's training (`caco.training.rank`, started by its launcher) on the
same rows; only the settings of DeepSpeed differ, and plain DDP has none. Every strategy trains once
per round, in rotating order, and ratios are computed within a round. The first steps of a training,
which allocate and compile, are excluded. See docs/benchmarks.md.
"""

import argparse
import os
import platform
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from figures import spread
from gpu import GpuUsage, gpu_names, peak_tflops, sampled_gpus

from caco.config.training import Training
from caco.identity import file_sha256
from caco.models.manifest import read_manifest
from caco.models.tokenizer import load_tokenizer
from caco.runtime.job import run
from caco.runtime.progress import Progress
from caco.text.chat import end_of_turn
from caco.training.deepspeed_settings import read_settings
from caco.training.rank import RankTask
from caco.training.runtime.checkpoints import LOSS, CheckpointFolder, read_steps
from caco.training.runtime.launch import Ranks, accumulation, launch, rank_count

_DDP = "plain DDP"
_WARM_UP_STEPS = 3  # excluded steps of a training
_FLOP = 6  # per parameter and token: forward and backward, without attention


@dataclass(slots=True)
class Strategy:
    """A training strategy and its measurements.

    Attributes:
        name: Label in the table.
        section: Training section; its `zero_stage` is that of the settings.
        deepspeed: DeepSpeed's settings, or None.
        rates: Tokens per second of all ranks, one value per round.
        losses: The loss after the last step, one value per round.
        gpu_usage: GPU samples of all rounds.
    """

    name: str
    section: Training
    deepspeed: dict[str, Any] | None
    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    gpu_usage: GpuUsage = field(default_factory=GpuUsage)

    def measure(self, model: Path, tokens: Path, ranks: Ranks) -> None:
        """Trains once and records the rate."""
        with tempfile.TemporaryDirectory() as scratch:
            checkpoints = CheckpointFolder(Path(scratch))
            checkpoints.scratch.mkdir()
            plan = checkpoints.scratch / "plan.json"
            RankTask(
                stage=self.name,
                model=str(model),
                tokens=str(tokens),
                tokens_sha256=file_sha256(tokens),
                end=end_of_turn(load_tokenizer(model)),
                checkpoint=f"{scratch}/checkpoint",
                checkpoints=scratch,
                resume=None,
                save_every_s=float("1e9"),
                accumulation=accumulation(self.section, ranks.total, "benchmark"),
                deepspeed=self.deepspeed,
                training=self.section.model_dump_json(),
            ).write(plan)
            with sampled_gpus(self.gpu_usage):
                launch(plan, ranks)
            steps = read_steps(checkpoints.scratch / LOSS)
        (first, began), (last, ended) = steps[_WARM_UP_STEPS - 1], steps[-1]
        self.rates.append((last.tokens - first.tokens) / (ended - began))
        self.losses.append(last.loss)


def _under_zero(stage: int, section: Training) -> Strategy:
    settings = read_settings(Path(f"config/deepspeed/zero{stage}.json"), stage)
    return Strategy(f"ZeRO-{stage}", section.model_copy(update={"zero_stage": stage}), settings)


def _write_rows(path: Path, rows: int, length: int, vocabulary: int) -> None:
    """Writes rows of random tokens of equal length, with a loss on the second half."""
    rng = random.Random(7)
    ids = [[rng.randrange(vocabulary) for _ in range(length)] for _ in range(rows)]
    labels = [[-100] * (length // 2) + row[length // 2 :] for row in ids]
    kind = pa.list_(pa.int32())
    table = pa.table({"input_ids": pa.array(ids, kind), "labels": pa.array(labels, kind)})
    pq.write_table(table, path)


def _sizes(model: Path) -> tuple[int, int]:
    """Returns the number of parameters and the vocabulary size; reads no weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(model)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(config)
    return sum(p.numel() for p in empty.parameters()), config.vocab_size


def _table(strategies: list[Strategy], parameters: int, ranks: int) -> str:
    (plain,) = (c for c in strategies if c.name == _DDP)
    peak = peak_tflops()
    lines = [
        "| strategy | tokens/s, median (min..max) | to plain DDP | model FLOPs utilisation "
        "| GPUs | loss at the end |",
        "|---|---|---|---|---|---|",
    ]
    for c in strategies:
        ratios = [own / reference for own, reference in zip(c.rates, plain.rates, strict=True)]
        tflops = median(c.rates) * _FLOP * parameters / ranks / 1e12
        utilisation = f"{tflops / peak:.1%}" if peak else "-"
        loss = f"{median(c.losses):.3f}"
        cells = [c.name, spread(c.rates, ",.0f"), spread(ratios, ".2f"), utilisation]
        cells += [str(c.gpu_usage), loss]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument(
        "--stages", type=int, nargs="+", default=[2, 3], help="ZeRO stages of DeepSpeed"
    )
    parser.add_argument("--ranks", type=int, default=2, help="ranks on a machine without a GPU")
    parser.add_argument("--batch", type=int, default=4, help="rows per rank and step")
    parser.add_argument("--tokens", type=int, default=128, help="tokens per row")
    parser.add_argument("--steps", type=int, default=12, help="steps per training")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=2, help="number of rounds")
    args = parser.parse_args()
    if args.steps <= _WARM_UP_STEPS:
        parser.error(f"--steps must exceed {_WARM_UP_STEPS}, the number of excluded steps")
    model = read_manifest(args.model).folder
    parameters, vocabulary = _sizes(model)
    ranks = rank_count(args.ranks)
    section = Training(
        epochs=1,
        learning_rate=1e-5,
        global_batch=ranks.total * args.batch,
        micro_batch=args.batch,
        cutoff=args.tokens,
        precision=args.precision,
    )
    strategies = [Strategy(_DDP, section, None)] + [
        _under_zero(stage, section) for stage in args.stages
    ]
    hardware = ", ".join(gpu_names()) or f"{platform.machine()}, no GPU"
    print(
        f"{hardware}; {os.cpu_count()} cores, {ranks.total} ranks, {parameters / 1e6:,.1f}M "
        f"parameters, load {os.getloadavg()[0]:.2f} at the start\n",
        flush=True,
    )
    progress = Progress("benchmark", args.rounds * len(strategies), "trainings")
    with tempfile.TemporaryDirectory() as scratch:
        tokens = Path(scratch) / "tokens.parquet"
        _write_rows(tokens, args.steps * section.global_batch, args.tokens, vocabulary)
        for number in range(args.rounds):
            first = number % len(strategies)
            for strategy in [*strategies[first:], *strategies[:first]]:
                strategy.measure(model, tokens, ranks)
                progress.add()
    print(_table(strategies, parameters, ranks.total), flush=True)


if __name__ == "__main__":
    run(main)
