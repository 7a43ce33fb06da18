"""Compares fine-tuning under DeepSpeed with plain DDP; prints a Markdown table.

Every strategy runs the project's training (`caco.training.rank`, started by its launcher) on the
same rows; only the settings of DeepSpeed differ, and plain DDP has none. Every strategy trains once
per round, in rotating order, and ratios are computed within a round. The first steps of a training,
which allocate and compile, are excluded. See docs/benchmarks.md.

The rows are Code CoTs of a run (`--rows`), tokenised as the code generator's, or random tokens of
equal length. Model FLOPs utilisation counts what the arithmetic of a step needs, forward and
backward, on real tokens only:

    6 * (parameters of the layers) * tokens
    + 6 * (parameters of the head) * (tokens with a loss)
    + 12 * layers * heads * (head size) * (pairs of tokens that attend)

A row of n tokens has n (n + 1) / 2 pairs, fewer with a sliding window. Nothing that is computed
twice (gradient checkpointing) or masked counts.
"""

import argparse
import itertools
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from figures import spread
from gpu import GpuUsage, peak_tflops, sampled_gpus
from repetition import repetition

from caco.config.training import Training
from caco.identity import file_sha256
from caco.models.manifest import read_manifest
from caco.models.tokenizer import load_tokenizer
from caco.rows.code_cot import CodeCoT
from caco.rows.table import read_all
from caco.runtime.job import run
from caco.runtime.progress import Progress
from caco.text.chat import end_of_turn, unconditional_prefix
from caco.training.codegen_examples import codegen_examples
from caco.training.deepspeed_settings import read_settings
from caco.training.examples import write_tokens
from caco.training.micro_batches import TokenRows
from caco.training.rank import RankTask
from caco.training.runtime.checkpoints import LOSS, CheckpointFolder, read_steps
from caco.training.runtime.launch import Ranks, launch, rank_count

_DDP = "plain DDP"
_WARM_UP_STEPS = 3  # excluded steps of a training


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
                deepspeed=self.deepspeed,
                training=self.section.model_dump_json(),
            ).write(plan)
            with sampled_gpus(self.gpu_usage):
                launch(plan, ranks)
            steps = read_steps(checkpoints.scratch / LOSS)
        (first, began), (last, ended) = steps[_WARM_UP_STEPS - 1], steps[-1]
        self.rates.append((last.tokens - first.tokens) / (ended - began))
        self.losses.append(last.loss)


def _under_zero(stage: int, section: Training, precisions: dict[str, str]) -> Strategy:
    section = Training(**section.model_dump() | {"zero_stage": stage} | precisions)
    settings = read_settings(Path(f"config/deepspeed/zero{stage}.json"), section)
    return Strategy(f"ZeRO-{stage}", section, settings)


