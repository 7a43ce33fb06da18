"""Measures how often `caco.proof` refutes shards that are what their record says, and others.

Each with the seeds of its requests, as for rows of the transformers engine, and without, as for
those of vLLM. Programs are drawn once, into pools; a trial is a shard of rows from a pool without
replacement, so trials share rows. Runs in the environment `train`. See docs/benchmarks.md.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sampling
from caco.engines.open import open_engine
from caco.engines.protocol import request
from caco.identity import request_seed
from caco.models.tokenizer import framing, load_tokenizer
from caco.proof.evidence import evidence
from caco.proof.scores import DrawnRow, RowScores, Scorer
from caco.runtime.atomic_files import append_line
from caco.runtime.job import run
from caco.runtime.progress import Progress

_EDITED = 5  # rows of a shard in which a digit is changed
_OTHER = 0.1  # how far another temperature is from the recorded one


def _pool(file: Path, model: Path, sampling: Sampling, rows: int) -> list[DrawnRow]:
    """Returns `rows` programs as they were drawn; the file keeps their tokens."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    known = {one["index"]: tuple(one["token_ids"]) for one in map(json.loads, lines)}
    prompt = framing(model, "unconditional")("")
    prompt_ids = tuple(load_tokenizer(model)(prompt, add_special_tokens=False)["input_ids"])
    seeds = [request_seed(0, file.stem, index) for index in range(rows)]
    missing = [index for index in range(rows) if index not in known]
    progress = Progress(f"drawing {file.stem}", len(missing), "programs")
    requests = [request(str(index), prompt, seeds[index], sampling) for index in missing]
    with open_engine(model, TransformersEngineConfig(dtype="float32", batch=64)) as engine:
        for completion in engine.generate(requests):
            index, ids = int(completion.request_id), completion.token_ids
            assert ids is not None  # this engine knows them
            append_line(file, json.dumps({"index": index, "token_ids": ids}))
            known[index] = ids
            progress.add()
    return [DrawnRow(prompt_ids, known[index], seeds[index]) for index in range(rows)]


def _edited(row: DrawnRow, digits: list[int], rng: random.Random) -> DrawnRow:
    """Returns a row with another digit in one place; unchanged if there is no digit."""
    tokens = row.tokens
    places = [place for place, token in enumerate(tokens) if token in digits]
    if not places:
        return row
    place = rng.choice(places)
    other = rng.choice([digit for digit in digits if digit != tokens[place]])
    return replace(row, tokens=(*tokens[:place], other, *tokens[place + 1 :]))


def _refuted(trials: int, shard: Callable[[], Iterable[RowScores]]) -> tuple[int, float]:
    """Returns how many shards are refuted, and the median of their |z|."""
    found = [evidence(list(shard())) for _ in range(trials)]
    return sum(one.against for one in found), float(np.median([abs(one.z or 0.0) for one in found]))


def main() -> None:
    """Prints a table of the kinds of shards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of a tuned checkpoint")
    parser.add_argument("--base", type=Path, required=True, help="folder of its base model")
    parser.add_argument("--pools", type=Path, required=True, help="folder that keeps the programs")
    parser.add_argument("--temperature", type=float, default=0.9)
    parser.add_argument("--max-new-tokens", type=int, default=112)
    parser.add_argument("--pool", type=int, default=256, help="programs of a pool")
    parser.add_argument("--rows", type=int, default=64, help="rows of a shard")
    parser.add_argument("--trials", type=int, default=1000)
    args = parser.parse_args()
    args.pools.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    recorded = Sampling(temperature=args.temperature, max_new_tokens=args.max_new_tokens)
    hotter = recorded.model_copy(update={"temperature": round(args.temperature + _OTHER, 6)})
    pools = {
        "honest": _pool(args.pools / "honest.jsonl", args.model, recorded, args.pool),
        "hotter": _pool(args.pools / "hotter.jsonl", args.model, hotter, args.pool),
        "base": _pool(args.pools / "base.jsonl", args.base, recorded, args.pool // 2),
    }
    tokenizer = load_tokenizer(args.model)
    digits = [tokenizer.convert_tokens_to_ids(str(digit)) for digit in range(10)]
    pools["edited"] = [_edited(row, digits, rng) for row in pools["honest"]]
    scorer = Scorer(args.model, "float32")
    scores: dict[tuple[str, bool], list[RowScores]] = {}
    for (name, pool), seeded in product(pools.items(), (True, False)):
        progress = Progress(f"scoring {name} {'with' if seeded else 'without'} seeds", len(pool))
        rows = pool if seeded else [replace(row, seed=None) for row in pool]
        scores[name, seeded] = scorer.score(rows, recorded, progress)
    changed = [n for n, row in enumerate(pools["honest"]) if row != pools["edited"][n]]

    def whole(name: str, seeded: bool) -> list[RowScores]:
        return rng.sample(scores[name, seeded], args.rows)

    def partly(seeded: bool) -> list[RowScores]:
        honest, altered = scores["honest", seeded], scores["edited", seeded]
        rows = rng.sample(range(len(honest)), args.rows)
        edited = set(rng.sample([n for n in rows if n in set(changed)], _EDITED))
        return [altered[n] if n in edited else honest[n] for n in rows]

    kinds: dict[str, Callable[[bool], list[RowScores]]] = {
        "as recorded": partial(whole, "honest"),
        "of the base model": partial(whole, "base"),
        f"drawn at {hotter.temperature}, recorded as {recorded.temperature}": partial(
            whole, "hotter"
        ),
        f"another digit in {_EDITED} rows": partly,
    }
    print(f"| {args.rows} rows, {args.trials:,} trials | with seeds | without | abs(z), median |")
    print("|---|---:|---:|---:|")
    for name, shard in kinds.items():
        with_seeds, _ = _refuted(args.trials, partial(shard, True))
        without, z = _refuted(args.trials, partial(shard, False))
        print(f"| {name} | {with_seeds:,} | {without:,} | {z:.2f} |", flush=True)


if __name__ == "__main__":
    run(main)
