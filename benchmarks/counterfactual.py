"""Measures whether converted programs compute what their questions ask.

A program that gives the known answer for its own numbers may still compute something else. This
benchmark converts one instance of a GSM-Symbolic template, puts the numbers that another instance
states into its `input`, executes it, and compares the output with the other instance's known
answer. Two instances form a pair if their questions differ in numbers only.

Prints a Markdown table for each half of the templates: a converter is tuned on the first half
only. `--baseline` names the outcomes of another converter (`--outcomes`), on the same pairs; the
table then also has the share of that converter's right programs that this one accepts.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from caco.answers.compare import compare_program
from caco.grading.intervals import clustered
from caco.rows.seed import Seed
from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.solution_program import converted
from caco.text.numbers import Mention, mentions

_DRAWS = 4000  # instances of a template, among which pairs are searched
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_RUNNER = """
import contextlib, io, json, sys
outputs = []
for program in json.load(sys.stdin):
    names = {}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(program, names)
        outputs.append(json.dumps(names["output"]))
    except Exception:
        outputs.append(None)
print(json.dumps(outputs))
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two instances of a template whose questions differ in numbers only.

    Attributes:
        template: The template's number.
        index: The number of the pair in its template.
        seed: The instance that is converted.
        other: The instance whose numbers the program gets.
    """

    template: int
    index: int
    seed: Seed
    other: Seed


@dataclass(frozen=True, slots=True)
class Substituted:
    """A converted instance.

    Attributes:
        program: Its program.
        counterfactual: The program with the numbers of the other instance; None if the other
            question does not state a number that the program has in `input`.
    """

    program: str
    counterfactual: str | None


# Returns a pair's programs, or raises NotConvertible.
Convert = Callable[[Pair], Substituted]


def templates() -> list[int]:
    """Returns the numbers of the templates that reasoning-gym generates."""
    from reasoning_gym.arithmetic.gsm_symbolic.gsm_symbolic import tasks_ok

    return sorted(tasks_ok)


def pairs_of(template: int, count: int) -> Iterator[Pair]:
    """Yields up to `count` pairs of a template; the draws have fixed seeds."""
    import reasoning_gym

    generate = reasoning_gym.create_dataset("gsm_symbolic", seed=0, size=1).generators[template]
    waiting: dict[tuple[str, ...], Seed] = {}
    found = 0
    for draw in range(_DRAWS):
        try:
            row = generate(Random(f"{template}-{draw}"), 1.0)
        except (ValueError, IndexError, ZeroDivisionError):  # no numbers satisfy the template
            continue
        solution = row["metadata"]["answer_cot"].rpartition("####")[0]
        seed = make_seed("gsm_symbolic", row["question"], row["answer"], solution=solution)
        words = tuple(_DIGITS.split(seed.problem))
        first = waiting.pop(words, None)
        if first is None or first.seed_id == seed.seed_id:
            waiting[words] = seed
            continue
        yield Pair(template, found, first, seed)
        found += 1
        if found == count:
            return


def stated(problem: str) -> list[Mention]:
    """Returns the numbers of a question and those that they are written with, in order."""
    return [one for mention in mentions(problem) for one in (mention, *mention.parts)]


def with_numbers(program: str, given: dict[str, Fraction]) -> str:
    """Returns a program with other values in the literal of `input`, its first line."""
    plain = {k: v.numerator if v.denominator == 1 else float(v) for k, v in given.items()}
    line, newline, rest = program.partition("\n")
    assert line.startswith("input = {")
    return f"input = {json.dumps(plain)}{newline}{rest}"


def substituted(pair: Pair) -> Substituted:
    """Converts a pair's first instance.

    Raises:
        NotConvertible: The converter rejects it.
    """
    found = converted(pair.seed)
    here, there = stated(pair.seed.problem), stated(pair.other.problem)
    if len(here) != len(there):
        return Substituted(found.program, None)
    given: dict[str, Fraction] = {}
    for name, quantity in found.inputs.items():
        at = next(
            i
            for i, one in enumerate(here)
            if (one.start, one.end) == (quantity.start, quantity.end)
            and abs(Fraction(one.value)) == quantity.value
        )
        given[name] = abs(Fraction(there[at].value))
    return Substituted(found.program, with_numbers(found.program, given))


def outcomes(pairs: Sequence[Pair], convert: Convert = substituted) -> Iterator[dict[str, Any]]:
    """Yields a row for each pair, with the verdict on its program.

    Verdicts: `right` and `wrong` for the numbers of the other instance; `own` if the program does
    not give the known answer for its own numbers; `unaligned` if the questions do not state the
    same numbers; otherwise the verdict of the converter.
    """
    rows: list[dict[str, Any]] = []
    programs: list[str] = []
    for pair in pairs:
        row: dict[str, Any] = {"template": pair.template, "pair": pair.index}
        rows.append(row | {"problem": pair.seed.problem, "solution": pair.seed.solution})
        try:
            made = convert(pair)
        except NotConvertible as e:
            rows[-1] |= {"verdict": e.verdict, "reason": str(e)}
            continue
        rows[-1] |= {"program": made.program, "other": pair.other.problem}
        programs += [made.program, made.counterfactual or made.program]
        rows[-1]["aligned"] = made.counterfactual is not None
    outputs = iter(_executed(programs))
    for pair, row in zip(pairs, rows, strict=True):
        if "verdict" not in row:
            own, other = next(outputs), next(outputs)
            row |= {"output": other, "answer": pair.other.answer}
            if not _equal(own, pair.seed.answer):
                row["verdict"] = "own"
            elif not row["aligned"]:
                row["verdict"] = "unaligned"
            else:
                row["verdict"] = "right" if _equal(other, pair.other.answer) else "wrong"
        yield row


def _executed(programs: list[str]) -> list[str | None]:
    """Executes programs, one after the other, in a process; a failed one has no output."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _RUNNER],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        check=True,
    )
    outputs: list[str | None] = json.loads(done.stdout)
    return outputs


