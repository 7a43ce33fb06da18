"""Measures the search for near-duplicates beside datasketch and rensa; prints a Markdown table.

The questions are those of deduplication.py: one in ten is a near-duplicate of an earlier one. Each
search gets the same 3-grams of words, finds candidates, compares their Jaccard similarity with the
default of the stage `corpus`, and adds the question if there is no duplicate. CPU time is measured
without the 3-grams. It needs the packages datasketch and rensa beside those of the environment
`workflow`. See docs/benchmarks.md.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random

from deduplication import made_question, made_words

from caco.config.checks import Corpus
from caco.overlap.near import NearDuplicates, signature
from caco.overlap.words import grams, words

_PERMUTATIONS, _BANDS = 128, 16  # usual ones: at a similarity of 0.8 a band is equal in 94.7%
Grams = set[str]
Search = Callable[[int, str, Grams], bool]  # whether the question is a near-duplicate


def _ours(similarity: float) -> Search:
    kept = NearDuplicates(similarity)

    def search(number: int, text: str, _grams: Grams) -> bool:
        row = signature(text)
        if kept.find(row):
            return True
        kept.add(str(number), row)
        return False

    return search


def _datasketch(similarity: float) -> Search:
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(num_perm=_PERMUTATIONS, params=(_BANDS, _PERMUTATIONS // _BANDS))
    kept: dict[int, Grams] = {}

    def search(number: int, _text: str, found: Grams) -> bool:
        row = MinHash(num_perm=_PERMUTATIONS)
        row.update_batch([gram.encode() for gram in found])
        if any(_jaccard(found, kept[other]) >= similarity for other in lsh.query(row)):
            return True
        lsh.insert(number, row)
        kept[number] = found
        return False

    return search


def _rensa(similarity: float) -> Search:
    from rensa import RMinHash, RMinHashLSH

    lsh = RMinHashLSH(threshold=similarity, num_perm=_PERMUTATIONS, num_bands=_BANDS)
    kept: dict[int, Grams] = {}

    def search(number: int, _text: str, found: Grams) -> bool:
        row = RMinHash(num_perm=_PERMUTATIONS, seed=1)
        row.update(list(found))
        if any(_jaccard(found, kept[other]) >= similarity for other in lsh.query(row)):
            return True
        lsh.insert(number, row)
        kept[number] = found
        return False

    return search


def _jaccard(one: Grams, other: Grams) -> float:
    return len(one & other) / len(one | other)


_SEARCHES = {"caco.overlap.near": _ours, "datasketch": _datasketch, "rensa": _rensa}


def _measure(name: str, count: int) -> None:
    """Prints a row of the table."""
    search = _SEARCHES[name](Corpus().near_duplicates or 1.0)
    known = made_words(Random(0))
    seconds, planted, found, others = 0.0, 0, 0, 0
    for number in range(count):
        duplicate = number % 10 == 9
        text = made_question(number - 5 if duplicate else number, known)
        if duplicate:
            head, _, tail = text.partition(" ")
            text = f"{head}s {tail}"
        shingles = {" ".join(gram) for gram in grams(words(text), 3)}
        started = time.process_time()
        is_near = search(number, text, shingles)
        seconds += time.process_time() - started
        planted += duplicate
        found += duplicate and is_near
        others += is_near and not duplicate
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    cells = [name, f"{seconds:.1f}", f"{count / seconds:,.0f}", f"{peak:.2f}",
             f"{found:,} of {planted:,}", str(others)]  # fmt: skip
    print("|", " | ".join(cells), "|", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--one", choices=_SEARCHES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        _measure(args.one, args.rows)
        return
    heads = ["search", "CPU s", "rows/s", "peak GiB", "near-duplicates found", "others found"]
    print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}", flush=True)
    for name in _SEARCHES:
        command = [sys.executable, __file__, "--rows", str(args.rows), "--one", name]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
