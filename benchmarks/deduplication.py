"""Measures deduplication and decontamination of synthetic rows by their number; prints a table.

The rows have questions of about 45 words and programs of six lines. One in ten is a near-duplicate
of an earlier row, one in fifty restates one of 10,000 problems. Every size runs in a process of its
own, on one core, with the default settings; its CPU time is measured, without that of making the
rows. Runs in the environment `workflow`. See docs/benchmarks.md.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from caco.config.checks import Corpus
from caco.overlap.contamination import Item, Items
from caco.rows.rejected import Rejected
from caco.rows.solution import Solution
from caco.runtime.job import run
from caco.stages.corpus.assemble import filter_rows

_PROBLEMS = 10_000  # of the benchmark
_VOCABULARY = 8_000
_SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve"]


def made_words(rng: Random) -> list[str]:
    """Returns the words of the questions, the common ones first."""
    return ["".join(rng.choices(_SYLLABLES, k=3)) for _ in range(_VOCABULARY)]


def made_question(number: int, vocabulary: list[str]) -> str:
    """Returns question `number`, of common and rare words and a few numbers."""
    rng = Random(f"question {number}")
    # Frequencies that fall with the rank, as in texts.
    chosen = [vocabulary[int(_VOCABULARY * rng.random() ** 3)] for _ in range(40)]
    for place in (5, 17, 29):
        chosen[place] = str(rng.randint(2, 500))
    return " ".join(chosen) + " how many are there in total?"


def _program(number: int) -> str:
    rng = Random(f"program {number}")
    a, b, c = (rng.randint(2, 10_000) for _ in range(3))
    return (
        f'input = {{"first": {a}, "second": {b}, "third": {c}}}\n\n'
        "def total(first, second, third):\n    part = first * second\n    return part + third\n\n"
        "output = total(**input)\nprint(output)\n"
    )


def _rows(count: int, vocabulary: list[str]) -> Iterator[Solution]:
    for n in range(count):
        question = made_question(n, vocabulary)
        if n % 10 == 9:
            head, _, tail = made_question(n - 5, vocabulary).partition(" ")
            question = f"{head}s {tail}"
        elif n % 50 == 17:
            question = f"Solve this: {made_question(-1 - n % _PROBLEMS, vocabulary)}"
        yield Solution(
            f"q{n:031x}", f"s{n:031x}", f"p{n:031x}", "00000", _program(n), "", "{}", str(n),
            question, "", "", "", "", "",
        )  # fmt: skip


class _Made:
    """The rows, and the CPU seconds in which they were made."""

    def __init__(self, count: int, vocabulary: list[str]) -> None:
        self._rows = _rows(count, vocabulary)
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Solution]:
        return self

    def __next__(self) -> Solution:
        started = time.process_time()
        row = next(self._rows)
        self.seconds += time.process_time() - started
        return row


def _measure(count: int) -> None:
    """Prints a row of the table."""
    vocabulary = made_words(Random(0))
    settings = Corpus()
    problems = (
        Item(f"problem {n}", made_question(-1 - n, vocabulary), None) for n in range(_PROBLEMS)
    )
    started = time.process_time()
    items = Items(problems, settings.decontaminate.layers, settings.decontaminate)
    indexing = time.process_time() - started
    started = time.process_time()
    rows = _Made(count, vocabulary)
    verdicts = Counter(
        row.verdict if isinstance(row, Rejected) else "accepted"
        for row in filter_rows(rows, settings, (items,))
    )
    seconds = time.process_time() - started - rows.seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = [verdicts[name] for name in ("accepted", "contaminated", "near_duplicate")]
    cells = [f"{count:,}", f"{indexing:.1f}", f"{seconds:.1f}", f"{count / seconds:,.0f}"]
    print("|", " | ".join([*cells, f"{peak:.2f}", *(f"{n:,}" for n in found)]), "|", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one is not None:
        _measure(args.one)
        return
    heads = ["rows", "CPU s for the index", "CPU s", "rows/s", "peak GiB"]
    heads += ["accepted", "contaminated", "near-duplicates"]
    print(f"| {' | '.join(heads)} |\n|{'---:|' * len(heads)}", flush=True)
    for count in args.rows:
        subprocess.run([sys.executable, __file__, "--one", str(count)], check=True)


if __name__ == "__main__":
    run(main)