def _write_rows(path: Path, rows: int, length: int, vocabulary: int) -> None:
    """Writes rows of random tokens of equal length, with a loss on the second half."""
    rng = random.Random(7)
    ids = [[rng.randrange(vocabulary) for _ in range(length)] for _ in range(rows)]
    labels = [[-100] * (length // 2) + row[length // 2 :] for row in ids]
    kind = pa.list_(pa.int32())
    table = pa.table({"input_ids": pa.array(ids, kind), "labels": pa.array(labels, kind)})
    pq.write_table(table, path)


def _write_code_cots(path: Path, files: list[Path], model: Path, rows: int, cutoff: int) -> None:
    """Writes the tokens of Code CoTs, from the first again when there are too few."""
    tokenizer = load_tokenizer(model)
    code_cots = itertools.cycle(read_all(files, CodeCoT))
    prefix, end = unconditional_prefix(tokenizer), end_of_turn(tokenizer)
    write_tokens(
        codegen_examples(itertools.islice(code_cots, rows), prefix, end), tokenizer, cutoff, path
    )


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What the arithmetic of a model depends on.

    Attributes:
        parameters: Number of parameters.
        head: Those of the head, which may be those of the embedding too.
        layers: Those that are multiplied with every token.
        vocabulary: Number of tokens that the model knows.
        attention: FLOP per pair of tokens and layer, forward and backward.
        windows: Sliding window of each layer, or None.
    """

    parameters: int
    head: int
    layers: int
    vocabulary: int
    attention: int
    windows: list[int | None]

    def flop(self, tokens: Path) -> float:
        """Returns the FLOP of a training per token (see the docstring of this program)."""
        rows = TokenRows(pq.read_table(tokens))
        pairs = sum(_pairs(length, window) for window in self.windows for length in rows.lengths)
        total = 6 * (self.layers * sum(rows.lengths) + self.head * sum(rows.labelled))
        return (total + self.attention * pairs) / sum(rows.lengths)


def _pairs(length: int, window: int | None) -> int:
    """Returns how many pairs of tokens of a row attend."""
    seen = length if window is None else min(length, window)
    return seen * (seen + 1) // 2 + (length - seen) * seen


def _sizes(folder: Path) -> _Sizes:
    """Returns the sizes of a model; reads no weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    kinds = getattr(config, "layer_types", None) or ["sliding_attention"] * config.num_hidden_layers
    window = getattr(config, "sliding_window", None)
    head_size = (
        getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    )
    parameters = sum(p.numel() for p in model.parameters())
    head = model.get_output_embeddings().weight
    embedding = model.get_input_embeddings().weight
    return _Sizes(
        parameters=parameters,
        head=head.numel(),
        layers=parameters - embedding.numel() - (0 if head is embedding else head.numel()),
        vocabulary=config.vocab_size,
        attention=12 * config.num_attention_heads * head_size,
        windows=[window if kind == "sliding_attention" else None for kind in kinds],
    )


def _table(strategies: list[Strategy], flop: float, ranks: int) -> str:
    (plain,) = (c for c in strategies if c.name == _DDP)
    peak = peak_tflops()
    lines = [
        "| strategy | tokens/s, median (min..max) | to plain DDP | model FLOPs utilisation "
        "| GPUs | loss at the end |",
        "|---|---|---|---|---|---|",
    ]
    for c in strategies:
        ratios = [own / reference for own, reference in zip(c.rates, plain.rates, strict=True)]
        tflops = median(c.rates) * flop / ranks / 1e12
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
    parser.add_argument("--rows", type=Path, nargs="+", help="Parquet files of Code CoTs")
    parser.add_argument("--tokens", type=int, default=128, help="tokens per row, without --rows")
    parser.add_argument("--micro-tokens", type=int, default=8192, help="see docs/settings.md")
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--steps", type=int, default=12, help="steps per training")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--gradients", choices=["fp32", "bf16"], help="under DeepSpeed")
    parser.add_argument("--optimizer", choices=["fp32", "bf16"], help="under DeepSpeed")
    parser.add_argument("--rounds", type=int, default=2, help="number of rounds")
    args = parser.parse_args()
    given = {"gradient_precision": args.gradients, "optimizer_precision": args.optimizer}
    precisions = {key: value for key, value in given.items() if value is not None}
    if args.steps <= _WARM_UP_STEPS:
        parser.error(f"--steps must exceed {_WARM_UP_STEPS}, the number of excluded steps")
    model = read_manifest(args.model).folder
    sizes = _sizes(model)
    ranks = rank_count(args.ranks)
    section = Training(
        epochs=1,
        learning_rate=1e-5,
        global_batch=ranks.total * args.batch,
        micro_tokens=args.micro_tokens,
        cutoff=min(2048, args.micro_tokens) if args.rows else args.tokens,
        gradient_checkpointing=args.gradient_checkpointing,
        precision=args.precision,
    )
    strategies = [Strategy(_DDP, section, None)] + [
        _under_zero(stage, section, precisions) for stage in args.stages
    ]
    progress = Progress("benchmark", args.rounds * len(strategies), "trainings")
    with tempfile.TemporaryDirectory() as scratch:
        tokens = Path(scratch) / "tokens.parquet"
        rows = args.steps * section.global_batch
        if args.rows:
            _write_code_cots(tokens, args.rows, model, rows, section.cutoff)
        else:
            _write_rows(tokens, rows, args.tokens, sizes.vocabulary)
        flop = sizes.flop(tokens)
        lengths = TokenRows(pq.read_table(tokens)).lengths
        facts = {
            "model": f"{model}, {sizes.parameters / 1e6:,.1f}M parameters",
            "ranks": ranks.total,
            "tokens of a row": f"mean {fmean(lengths):,.1f}, median {median(lengths):,g}, "
            f"{min(lengths):,} to {max(lengths):,}; {len(lengths):,} rows",
            "training": section.model_dump_json(),
        }
        print(repetition(args.rows or [], facts), flush=True)
        for number in range(args.rounds):
            first = number % len(strategies)
            for strategy in [*strategies[first:], *strategies[:first]]:
                strategy.measure(model, tokens, ranks)
                progress.add()
    print(_table(strategies, flop, ranks.total), flush=True)


if __name__ == "__main__":
    run(main)
