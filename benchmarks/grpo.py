"""A few steps of GRPO on the RLVR rows of an export; prints a Markdown table.

It shows that the rows and the reward function work in TRL's trainer, and that the weights change;
it is too short to show that a model improves. See docs/benchmarks.md.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
from trl import GRPOConfig, GRPOTrainer

from caco.grading.reward import reward
from caco.models.manifest import read_manifest
from caco.runtime.job import run


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--export", type=Path, required=True, help="folder of an export")
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=2, help="prompts of a step")
    parser.add_argument("--completions", type=int, default=8, help="completions of a prompt")
    parser.add_argument("--max-new-tokens", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    set_seed(args.seed)
    rows = load_dataset(str(args.export), "rlvr", split="train")
    folder = read_manifest(args.model).folder
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    with tempfile.TemporaryDirectory() as scratch:
        trainer = GRPOTrainer(
            model,
            reward_funcs=reward,
            train_dataset=rows,
            processing_class=AutoTokenizer.from_pretrained(folder),
            args=GRPOConfig(
                output_dir=scratch,
                max_steps=args.steps,
                per_device_train_batch_size=args.prompts * args.completions,
                num_generations=args.completions,
                max_completion_length=args.max_new_tokens,
                learning_rate=args.learning_rate,
                lr_scheduler_type="constant",
                bf16=False,
                gradient_checkpointing=False,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                seed=args.seed,
            ),
        )
        began = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - began
    logs: list[dict[str, Any]] = [log for log in trainer.state.log_history if "reward" in log]
    print("| step | mean reward | its deviation | cut completions | gradient norm |")
    print("|---|---|---|---|---|")
    for number, log in enumerate(logs, start=1):
        cut = log["completions/clipped_ratio"]
        print(
            f"| {number} | {log['reward']:.3f} | {log['reward_std']:.3f} | {cut:.0%} "
            f"| {log['grad_norm']:.3g} |"
        )
    moved = [
        (weight.detach() - before[name]).abs().max().item()
        for name, weight in model.named_parameters()
    ]
    print(
        f"\n{len(rows):,} rows; {sum(change > 0 for change in moved):,} of {len(moved):,} weight "
        f"matrices changed, by at most {max(moved):.2g}; {seconds:.0f} s"
    )


if __name__ == "__main__":
    run(main)
