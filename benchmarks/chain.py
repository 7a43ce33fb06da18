"""Measures what the chain of records costs a job: the script `corpus` on many shards.

Two inputs of each shard, verified programs and checked solutions, have records, like `verify` and
`check`. The time of the chain (digests of inputs, their comparison with the records, the check at
the end) is measured within the same run as the rest, so that a slow moment of the machine counts
for both.
Texts are random, so that they do not compress better than a model's.
"""

import argparse
import importlib
import random
import string
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))  # for caco and corpus.py

from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import write_rows
from caco.rows.verified import Verified
from caco.runtime import chain, job, provenance
from caco.runtime.chain import Inputs, open_inputs

_LETTERS = string.ascii_lowercase + "   "
spent = {"chain": 0.0, "SHA-256 of the inputs": 0.0}


def timed(name: str, function: Any) -> Any:
    """Returns a function that adds its time to `spent`."""

    def measured(*args: Any, **keywords: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **keywords)
        finally:
            spent[name] += time.perf_counter() - started

    return measured


def text(draw: random.Random, characters: int) -> str:
    """Returns random text."""
    return "".join(draw.choices(_LETTERS, k=characters))


def solutions(shard: str, count: int, draw: random.Random) -> Iterator[Solution]:
    """Yields checked solutions of 1,000 characters."""
    for n in range(count):
        row = f"{shard}-{n}"
        program = f"input = {{'a': {n}}}\n# {text(draw, 400)}\noutput = input['a'] + 1"
        yield Solution(
            row, row, row, shard, program, "model", f'{{"a":{n}}}', str(n), text(draw, 200), "p",
            "model", text(draw, 1000), "p", "model",
        )  # fmt: skip


def programs(shard: str, count: int, draw: random.Random) -> Iterator[Verified]:
    """Yields verified programs of 400 characters."""
    for n in range(count):
        row = f"{shard}-{n}"
        yield Verified(row, row, shard, text(draw, 400), "model", f'{{"a":{n}}}', str(n))


def write_run(run: Path, shards: int, rows: int) -> None:
    """Writes the inputs of the job and their records."""
    draw = random.Random(1)
    for number in range(shards):
        shard = f"{number:05d}"
        made: dict[str, tuple[type[Any], Iterator[Any]]] = {
            "verify": (Verified, programs(shard, rows // shards, draw)),
            "check": (Solution, solutions(shard, rows // shards, draw)),
        }
        for rule, (row_type, values) in made.items():
            file = run / rule / f"{shard}.parquet"
            write_rows(file, row_type, values)
            path = run / "provenance" / rule / f"{shard}.json"
            provenance.record(
                path, rule=rule, identity=shard, spec="{}", code="c", inputs=open_inputs(path, []),
                outputs=[file], counts=None, seed=None, started=time.time(),
            )  # fmt: skip
    write_rows(run.parent / "seeds.parquet", Seed, [])


def run_job(run: Path, shards: int) -> float:
    """Runs the job and returns its time in seconds."""
    sys.argv = [
        "corpus.py", "--checked", f"{run}/check/00000.parquet", "--shards", str(shards),
        "--verified", f"{run}/verify/00000.parquet", "--problems", "--seeds",
        f"{run.parent}/seeds.parquet", "--corpus", f"{run}/corpus/train.parquet",
        "--card", f"{run}/corpus/README.md", "--rejected", f"{run}/rejected/corpus/all.parquet",
        "--provenance", f"{run}/provenance/corpus/all.json", "--spec", "{}", "--code", "c",
    ]  # fmt: skip
    started = time.perf_counter()
    importlib.import_module("corpus").main()
    return time.perf_counter() - started


def main() -> None:
    """Writes a run and measures the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each kind (%(default)s)")
    parser.add_argument("--shards", type=int, default=1_000, help="shards (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of the job (%(default)s)")
    args = parser.parse_args()
    job.open_inputs = timed("chain", job.open_inputs)  # type: ignore[attr-defined]
    Inputs.require_unchanged = timed("chain", Inputs.require_unchanged)  # type: ignore[method-assign]
    chain.sha256_of = timed(  # type: ignore[attr-defined]
        "SHA-256 of the inputs",
        chain.sha256_of,  # type: ignore[attr-defined]
    )
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "results" / "measured"
        write_run(run, args.shards, args.rows)
        for _ in range(args.repeats):
            spent.update(dict.fromkeys(spent, 0.0))
            total = run_job(run, args.shards)
            hashed = spent["SHA-256 of the inputs"]
            print(
                f"job {total:.2f} s; SHA-256 of its inputs {hashed:.2f} s, without which no record "
                f"is written; the chain beside it {spent['chain'] - hashed:.2f} s "
                f"({(spent['chain'] - hashed) / total:.1%})"
            )


if __name__ == "__main__":
    main()
