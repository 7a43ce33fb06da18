"""Measures how often the grader errs; prints Markdown tables and lists of its errors.

`pairs` grades labelled pairs. `golds` grades cases that it makes from the known answers of eight
benchmarks: each answer against itself, against wrong answers, and against other notations of it.
Each case goes through `scripts/grade.py`, of this checkout or of another. See docs/benchmarks.md.
"""

import argparse
import itertools
import json
import shlex
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from golds import Problem, read_problems
from respellings import RESPELLINGS
from wrong_answers import CHANGES

from caco.grading.intervals import wilson

_ROOT = Path(__file__).resolve().parent.parent
_GRADER = f"{_ROOT}/.venvs/train/bin/python {_ROOT}/scripts/grade.py"
_VERDICTS = ("equal", "different", "undecided")
_SHOWN = 110  # characters of an answer in a list

Group = Literal["self", "wrong", "respelled"]


@dataclass(frozen=True, slots=True)
class Case:
    """An answer to grade.

    Attributes:
        id: Identifies the case in lists of errors.
        gold: The known answer.
        text: The text to grade.
        kind: `answer` or `solution`, as in the grader's input.
        question: The question, if the grader gets it.
        expected: Whether the answers are equal.
        what: How the case was made.
        benchmark: The benchmark or file that it is from.
    """

    id: str
    gold: str
    text: str
    kind: str
    question: str | None
    expected: bool
    what: str
    benchmark: str


@dataclass(frozen=True, slots=True)
class Graded:
    """A case with the grader's verdict."""

    case: Case
    verdict: str
    reason: str

    @property
    def is_error(self) -> bool:
        """Whether the answers are equal and were not found so, or the reverse."""
        return (self.verdict == "equal") != self.case.expected


