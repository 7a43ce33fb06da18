"""Measures what a training needs before its first step; prints a Markdown table.

The job of the rule `codegen` runs on Code CoTs, from the first again when there are too few. The
first step ends when its loss is in the file of the loss curve. With several checkouts, each runs
once per round, in rotating order, and ratios are computed within a round. See docs/benchmarks.md.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from figures import spread
from repetition import repetition

from caco.models.manifest import write_manifest
from caco.rows.code_cot import CodeCoT
from caco.rows.table import read_rows, write_rows
from caco.runtime.job import run
from caco.runtime.progress import Progress

_POLL_S = 0.01
_BATCH = 8  # rows of a step: short, so that the end of the job comes soon


@dataclass(slots=True)
class Start:
    """A checkout and its measurements, one value per round.

    Attributes:
        checkout: Its root.
        first_s: Seconds from the start of the job until its first step has ended.
        cpu_s: CPU time of the job and its children until their end, after three steps.
    """

    checkout: Path
    first_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def measure(self, model: Path, rows: Path, number: int, ranks: int) -> None:
        """Runs the job once.

        Args:
            model: Folder of a checkpoint.
            rows: Code CoTs.
            number: Their number.
            ranks: Ranks, on a machine without a GPU.
        """
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch)
            write_manifest(out / "base.json", model)
            training = {"epochs": 3 * _BATCH / number, "learning_rate": 1e-5, "cutoff": 2048,
                        "global_batch": _BATCH, "precision": "fp32"}  # fmt: skip
            arguments = {
                "--model": out / "base.json", "--code-cots": rows,
                "--deepspeed": self.checkout / "config" / "deepspeed" / "zero2.json",
                "--checkpoint": out / "manifest.json", "--loss": out / "loss.parquet",
                "--provenance": out / "record.json", "--ranks": ranks,
                "--spec": json.dumps({"model": "base", "training": training}),
            }  # fmt: skip
            command = [sys.executable, self.checkout / "scripts" / "codegen.py"]
            command += itertools.chain.from_iterable(arguments.items())
            steps = out / "record.training" / "scratch" / "loss.jsonl"
            before = _cpu_s()
            began = time.monotonic()
            job = subprocess.Popen(list(map(str, command)), cwd=scratch)
            while job.poll() is None and not (steps.exists() and steps.stat().st_size):
                time.sleep(_POLL_S)
            self.first_s.append(time.monotonic() - began)
            if job.wait() != 0:
                sys.exit(f"{self.checkout}: the training failed")
            self.cpu_s.append(_cpu_s() - before)


def _cpu_s() -> float:
    """Returns the CPU time of all ended children of this process, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _table(starts: list[Start]) -> str:
    reference = starts[0]
    lines = [
        "| checkout | until the first step has ended, s, median (min..max) | to the first checkout "
        "| CPU time of the job, s | to the first checkout |",
        "|---|---|---|---|---|",
    ]
    for start in starts:
        cells = [str(start.checkout)]
        for own, other in ((start.first_s, reference.first_s), (start.cpu_s, reference.cpu_s)):
            ratios = [ours / theirs for ours, theirs in zip(own, other, strict=True)]
            cells += [spread(own, ".1f"), spread(ratios, ".2f")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="folder of a checkpoint")
    parser.add_argument("--rows", type=Path, required=True, help="Parquet file of Code CoTs")
    parser.add_argument("--number", type=int, default=15_000, help="rows to train on")
    parser.add_argument("--ranks", type=int, default=1, help="ranks on a machine without a GPU")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds")
    parser.add_argument(
        "--checkouts", type=Path, nargs="+", default=[Path()], help="roots of checkouts to compare"
    )
    args = parser.parse_args()
    starts = [Start(checkout.resolve()) for checkout in args.checkouts]
    facts = {"model": args.model, "rows": f"{args.number:,}", "cores": os.cpu_count()}
    print(repetition([args.rows], facts), flush=True)
    progress = Progress("benchmark", args.rounds * len(starts), "trainings")
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "code_cots.parquet"
        present = itertools.cycle(list(read_rows(args.rows, CodeCoT)))
        write_rows(rows, CodeCoT, itertools.islice(present, args.number))
        for number in range(args.rounds):
            first = number % len(starts)
            for start in [*starts[first:], *starts[:first]]:
                start.measure(args.model.resolve(), rows, args.number, args.ranks)
                progress.add()
    print(_table(starts), flush=True)


if __name__ == "__main__":
    run(main)
