"""Measures what the chain of records costs a job: opening its inputs, beside reading them.

The run has one record for each shard, like `verify`; the last job reads all shards, like `corpus`.
Texts are random, so that they do not compress better than a model's.
"""

import argparse
import random
import string
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for caco, a link

from caco.identity import file_sha256
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import open_inputs
from caco.runtime.provenance import record


def rows(count: int, draw: random.Random) -> Iterator[Verified]:
    """Yields verified programs of 400 characters."""
    for n in range(count):
        text = "".join(draw.choices(string.ascii_lowercase + " \n=+", k=400))
        yield Verified(f"s{n}", f"p{n}", "00000", text, "model", '{"a":1}', str(n))


def main() -> None:
    """Writes shards and their records, then opens and reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=100_000, help="rows of all shards (%(default)s)"
    )
    parser.add_argument("--shards", type=int, default=1, help="shards (%(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "results" / "measured"
        files = [run / "verified" / f"{n:05d}.parquet" for n in range(args.shards)]
        draw = random.Random(1)
        for file in files:
            write_rows(file, Verified, rows(args.rows // args.shards, draw))
            path = run / "provenance" / "verify" / f"{file.stem}.json"
            record(
                path,
                rule="verify", identity=file.stem, spec="{}", code="c",
                inputs=open_inputs(path, []), outputs=[file], counts=None, seed=None,
                started=time.time(),
            )  # fmt: skip
        started = time.perf_counter()
        for file in files:
            file_sha256(file)
        print(f"SHA-256 alone: {time.perf_counter() - started:.3f} s")
        started = time.perf_counter()
        open_inputs(run / "provenance" / "corpus" / "all.json", files)
        print(f"SHA-256 and comparison with the records: {time.perf_counter() - started:.3f} s")
        started = time.perf_counter()
        for file in files:
            for _ in read_rows(file, Verified):
                pass
        print(f"reading the rows: {time.perf_counter() - started:.3f} s")


if __name__ == "__main__":
    main()
