"""Measures decontamination on planted benchmark problems; prints Markdown tables.

Each problem of two benchmarks is planted, in several kinds of disguise, among clean rows: training
questions of other files and generated questions. Recall is the share of the planted rows that are
found, by kind and by the layer that finds them first. A clean row that is found is a false
positive, unless its words are nearly those of the problem; such rows are listed apart.

Two other rules read the same rows: equality of normalised text, and that of datatrove's
`NGramsDecontFilter` (any shared 12-gram of lower-case words without punctuation, with numbers as 0;
queries included), reimplemented here. Runs in the environment `workflow`. See docs/benchmarks.md.
"""

import argparse
import json
import random
import re
import resource
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import count, islice
from pathlib import Path

import reasoning_gym
from rewordings import reworded

from caco.config.checks import LAYERS, Decontaminate
from caco.overlap.contamination import Item, Items, Match
from caco.overlap.words import masked, words
from caco.rows.seed import Seed
from caco.runtime.job import run
from caco.stages.seeds.normalise import make_seed
from caco.stages.unify import solution_program
from caco.stages.unify.not_convertible import NotConvertible
from caco.text.questions import question_key

_TRUE = 0.75  # similarity of masked words from which a found clean row is a near-duplicate
_WIDTH = 8  # words of a wrapped line
_FAMILIES = (
    "basic_arithmetic", "chain_sum", "products", "gcd", "lcm", "leg_counting", "time_intervals",
    "simple_equations", "polynomial_equations", "simple_geometry", "advanced_geometry",
    "prime_factorization", "calendar_arithmetic", "number_sequence", "fraction_simplification",
    "count_primes", "dice", "power_function", "knights_knaves", "aiw", "coin_flip",
    "family_relationships", "letter_counting", "number_sorting", "jugs", "bitwise_arithmetic",
)  # fmt: skip
"""Families of the generated rows. `gsm_symbolic` is left out: it derives from GSM8K's test file."""


@dataclass(frozen=True)
class Row:
    """A row that the rules read.

    Attributes:
        kind: The disguise, or `clean`.
        origin: The planted item's name, or the clean row's file or family.
        question: Its text.
        program: Its program, or None.
    """

    kind: str
    origin: str
    question: str
    program: str | None = None


def _other_case(text: str, rng: random.Random) -> str:
    """Upper or title case; typographic quotes; other stops; fewer commas; an apostrophe less."""
    text = text.upper() if rng.random() < 0.5 else text.title()
    if "\\" in text or "$" in text:  # a LaTeX command in capitals is another command
        return text.replace(", ", " ")
    return text.replace("'", "").replace("\u2019", "").replace(". ", "! ").replace(", ", " ")


def _embedded(text: str, before: str, after: str) -> str:
    return (
        f"{before}\n\nNow try this exercise, which is like the last one. Question: {text}\n\n"
        f"Think step by step and put the final answer in a box. Later: {after}"
    )


def _wrapped(text: str) -> str:
    tokens = text.split()
    return "\n".join(" ".join(tokens[i : i + _WIDTH]) for i in range(0, len(tokens), _WIDTH))


def _other_numbers(text: str, rng: random.Random) -> str:
    return re.sub(r"\d+", lambda m: str(rng.randint(2, 10 ** len(m[0]) + 7)), text)


def _told(program: str) -> str:
    """Returns a question that is written from a program alone: its inputs and its result."""
    space: dict[str, dict[str, object]] = {}
    literal = re.match(r"input = (\{.*?\})\n", program, re.DOTALL)
    assert literal is not None
    exec(f"input = {literal[1]}", {}, space)
    given = "; ".join(f"{k.replace('_', ' ')} is {v}" for k, v in space["input"].items())
    last = re.findall(r"def (\w+)", program)[-1].replace("_", " ")
    return f"In a situation, {given}. Work out the {last} and report it as one number."


def _renamed(program: str) -> str:
    """Returns the program with other names for its functions and inputs."""
    names = set(re.findall(r"def (\w+)", program)) | set(re.findall(r'"(\w+)":', program))
    for i, name in enumerate(sorted(names)):
        program = re.sub(rf"\b{name}\b", f"quantity_{i}", program)
    return f"# written again\n{program}"


