"""Measures fine-tuning under DeepSpeed beside plain DDP; prints a Markdown table.

Every contestant is the project's own training (`caco.training.rank`, started by its own launcher)
with the same rows; only DeepSpeed's settings differ, and plain DDP has none. They take turns, and
ratios are taken within a round. The first steps of a turn, which allocate and compile, do not
count. See docs/benchmarks.md.
"""

import argparse
import json
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
from gpu import Seen, names, peak_tflops, watching

from caco.config.training import Training
from caco.models.manifest import read_manifest
from caco.runtime.job import run
from caco.runtime.progress import Progress
from caco.training.deepspeed_settings import read_settings
from caco.training.rank import RankTask
from caco.training.runtime.checkpoints import LOSS, CheckpointFolder
from caco.training.runtime.launch import Ranks, accumulation, launch, rank_count

_DDP = "plain DDP"
_WARM = 3  # steps of a turn that do not count
_FLOP = 6  # a parameter and token: forward and backward, attention's own left out


@dataclass(slots=True)
class Contestant:
    """One way to train.

    Attributes:
        name: What it is.
        section: How it trains; its `zero_stage` is that of the settings.
        deepspeed: DeepSpeed's settings, or None.
        rates: Tokens a second of all ranks, a number for each round.
        losses: The loss after the last step.
        seen: What its GPUs did.
    """

    name: str
    section: Training
    deepspeed: dict[str, Any] | None
    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    def turn(self, model: Path, tokens: Path, ranks: Ranks) -> None:
        """Trains once and notes the rate."""
        with tempfile.TemporaryDirectory() as scratch:
            kept = CheckpointFolder(Path(scratch))
            kept.scratch.mkdir()
            plan = kept.scratch / "plan.json"
            RankTask(
                stage=self.name,
                model=str(model),
                tokens=str(tokens),
                checkpoint=f"{scratch}/checkpoint",
                kept=scratch,
                resume=None,
                save_every_s=float("1e9"),
                accumulation=accumulation(self.section, ranks.total, "benchmark"),
                deepspeed=self.deepspeed,
                training=self.section.model_dump_json(),
            ).write(plan)
            with watching(self.seen):
                launch(plan, ranks)
            rows = [json.loads(line) for line in (kept.scratch / LOSS).read_text().splitlines()]
        first, last = rows[_WARM - 1], rows[-1]
        seconds = last["seconds"] - first["seconds"]
        self.rates.append((last["tokens"] - first["tokens"]) / seconds)
        self.losses.append(last["loss"])


def _under_zero(stage: int, section: Training) -> Contestant:
    settings = read_settings(Path(f"config/deepspeed/zero{stage}.json"), stage)
    return Contestant(f"ZeRO-{stage}", section.model_copy(update={"zero_stage": stage}), settings)


def _write_rows(path: Path, rows: int, length: int, vocabulary: int) -> None:
    """Writes rows of random tokens, each as long as the others, with a loss on the second half."""
    luck = random.Random(7)
    ids = [[luck.randrange(vocabulary) for _ in range(length)] for _ in range(rows)]
    labels = [[-100] * (length // 2) + row[length // 2 :] for row in ids]
    kind = pa.list_(pa.int32())
    table = pa.table({"input_ids": pa.array(ids, kind), "labels": pa.array(labels, kind)})
    pq.write_table(table, path)


def _sizes(model: Path) -> tuple[int, int]:
    """Returns a model's parameters and its vocabulary; no weight is read."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(model)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(config)
    return sum(p.numel() for p in empty.parameters()), config.vocab_size


def _table(contestants: list[Contestant], parameters: int, ranks: int) -> str:
    (plain,) = (c for c in contestants if c.name == _DDP)
    peak = peak_tflops()
    lines = [
        "| contestant | tokens/s, median (min..max) | to plain DDP | model FLOPs utilisation "
        "| GPUs | loss at the end |",
        "|---|---|---|---|---|---|",
    ]
    for c in contestants:
        ratios = [mine / theirs for mine, theirs in zip(c.rates, plain.rates, strict=True)]
        done = median(c.rates) * _FLOP * parameters / ranks / 1e12
        share = f"{done / peak:.1%}" if peak else "-"
        loss = f"{median(c.losses):.3f}"
        cells = [c.name, spread(c.rates, ",.0f"), spread(ratios, ".2f"), share, str(c.seen), loss]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="a checkpoint's manifest")
    parser.add_argument("--stages", type=int, nargs="+", default=[2, 3], help="of DeepSpeed's ZeRO")
    parser.add_argument("--ranks", type=int, default=2, help="ranks, where there is no GPU")
    parser.add_argument("--batch", type=int, default=4, help="rows a rank and step")
    parser.add_argument("--tokens", type=int, default=128, help="of a row")
    parser.add_argument("--steps", type=int, default=12, help="steps a turn")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=2, help="turns of every contestant")
    args = parser.parse_args()
    if args.steps <= _WARM:
        parser.error(f"--steps: more than {_WARM}, since the first {_WARM} do not count")
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
    contestants = [Contestant(_DDP, section, None)] + [
        _under_zero(stage, section) for stage in args.stages
    ]
    where = ", ".join(names()) or f"{platform.machine()}, no GPU"
    print(
        f"{where}; {os.cpu_count()} cores, {ranks.total} ranks, {parameters / 1e6:,.1f}M "
        f"parameters, load {os.getloadavg()[0]:.2f} at the start\n",
        flush=True,
    )
    progress = Progress("benchmark", args.rounds * len(contestants), "turns")
    with tempfile.TemporaryDirectory() as scratch:
        tokens = Path(scratch) / "tokens.parquet"
        _write_rows(tokens, args.steps * section.global_batch, args.tokens, vocabulary)
        for number in range(args.rounds):
            first = number % len(contestants)
            for contestant in [*contestants[first:], *contestants[:first]]:
                contestant.turn(model, tokens, ranks)
                progress.add()
    print(_table(contestants, parameters, ranks.total), flush=True)


if __name__ == "__main__":
    run(main)
