"""Measures the check of statements; prints Markdown tables and the statements that it calls false.

`file` reads worked solutions (JSONL) and lists the rows that the check rejects. `mutated` changes
one number of one equation in each solution with calculator marks (GSM8K) and counts how many
changes are found. `planted` does the same with true and false sentences of each kind, and
`families` reads the worked solutions of the easy problem families. See docs/benchmarks.md.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from pathlib import Path
from random import Random

from caco.grading.intervals import wilson
from caco.stages.seeds.readers.families import FAMILIES
from caco.statements.read import statements
from caco.statements.statement import Statement
from caco.text.arithmetic import parse, value
from caco.text.calculator_marks import MARK, without_marks
from caco.text.numbers import UNSIGNED

_FIELDS = ("answer", "solution", "output")
_NUMBER = re.compile(UNSIGNED)
_BEFORE = re.compile(r"[-+*/xX().\d,$% ]{1,80}=\s{0,2}\$?$")
_AFTER = re.compile(rf"\$?({UNSIGNED})")

Sentence = Callable[[Random], tuple[str, str]]
"""Returns a true sentence and a false one."""


def solutions(path: Path, field: str | None) -> list[str]:
    """Reads the worked solutions of a JSONL file; of GSM8K without the final line."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = [field] if field else [name for name in _FIELDS if name in rows[0]]
    if not names or names[0] not in rows[0]:
        sys.exit(f"{path}: no field {field or _FIELDS}; name one with --field")
    return [str(row[names[0]]).partition("\n####")[0] for row in rows]


def false_statements(text: str) -> list[Statement]:
    """Returns the statements of a text that the check calls false."""
    return [s for s in statements(text) if s.holds is False]


def share(count: int, of: int) -> str:
    """Returns a count as a proportion with its 95% Wilson interval."""
    if not of:
        return "0 of 0"
    low, high = wilson(count, of)
    return f"{count:,} of {of:,}, {count / of:.2%} ({100 * low:.2f} to {100 * high:.2f})"


def report_file(texts: list[str], shown: int) -> None:
    """Prints what the check finds in worked solutions, and the rows that it rejects."""
    begun = time.perf_counter()
    kinds: Counter[tuple[str, bool | None]] = Counter()
    rejected: list[tuple[int, list[Statement]]] = []
    found = judged = 0
    for n, text in enumerate(texts):
        read = statements(without_marks(text))
        kinds.update((str(s.kind), s.holds) for s in read)
        found += len(read)
        judged += sum(s.holds is not None for s in read)
        if wrong := false_statements(text):
            rejected.append((n, wrong))
    seconds = time.perf_counter() - begun
    marks, covered = _coverage(texts)
    print(f"rows: {len(texts):,}; {1000 * seconds / max(1, len(texts)):.1f} ms each (marks twice)")
    print(f"rejected: {share(len(rejected), len(texts))}")
    each = f"{found / len(texts):.2f}, {judged / len(texts):.2f} judged"
    print(f"statements a row, without marks: {each}")
    if marks:
        print(f"equations of marks judged in the prose without marks: {share(covered, marks)}")
    print("\n| kind | true | false | not judged |\n|---|---:|---:|---:|")
    for kind in sorted({kind for kind, _ in kinds}):
        true, false, none = (kinds[kind, holds] for holds in (True, False, None))
        print(f"| {kind} | {true:,} | {false:,} | {none:,} |")
    for n, wrong in rejected[:shown]:
        print(f"\nrow {n}")
        for statement in wrong:
            print(f"- `{statement.text}`: {statement.right}")


def _coverage(texts: list[str]) -> tuple[int, int]:
    """Returns the number of marks, and of those whose equation is judged in the prose."""
    marks = covered = 0
    for text in texts:
        for line in text.splitlines():
            stated = Counter(_last(mark[2]) for mark in MARK.finditer(line))
            judged = Counter(
                _last(s.text) for s in statements(without_marks(line)) if s.holds is not None
            )
            marks += stated.total()
            covered += (stated & judged).total()
    return marks, covered