def _equal(output: str | None, answer: str) -> bool:
    return output is not None and compare_program(output, answer).outcome == "equal"


def table(rows: Iterable[dict[str, Any]], right_before: set[tuple[int, int]]) -> str:
    """Returns a Markdown table of the figures of some templates."""
    rows = list(rows)
    verdicts = Counter(row["verdict"] for row in rows)
    made = [row for row in rows if row["verdict"] in ("right", "wrong")]
    lines = [
        "| figure | value |",
        "|---|---|",
        f"| pairs, templates | {len(rows)}, {len({row['template'] for row in rows})} |",
        f"| programs made | {_share(len(made), len(rows))} |",
        f"| wrong for other numbers | {_share(verdicts['wrong'], len(made))}, 95% interval over "
        f"templates {_interval(made)} |",
    ]
    if right_before:
        before = [row for row in rows if (row["template"], row["pair"]) in right_before]
        kept = sum(row["verdict"] == "right" for row in before)
        lines.append(
            f"| right programs of the baseline that are kept | {_share(kept, len(before))} |"
        )
    lines += [
        f"| `{verdict}` | {count} |"
        for verdict, count in verdicts.most_common()
        if verdict not in ("right", "wrong")
    ]
    return "\n".join(lines)


def _share(part: int, total: int) -> str:
    return f"{part} of {total} ({part / total:.1%})" if total else "0 of 0"


def _interval(made: Iterable[dict[str, Any]]) -> str:
    clusters: defaultdict[int, list[bool]] = defaultdict(list)
    for row in made:
        clusters[row["template"]].append(row["verdict"] == "wrong")
    low, high = clustered((sum(wrong), len(wrong)) for wrong in clusters.values())
    return f"{low:.1%} to {high:.1%}"


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=("first", "second", "both"), default="first")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of a template (10)")
    parser.add_argument("--outcomes", type=Path, help="JSON Lines to write: a row for each pair")
    parser.add_argument("--baseline", type=Path, help="outcomes of another converter")
    args = parser.parse_args()
    found = templates()
    middle = len(found) // 2
    halves = {"first": found[:middle], "second": found[middle:]}
    right_before: set[tuple[int, int]] = set()
    if args.baseline:
        lines = args.baseline.read_text(encoding="utf-8").splitlines()
        before = [json.loads(line) for line in lines]
        right_before = {(r["template"], r["pair"]) for r in before if r["verdict"] == "right"}
    written = []
    for name in halves if args.half == "both" else [args.half]:
        pairs = [pair for template in halves[name] for pair in pairs_of(template, args.pairs)]
        rows = list(outcomes(pairs))
        written += rows
        print(f"\n## The {name} half of the templates\n\n{table(rows, right_before)}", flush=True)
    if args.outcomes:
        text = "".join(json.dumps(row) + "\n" for row in written)
        args.outcomes.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
