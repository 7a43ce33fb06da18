"""What a model learns of problem families from worked solutions; prints a Markdown table.

The training of the student runs on seeds instead of a corpus, so every row is true: no loop can
teach more with as many rows. Base and trained model answer the held-out problems, and final answers
are compared. See docs/benchmarks.md.
"""

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caco.answers.compare import compare
from caco.answers.extraction import final_answer
from caco.config.bench import Answering
from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sampling
from caco.config.training import FineTune, Training
from caco.engines.open import open_engine
from caco.engines.protocol import GeneratingModel
from caco.models.manifest import read_manifest
from caco.models.tokenizer import framing
from caco.rows.seed import Seed
from caco.rows.table import read_rows
from caco.runtime.job import run
from caco.runtime.progress import Progress
from caco.stages.bench.answer import answer_problems
from caco.stages.reverse.solution_prompt import solution_reply
from caco.text.chat import end_of_turn
from caco.training.examples import Example
from caco.training.finetune import fine_tune
from caco.training.runtime.launch import TrainingArguments

_FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)


def _family(seed: Seed) -> str:
    """Returns the name of the program's function, which the programs of a family share."""
    found = _FUNCTION.search(seed.program or "")
    return found[1] if found else "?"


def _right(manifest: Path, problems: list[Seed], max_new_tokens: int, name: str) -> Counter[str]:
    """Returns the number of right answers by family."""
    model = read_manifest(manifest)
    section = Answering(
        engine=TransformersEngineConfig(dtype="float32"),
        sampling=Sampling(temperature=0.0, max_new_tokens=max_new_tokens),
        samples=1,
        prompt="chat",
    )
    right: Counter[str] = Counter()
    progress = Progress(name, len(problems))
    with open_engine(model.folder, section.engine) as engine:
        generating = GeneratingModel(engine, framing(model.folder, "chat"), model.digest)
        answered = answer_problems(problems, generating, section, (name, "held_out"), progress)
        for row, seed in zip(answered, problems, strict=True):
            stated = final_answer(row.completion)
            right[_family(seed)] += (
                stated is not None and compare(row.answer, stated).outcome == "equal"
            )
    return right


def _trained(manifest: Path, seeds: list[Seed], training: Training, scratch: Path) -> Path:
    """Fine-tunes on the worked solutions; returns the manifest of the checkpoint."""
    folder = read_manifest(manifest).folder
    frame = framing(folder, "chat")

    def examples(tokenizer: Any) -> Iterator[Example]:
        end = end_of_turn(tokenizer)
        for seed in seeds:
            assert seed.solution is not None and seed.answer is not None
            yield Example(frame(seed.problem), solution_reply(seed.solution, seed.answer) + end)

    arguments = TrainingArguments(
        model=manifest,
        deepspeed=Path(f"config/deepspeed/zero{training.zero_stage}.json"),
        checkpoint=scratch / "model" / "manifest.json",
        loss=scratch / "loss.parquet",
        checkpoints=scratch / "checkpoints",
        fingerprint={},
    )
    section = FineTune(model="base", training=training)
    fine_tune(section, "student", arguments, examples)
    return arguments.checkpoint


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument("--seeds", type=Path, required=True, help="seeds to train on")
    parser.add_argument("--held-out", type=Path, required=True, help="seeds to answer")
    parser.add_argument("--rows", type=int, help="rows to train on; all by default")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--max-new-tokens", type=int, default=80)
    args = parser.parse_args()
    seeds = list(read_rows(args.seeds, Seed))[: args.rows]
    problems = list(read_rows(args.held_out, Seed))
    training = Training(
        epochs=args.epochs,
        learning_rate=args.learning_rate,
        global_batch=8,
        cutoff=256,
        precision="fp32",
    )
    base = _right(args.model, problems, args.max_new_tokens, "base")
    with tempfile.TemporaryDirectory() as scratch:
        student = _trained(args.model, seeds, training, Path(scratch))
        trained = _right(student, problems, args.max_new_tokens, "trained")
    asked, rows = Counter(map(_family, problems)), Counter(map(_family, seeds))
    print("| family | rows | held out | base | trained |\n|---|---|---|---|---|")
    for family in sorted(asked):
        counts = (rows[family], asked[family], base[family], trained[family])
        print(f"| `{family}` | {' | '.join(map(str, counts))} |")
    totals = (len(seeds), len(problems), base.total(), trained.total())
    print(f"| all | {' | '.join(map(str, totals))} |", flush=True)


if __name__ == "__main__":
    run(main)