def _last(text: str) -> str:
    """Returns the last number of a text in a normal form."""
    found = _NUMBER.findall(text.rpartition("=")[2] or text)
    return str(Fraction(found[0].replace(",", "").rstrip("."))) if found else text


def report_mutated(texts: list[str], shown: int, seed: int) -> None:
    """Prints how many changed numbers the check finds."""
    caught = total = 0
    missed: list[str] = []
    for n, text in enumerate(texts):
        if false_statements(text):
            continue
        mutated = _mutated(text, Random(f"{seed}:{n}"))
        if mutated is None:
            continue
        total += 1
        if false_statements(mutated):
            caught += 1
        else:
            missed.append(mutated)
    print(f"changed equations found: {share(caught, total)}")
    for text in missed[:shown]:
        print(f"\n{text}")


def _mutated(text: str, rng: Random) -> str | None:
    """Returns a solution without marks and with one changed number of one equation in the prose."""
    places: list[tuple[int, int, re.Match[str]]] = []
    for mark in MARK.finditer(text):
        before = _BEFORE.search(text[max(0, mark.start() - 90) : mark.start()])
        after = _AFTER.match(text, mark.end())
        if before is None or after is None:
            continue
        offset = max(0, mark.start() - 90)
        places += [
            (offset + before.start() + m.start(), offset + before.start() + m.end(), mark)
            for m in _NUMBER.finditer(before[0])
            if m[0] in mark[1]
        ]
        places.append((*after.span(1), mark))
    rng.shuffle(places)
    for start, end, mark in places:
        old = text[start:end].rstrip(".")
        new = _changed(old, rng)
        if _differs(mark, old, new, result=start >= mark.end()):
            return without_marks(text[:start] + new + text[start + len(old) :])
    return None


def _changed(number: str, rng: Random) -> str:
    at = rng.choice([n for n, c in enumerate(number) if c.isdigit()])
    digit = rng.choice([d for d in "123456789" if d != number[at]])
    return number[:at] + digit + number[at + 1 :]


def _differs(mark: re.Match[str], old: str, new: str, *, result: bool) -> bool:
    """Tells whether the mark's equation, with the changed number, is clearly false."""
    expression = mark[1] if result else mark[1].replace(old, new, 1)
    try:
        left = value(parse(expression))
        right = value(parse(new if result else mark[2]))
    except ValueError:
        return False
    return abs(left - right) * 100 > abs(left)


def _two(rng: Random) -> tuple[int, int]:
    return rng.randint(2, 60), rng.randint(2, 60)


def _parity(form: str) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        n, count = rng.randint(2, 99), rng.randint(1, 4)
        words = ("even", "odd")
        filled = [form.format(n=n, is_=words[n % 2 ^ flip], count=count) for flip in (0, 1)]
        return filled[0], filled[1]

    return sentence


def _comparison(form: str, greater: str, less: str) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        a, b = rng.sample(range(2, 99), 2)
        signs = (greater, less) if a > b else (less, greater)
        return form.format(a=a, sign=signs[0], b=b), form.format(a=a, sign=signs[1], b=b)

    return sentence


def _divisibility(form: str) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        d, k = rng.randint(3, 12), rng.randint(2, 12)
        off = rng.randint(1, d - 1)
        return form.format(n=d * k, d=d), form.format(n=d * k + off, d=d)

    return sentence


def _of_list(form: str, compute: Callable[[list[int]], int]) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        members = rng.sample(range(2, 60), rng.choice((3, 4, 5)))
        right = compute(members)
        wrong = right + rng.choice((-1, 1, 2, 10))
        commas = ", ".join(map(str, members))
        joined = f"{', '.join(map(str, members[:-1]))} and {members[-1]}"
        filled = [form.format(list=commas, joined=joined, n=n) for n in (right, wrong)]
        return filled[0], filled[1]

    return sentence