def graded(cases: Sequence[Case], grader: Sequence[str]) -> Iterator[Graded]:
    """Grades cases.

    Args:
        cases: The cases.
        grader: The command that reads rows and writes verdicts, as `scripts/grade.py` does.
    """
    with tempfile.TemporaryFile() as rows:
        for number, case in enumerate(cases):
            row = {"id": number, "gold": case.gold, "text": case.text, "kind": case.kind}
            if case.question is not None:
                row["question"] = case.question
            rows.write(json.dumps(row).encode() + b"\n")
        rows.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(grader, stdin=rows, stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process:
            for number, (case, line) in enumerate(zip(cases, process.stdout, strict=False)):
                verdict = json.loads(line)
                assert verdict["id"] == number
                yield Graded(case, verdict["verdict"], verdict["reason"])
    seconds = time.monotonic() - started
    rate = len(cases) / seconds
    print(f"{len(cases):,} answers in {seconds:.1f} s: {rate:,.0f} a second", file=sys.stderr)
    if process.returncode:
        sys.exit(f"`{shlex.join(grader)}` exited with {process.returncode}")


def read_pairs(path: Path) -> list[Case]:
    """Reads labelled pairs.

    Args:
        path: JSON Lines: the members of the grader's input and `expected`, a truth value.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return [
        Case(
            str(row["id"]), row["gold"], row["text"], row["kind"], row.get("question"),
            row["expected"], "pair", path.stem,
        )
        for row in rows
    ]  # fmt: skip


def self_pairs(problems: Iterable[Problem]) -> Iterator[Case]:
    """Returns each known answer as an answer to its own problem, in four forms."""
    for problem in problems:
        gold = problem.gold
        in_dollars = gold if "$" in gold else f"${gold}$"
        forms = {
            "bare": gold,
            "boxed": rf"\boxed{{{gold}}}",
            "sentence": f"The answer is {in_dollars}.",
            "sentence without dollar signs": f"The answer is {gold}.",
        }
        for form, text in forms.items():
            kind = "answer" if form == "bare" else "solution"
            yield _case(problem, text, kind, True, form)


def made(
    makers: Mapping[str, Callable[[Problem, Random], str | None]],
    problems: Sequence[Problem],
    count: int,
    seed: int,
    expected: bool,
) -> list[Case]:
    """Makes cases, as many of each kind and from each benchmark as possible.

    Args:
        makers: The kinds.
        problems: The problems.
        count: Number of cases; fewer if there are not so many.
        seed: Seed of the choice of problems and of the changes.
        expected: Whether the answers that the kinds make are equal to the known one.
    """
    by_benchmark: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_benchmark[problem.benchmark].append(problem)
    by_kind = []
    for what, make in makers.items():
        sources = [_made(what, make, found, seed, expected) for found in by_benchmark.values()]
        by_kind.append(_interleaved(sources))
    return list(itertools.islice(_interleaved(by_kind), count))


def _made(
    what: str,
    make: Callable[[Problem, Random], str | None],
    problems: Iterable[Problem],
    seed: int,
    expected: bool,
) -> Iterator[Case]:
    order = list(problems)
    Random(f"{seed}:{what}").shuffle(order)
    for problem in order:
        rng = Random(f"{seed}:{what}:{problem.id}")
        text = make(problem, rng)
        if text is not None and text != problem.gold:
            boxed = rng.random() < 0.5
            kind = "solution" if boxed else "answer"
            yield _case(problem, rf"\boxed{{{text}}}" if boxed else text, kind, expected, what)


def _interleaved(sources: Iterable[Iterator[Case]]) -> Iterator[Case]:
    """Takes one case of each source in turn, until all are exhausted."""
    left = list(sources)
    while left:
        for source in tuple(left):
            case = next(source, None)
            if case is None:
                left.remove(source)
            else:
                yield case


def _case(problem: Problem, text: str, kind: str, expected: bool, what: str) -> Case:
    return Case(
        f"{problem.id}, {what}", problem.gold, text, kind, problem.question, expected, what,
        problem.benchmark,
    )  # fmt: skip


def confusion(results: Sequence[Graded]) -> str:
    """Returns the confusion matrix of labelled pairs."""
    lines = ["| the answers are | equal | different | undecided |", "|---|---|---|---|"]
    for expected, name in ((True, "equal"), (False, "different")):
        of_label = [r.verdict for r in results if r.case.expected == expected]
        counts = " | ".join(str(of_label.count(verdict)) for verdict in _VERDICTS)
        lines.append(f"| {name} | {counts} |")
    return "\n".join(lines)


def counts(results: Iterable[Graded], key: Callable[[Case], str], name: str) -> str:
    """Returns a table of the verdicts by a property of the cases, with the share of errors."""
    groups: dict[str, list[Graded]] = defaultdict(list)
    for result in results:
        groups[key(result.case)].append(result)
        groups["all"].append(result)
    groups["all"] = groups.pop("all", [])
    lines = [
        f"| {name} | cases | accepted | rejected | undecided | errors (95% interval) |",
        "|---|---|---|---|---|---|",
    ]
    for value, members in groups.items():
        verdicts = [member.verdict for member in members]
        numbers = " | ".join(str(verdicts.count(verdict)) for verdict in _VERDICTS)
        errors = sum(member.is_error for member in members)
        low, high = wilson(errors, len(members))
        share = f"{errors / max(1, len(members)):.1%} ({low:.1%} to {high:.1%})"
        lines.append(f"| {value} | {len(members)} | {numbers} | {share} |")
    return "\n".join(lines)


def listed(results: Iterable[Graded]) -> str:
    """Returns one line for each case, by kind: its id, the two answers and the verdict."""
    lines = [
        f"- {r.case.id}: known {_short(r.case.gold)}, {r.case.kind} {_short(r.case.text)}: "
        f"{r.verdict}"
        for r in sorted(results, key=lambda r: r.case.what)
    ]
    return "\n".join(lines) or "none"


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"...{text[-_SHOWN:]}")


def _print_pairs(args: argparse.Namespace) -> list[Graded]:
    everything: list[Graded] = []
    for path in args.files:
        results = list(graded(read_pairs(path), args.grader))
        everything += results
        _print_labelled(path.stem, results)
    if len(args.files) > 1:
        print(f"\n## All files\n\n{confusion(everything)}")
    return everything


def _print_labelled(name: str, results: Sequence[Graded]) -> None:
    accepted = [r for r in results if r.is_error and not r.case.expected]
    rejected = [r for r in results if r.is_error and r.case.expected]
    print(f"\n## {name}\n\n{confusion(results)}\n")
    print(f"False accepts: {len(accepted)}\n\n{listed(accepted)}\n")
    print(f"False rejects: {len(rejected)}\n\n{listed(rejected)}", flush=True)


def _print_golds(args: argparse.Namespace) -> list[Graded]:
    problems = list(read_problems(args.folder))
    groups: dict[Group, list[Case]] = {
        "self": list(self_pairs(problems)),
        "wrong": made(CHANGES, problems, args.wrong, args.seed, expected=False),
        "respelled": made(RESPELLINGS, problems, args.respelled, args.seed, expected=True),
    }
    titles: dict[Group, tuple[str, str]] = {
        "self": ("Known answers graded against themselves", "Self pairs not accepted"),
        "wrong": ("Wrong answers", "Wrong answers accepted"),
        "respelled": ("Known answers in other notations", "Other notations not accepted"),
    }
    everything: list[Graded] = []
    for group in args.only or groups:
        results = list(graded(groups[group], args.grader))
        everything += results
        title, errors = titles[group]
        print(f"\n## {title}\n\n{counts(results, lambda case: case.what, 'kind')}\n")
        print(f"{counts(results, lambda case: case.benchmark, 'benchmark')}\n")
        print(f"{errors}:\n\n{listed(r for r in results if r.is_error)}", flush=True)
    return everything


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--grader", type=shlex.split, default=shlex.split(_GRADER), metavar="COMMAND",
        help="command of the grader (default: scripts/grade.py of this checkout, in `train`)",
    )  # fmt: skip
    parser.add_argument(
        "--save", type=Path, metavar="PATH", help="writes each case and its verdict as JSON Lines"
    )
    commands = parser.add_subparsers(required=True)
    pairs = commands.add_parser("pairs", help="grades labelled pairs")
    pairs.add_argument("files", type=Path, nargs="+", help="files of JSON Lines")
    pairs.set_defaults(command=_print_pairs)
    golds = commands.add_parser("golds", help="grades cases made from known answers")
    golds.add_argument("folder", type=Path, help="folder with the files of eight benchmarks")
    golds.add_argument("--seed", type=int, default=0, help="seed of the cases (default: 0)")
    golds.add_argument("--wrong", type=int, default=4500, help="wrong answers (default: 4500)")
    golds.add_argument(
        "--respelled", type=int, default=4500, help="answers in other notations (default: 4500)"
    )
    golds.add_argument(
        "--only", nargs="+", choices=("self", "wrong", "respelled"), help="only these groups"
    )
    golds.set_defaults(command=_print_golds)
    args = parser.parse_args()
    results = args.command(args)
    if args.save is not None:
        with args.save.open("w", encoding="utf-8") as out:
            for r in results:
                row = {field: getattr(r.case, field) for field in Case.__slots__}
                print(json.dumps(row | {"verdict": r.verdict, "reason": r.reason}), file=out)


if __name__ == "__main__":
    main()
