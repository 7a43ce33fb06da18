"""Measures the cosines of reworded benchmark problems and of clean questions; prints a table.

Questions of GSM8K's test file are reworded by rule. A threshold of the layer `embedding` should lie
between the cosine of a problem to its rewording and that of a clean question, of the training file,
to the most similar problem. Runs in the environment `train`. See docs/benchmarks.md.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rewordings import reworded

from caco.config.embedding import Embedder, TransformersEmbedderConfig
from caco.engines.open_embedder import open_embedder
from caco.runtime.job import run
from caco.vectors import matrix

_SHARES = (0.001, 0.01, 0.05)  # of clean questions that a threshold rejects
_QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)


def _questions(path: Path, rows: int, rng: random.Random) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return rng.sample([json.loads(line)["question"] for line in lines], rows)


def _table(heads: list[str], rows: list[list[str]]) -> None:
    for row in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(row)} |")


def _quantiles(name: str, cosines: NDArray[np.float32]) -> list[str]:
    return [name, *(f"{np.quantile(cosines, q):.3f}" for q in _QUANTILES)]


def main() -> None:
    """Prints the quantiles of the cosines, and the recall at several thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--gsm8k", type=Path, required=True, help="test file of GSM8K (.jsonl)")
    parser.add_argument("--gsm8k-train", type=Path, required=True, help="its training file")
    parser.add_argument("--problems", type=int, default=200, help="problems of the test file")
    parser.add_argument("--clean", type=int, default=500, help="questions of the training file")
    parser.add_argument("--pooling", choices=("mean", "last"), default="mean")
    parser.add_argument("--prefix", default="")
    args = parser.parse_args()
    rng = random.Random(0)
    problems = _questions(args.gsm8k, args.problems, rng)
    texts = problems + [reworded(text, rng) for text in problems]
    texts += _questions(args.gsm8k_train, args.clean, rng)
    engine = TransformersEmbedderConfig(dtype="float32", batch=16)
    section = Embedder(engine=engine, pooling=args.pooling, max_tokens=512, prefix=args.prefix)
    began = time.monotonic()
    with open_embedder(args.model, section) as embedder:
        found = embedder.embed([args.prefix + text for text in texts])
    tokens = sum(one.tokens for one in found)
    print(f"{len(texts):,} texts, {tokens:,} tokens, {time.monotonic() - began:.0f} s\n")
    vectors = matrix([one.vector for one in found if one.vector is not None])
    items, planted, clean = np.split(vectors, [args.problems, 2 * args.problems])
    own = (items * planted).sum(axis=1)
    nearest = (clean @ items.T).max(axis=1)
    _table(
        ["cosine", *(f"{q:.0%}" for q in _QUANTILES)],
        [
            _quantiles("reworded to its problem", own),
            _quantiles("clean to the nearest problem", nearest),
            _quantiles("problem to problem", (items @ items.T)[np.triu_indices(len(items), 1)]),
        ],
    )
    print()
    thresholds = [float(np.quantile(nearest, 1 - share)) for share in _SHARES]
    _table(
        ["clean rows rejected", "threshold", "reworded rows found"],
        [
            [f"{share:.1%}", f"{at:.3f}", f"{(own >= at).mean():.3f}"]
            for share, at in zip(_SHARES, thresholds, strict=True)
        ],
    )


if __name__ == "__main__":
    run(main)