def _listed(form: str, compute: Callable[[int], list[int]], low: int, high: int) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        n = rng.randint(low, high)
        right = compute(n)
        wrong = list(right)
        wrong[rng.randrange(1, len(wrong))] += 1
        filled = [form.format(n=n, list=", ".join(map(str, m))) for m in (right, wrong)]
        return filled[0], filled[1]

    return sentence


def _computed(form: str, compute: Callable[[int, int], int]) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        a, b = _two(rng)
        right = compute(a, b)
        wrong = right + rng.choice((-2, 1, 3, 10))
        return form.format(a=a, b=b, n=right), form.format(a=a, b=b, n=wrong)

    return sentence


def _ordered(form: str) -> Sentence:
    def sentence(rng: Random) -> tuple[str, str]:
        right = sorted(rng.sample(range(2, 60), 4))
        wrong = [right[1], right[0], *right[2:]]
        filled = [form.format(list=", ".join(map(str, m))) for m in (right, wrong)]
        return filled[0], filled[1]

    return sentence


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _even(members: list[int]) -> int:
    return sum(n % 2 == 0 for n in members)


SENTENCES: dict[str, list[Sentence]] = {
    "parity": [
        _parity("{n} is {is_}, count {count}."),
        _parity("{n} is {is_}."),
        _parity("Since {n} is an {is_} number, we count it."),
        _parity("The number {n} is {is_}, so the count is {count}."),
    ],
    "comparison": [
        _comparison("{a} {sign} {b}.", ">", "<"),
        _comparison("{a} is {sign} than {b}.", "greater", "less"),
        _comparison("Start with {b}. {a} {sign} {b}, so we go on.", ">", "<"),
        _comparison("We see that {a} is {sign} than {b}.", "larger", "smaller"),
    ],
    "divisibility": [
        _divisibility("{d} divides {n}."),
        _divisibility("{n} is divisible by {d}."),
        _divisibility("{n} is a multiple of {d}, so we stop."),
        _divisibility("{d} is a factor of {n}."),
        _listed("Multiples of {n}: {list}.", lambda n: list(range(n, 5 * n, n)), 3, 20),
        _listed("Divisors of {n}: {list}.", _divisors, 4, 60),
    ],
    "largest, smallest": [
        _of_list("The largest of {joined} is {n}.", max),
        _of_list("The smallest of {joined} is {n}.", min),
        _of_list("The largest number in [{list}] is {n}.", max),
        _of_list("{n} is the largest of {list}.", max),
        _of_list("max({list}) = {n}", max),
    ],
    "item": [
        _of_list("Number 3 of [{list}] is {n}.", lambda members: members[2]),
        _of_list("The second number in [{list}] is {n}.", lambda members: members[1]),
        _of_list("The last element of [{list}] is {n}.", lambda members: members[-1]),
    ],
    "count": [
        _of_list("[{list}] has {n} elements.", len),
        _of_list("There are {n} numbers in [{list}].", len),
        _of_list("The length of [{list}] is {n}.", len),
        _of_list("The number of elements in [{list}] is {n}.", len),
        _of_list("There are {n} even numbers in {joined}.", _even),
        _of_list("[{list}] has {n} even numbers.", _even),
    ],
    "order": [
        _ordered("Sorted: {list}."),
        _ordered("In ascending order: {list}."),
        _ordered("The sorted list is [{list}]."),
    ],
    "words": [
        _computed("{a} plus {b} is {n}.", lambda a, b: a + b),
        _computed("The sum of {a} and {b} is {n}.", lambda a, b: a + b),
        _computed("{a} times {b} equals {n}.", lambda a, b: a * b),
        _computed("The product of {a} and {b} is {n}.", lambda a, b: a * b),
        _computed("Adding {a} and {b}, we get {n}.", lambda a, b: a + b),
        _computed("Multiply {a} by {b} to get {n}.", lambda a, b: a * b),
        _computed("Twice {a} is {n}.", lambda a, b: 2 * a),
        _computed("The remainder when {a} is divided by {b} is {n}.", lambda a, b: a % b),
        _computed("{a} mod {b} = {n}", lambda a, b: a % b),
        _computed("The greatest common divisor of {a} and {b} is {n}.", gcd),
        _computed("The least common multiple of {a} and {b} is {n}.", lcm),
        _computed("{a} more than {b} is {n}.", lambda a, b: a + b),
        _computed("{a} less than {b} is {n}.", lambda a, b: b - a),
        _computed("{a} minus {b} leaves {n}.", lambda a, b: a - b),
        _computed("Doubling {a} gives {n}.", lambda a, b: 2 * a),
        _computed("|{a} - {b}| = {n}", lambda a, b: abs(a - b)),
        _computed("The sum of the digits of {a} is {n}.", lambda a, b: sum(map(int, str(a)))),
    ],
    "units": [
        _computed("{a} hours is {n} minutes.", lambda a, b: 60 * a),
        _computed("{a} cm × {b} cm = {n} cm².", lambda a, b: a * b),  # noqa: RUF001
    ],
}  # fmt: skip