def _planted(items: list[tuple[Seed, str | None]], clean: list[Row], seed: int) -> Iterator[Row]:
    """Yields each item in each kind that changes it."""
    for item, program in items:
        rng = random.Random(f"{seed}:{item.seed_id}")
        text = item.problem
        before, after = (rng.choice(clean).question for _ in range(2))
        made = {
            "verbatim": text,
            "case and punctuation": _other_case(text, rng),
            "inside a longer text": _embedded(text, before, after),
            "lines of eight words": _wrapped(text),
            "reworded": reworded(text, rng),
            "other numbers": _other_numbers(text, rng),
        }
        for kind, question in made.items():
            if question != text or kind in ("verbatim", "lines of eight words"):
                yield Row(kind, item.seed_id, question)
        if program is not None:
            yield Row("back-translated", item.seed_id, _told(program), _renamed(program))


def _generated(rows: int) -> Iterator[Row]:
    """Yields rows of the families in turn."""
    sets = [(f, reasoning_gym.create_dataset(f, size=rows, seed=11)) for f in _FAMILIES]
    for i in islice(count(), rows):
        family, data = sets[i % len(sets)]
        yield Row("clean", family, data[i // len(sets)]["question"])


def _datatrove(texts: list[str]) -> Callable[[str], bool]:
    """Returns the rule of datatrove's filter, with its default of 12 words."""

    def found(text: str) -> set[int]:
        plain = re.sub(r"[^\w\s]", " ", re.sub(r"\d+(?:[.,]\d+)*", "0", text.lower())).split()
        return {hash(tuple(plain[i : i + 12])) for i in range(len(plain) - 11)}

    index = set().union(*map(found, texts))
    return lambda text: not index.isdisjoint(found(text))


def _seeds(path: Path, rows: int | None) -> list[Seed]:
    """Reads JSON lines of GSM8K (`question`) or MATH (`problem`)."""
    found = []
    for line in islice(path.read_text(encoding="utf-8").splitlines(), rows):
        row = json.loads(line)
        text = row.get("question") or row["problem"]
        solution = row["answer"] if "question" in row else None
        answer = row["answer"].rpartition("####")[2].strip() or "0"
        found.append(replace(make_seed(path.stem, text, answer), solution=solution))
    return found


def _similar(one: str, other: str) -> float:
    """Returns how similar two texts are: the ratio of difflib on their masked words."""
    return SequenceMatcher(None, masked(words(one)), masked(words(other)), autojunk=False).ratio()


def _code_cot(seed: Seed) -> str | None:
    """Returns the program that the converter `equations` makes of a training row."""
    try:
        return solution_program.from_equations(seed)
    except NotConvertible:
        return None


def _clean_files(args: argparse.Namespace) -> Iterator[Row]:
    for seed in _seeds(args.gsm8k_train, None):
        yield Row("clean", "GSM8K train", seed.problem, _code_cot(seed))
    for row in json.loads(args.math_train.read_text(encoding="utf-8")):
        yield Row("clean", "MATH train", row["problem"])


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gsm8k", type=Path, required=True, help="test file of GSM8K (.jsonl)")
    parser.add_argument("--math500", type=Path, required=True, help="MATH-500 (.jsonl)")
    parser.add_argument("--gsm8k-train", type=Path, required=True, help="its training file")
    parser.add_argument("--math-train", type=Path, required=True, help="of MATH (a JSON array)")
    parser.add_argument("--clean", type=int, default=50_000, help="clean rows")
    parser.add_argument("--problems", type=int, help="problems of each benchmark; default all")
    parser.add_argument("--read", type=Path, help="writes the clean rows that were found (.jsonl)")
    args = parser.parse_args()

    benchmarks = {"GSM8K": _seeds(args.gsm8k, args.problems)}
    benchmarks["MATH-500"] = _seeds(args.math500, args.problems)
    files = list(_clean_files(args))
    clean = [*files[: args.clean], *_generated(max(0, args.clean - len(files)))]
    by_id: dict[str, str] = {}
    items: dict[str, list[tuple[Seed, str | None]]] = {}
    for name, seeds in benchmarks.items():
        items[name] = [(seed, solution_program.program(seed)) for seed in seeds]
        by_id |= {f"problem {seed.seed_id} of {name}": seed.problem for seed in seeds}
    index = Items(
        (
            Item(f"problem {seed.seed_id} of {name}", seed.problem, program)
            for name, pairs in items.items()
            for seed, program in pairs
        ),
        LAYERS,
        Decontaminate(),
    )
    texts = list(by_id.values())
    equal = set(map(question_key, texts))
    rules: dict[str, Callable[[Row], bool]] = {
        "equal text": lambda row: question_key(row.question) in equal,
        "datatrove": (lambda rule: lambda row: rule(row.question))(_datatrove(texts)),
    }
    for name, pairs in items.items():
        _print_recall(name, list(_planted(pairs, clean, 7)), index, rules)
    _print_clean(clean, index, rules, by_id, args.read)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\nPeak memory: {peak:.2f} GiB")


def _print_recall(
    name: str, rows: list[Row], index: Items, rules: dict[str, Callable[[Row], bool]]
) -> None:
    planted, layers = Counter(row.kind for row in rows), defaultdict[str, Counter[str]](Counter)
    for row in rows:
        match = index.match(row.question, row.program)
        if match and row.origin in match.item:
            layers[row.kind]["right"] += 1
        if match:
            layers[row.kind][match.layer] += 1
        for rule, finds in rules.items():
            layers[row.kind][rule] += finds(row)
    heads = ["planted", "recall", "its own problem", *LAYERS, *rules]
    print(f"\n| {name} | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    for kind, n in planted.items():
        found = layers[kind]
        total = sum(found[layer] for layer in LAYERS)
        shares = [f"{found[key] / n:.3f}" for key in ("right", *LAYERS, *rules)]
        print(f"| {kind} | {n:,} | **{total / n:.3f}** | {' | '.join(shares)} |")


def _print_clean(
    clean: list[Row],
    index: Items,
    rules: dict[str, Callable[[Row], bool]],
    by_id: dict[str, str],
    read: Path | None,
) -> None:
    total, true = Counter(row.origin for row in clean), Counter[str]()
    layers: dict[str, Counter[str]] = defaultdict(Counter)
    found: list[tuple[float, Row, Match]] = []
    for row in clean:
        if match := index.match(row.question, row.program):
            similar = _similar(row.question, by_id[match.item])
            found.append((similar, row, match))
            true[row.origin] += similar >= _TRUE
            layers[row.origin][match.layer] += similar < _TRUE
        for rule, finds in rules.items():
            layers[row.origin][rule] += finds(row)
    heads = ["rows", "near-duplicates", "false positives", *LAYERS, *rules]
    print(f"\n| clean rows | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    files = [name for name in total if total[name] and name not in _FAMILIES]
    for name, origins in {**{n: [n] for n in files}, "generated": list(_FAMILIES)}.items():
        sums = Counter[str]()
        for origin in origins:
            sums += layers[origin]
        false = sum(sums[layer] for layer in LAYERS)
        n = sum(total[o] for o in origins)
        cells = [n, sum(true[o] for o in origins), false, *(sums[k] for k in (*LAYERS, *rules))]
        print(f"| {name} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    wrong = sum(similar < _TRUE for similar, *_ in found)
    print(f"\nFalse positives: {wrong:,} of {len(clean):,} clean rows ({wrong / len(clean):.2%})")
    for name in files:
        pairs = [pair for pair in found if pair[1].origin == name and pair[0] >= _TRUE]
        print(f"\nNear-duplicates of test problems in {name}: {len(pairs)}; ten of them:\n")
        for similar, row, match in pairs[:: max(1, len(pairs) // 10)][:10]:
            print(f"- {match.reason}, similarity {similar:.2f}:")
            print(f"  - {' '.join(row.question.split())[:180]}")
            print(f"  - {' '.join(by_id[match.item].split())[:180]}")
    if read:
        with read.open("w", encoding="utf-8") as out:
            for similar, row, match in sorted(found, key=lambda pair: pair[0]):
                line = [similar, row.origin, match.layer, match.score, row.question, match.item]
                print(json.dumps([*line, by_id[match.item]]), file=out)


if __name__ == "__main__":
    run(main)