def report_planted(each: int, shown: int, seed: int) -> None:
    """Prints how many false sentences of each kind are found, and how many true ones called so."""
    print("| kind | false found | true called false | true found true |\n|---|---|---|---|")
    lines: list[str] = []
    for kind, forms in SENTENCES.items():
        found = alarms = confirmed = 0
        for number, form in enumerate(forms):
            rng = Random(f"{seed}:{kind}:{number}")
            for _ in range(each):
                true, false = form(rng)
                caught, alarm = bool(false_statements(false)), bool(false_statements(true))
                found += caught
                alarms += alarm
                confirmed += any(s.holds for s in statements(true))
                lines += [f"missed: {false}"] * (not caught) + [f"alarm: {true}"] * alarm
        of = each * len(forms)
        print(f"| {kind} | {share(found, of)} | {share(alarms, of)} | {share(confirmed, of)} |")
    print("\n".join(["", *lines[:shown]]))


def report_families(each: int, shown: int, seed: int) -> None:
    """Prints what the check finds in the families' worked solutions, which are true."""
    print("| family | rejected | statements a row | judged a row |\n|---|---|---:|---:|")
    lines: list[str] = []
    for name, family in FAMILIES.items():
        rng = Random(f"{seed}:{name}")
        texts = [family.draw(rng).solution for _ in range(each)]
        read = [statements(text) for text in texts]
        wrong = [
            (t, s) for t, found in zip(texts, read, strict=True) for s in found if s.holds is False
        ]
        lines += [f"{s.text}: {s.right} | {t}" for t, s in wrong]
        rejected = sum(any(s.holds is False for s in found) for found in read)
        judged = sum(s.holds is not None for found in read for s in found)
        total = sum(map(len, read))
        print(f"| {name} | {share(rejected, each)} | {total / each:.2f} | {judged / each:.2f} |")
    print("\n".join(["", *lines[:shown]]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("file", "mutated", "planted", "families"))
    parser.add_argument("path", type=Path, nargs="?", help="JSONL of worked solutions")
    parser.add_argument("--field", help=f"its field (default: the first of {', '.join(_FIELDS)})")
    parser.add_argument("--rows", type=int, help="read only so many rows")
    parser.add_argument("--each", type=int, default=200, help="sentences or problems of each form")
    parser.add_argument("--shown", type=int, default=20, help="rows or sentences to list")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what in ("file", "mutated") and args.path is None:
        parser.error(f"`{args.what}` needs a file")
    return args


def main() -> None:
    """Runs one measurement."""
    args = _arguments()
    if args.what == "planted":
        report_planted(args.each, args.shown, args.seed)
    elif args.what == "families":
        report_families(args.each, args.shown, args.seed)
    elif args.what == "file":
        report_file(solutions(args.path, args.field)[: args.rows], args.shown)
    else:
        report_mutated(solutions(args.path, args.field)[: args.rows], args.shown, args.seed)


if __name__ == "__main__":
    main()
