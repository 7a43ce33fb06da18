"""Compares answers with known answers: rows of JSON on standard input, verdicts on standard output.

Each line of input is an object with `gold` (the known answer) and `text` (what is graded), and
optionally `id` (any value), `kind` ("answer" for a bare answer, the default, or "solution" for
prose that states one), `question` (it decides what 40%, 12 thousand or 3 hours means, and an
expression that is copied from it is no answer) and `tolerance` (relative, such as 0.04, for a known
answer that is a decimal; 0 by default). Each gets one line of output, in the same order: `id`,
`verdict` ("equal", "different" or "undecided") and `reason`. Needs the environment train. See
docs/command_lines.md.
"""

import argparse
import math
from collections.abc import Mapping
from contextlib import ExitStack
from queue import SimpleQueue
from typing import cast

from caco.grading.grader import Grader, Kind
from caco.runtime.job import run
from caco.runtime.jsonl import InvalidRow, Refusal, Row, answer_lines, positive_int

_EXAMPLE = r"""example:
  $ echo '{"id": 1, "gold": "0.5", "text": "\\frac{1}{2}"}' | python scripts/grade.py
  {"id": 1, "verdict": "equal", "reason": "'\\\\frac{1}{2}' is '0.5'"}

exit code: 0 if every line got its line, 1 if the machine cannot grade, 2 for wrong arguments
"""
_VERDICTS = {"correct": "equal", "wrong": "different", "copied": "different"}


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=10.0, metavar="S",
        help="seconds for one row; a row that takes longer is undecided (default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=positive_int, default=1, metavar="N",
        help="rows that are graded at a time (default: 1)",
    )  # fmt: skip
    args = parser.parse_args()
    graders: SimpleQueue[Grader] = SimpleQueue()

    def answer(row: Row) -> Mapping[str, object]:
        gold, text, kind = row.text("gold"), row.text("text"), row.optional_text("kind") or "answer"
        if not gold.strip():
            raise InvalidRow("`gold` is empty; set it to the known answer")
        if kind not in ("answer", "solution"):
            raise InvalidRow(f'`kind` is {kind[:40]!r}; it must be "answer" or "solution"')
        question = row.optional_text("question")
        tolerance = row.optional_number("tolerance") or 0.0
        if not 0 <= tolerance < 1:
            raise InvalidRow(f"`tolerance` is {tolerance:g}; it must be at least 0 and below 1")
        grader = graders.get()
        try:
            grade = grader.grade(gold, text, cast(Kind, kind), question, tolerance)
        finally:
            graders.put(grader)
        return {"verdict": _VERDICTS.get(grade.verdict, "undecided"), "reason": grade.reason}

    with ExitStack() as stack:
        for _ in range(args.workers):
            graders.put(stack.enter_context(Grader(args.timeout)))
        answer_lines(answer, _refuse, args.workers)


def _refuse(kind: Refusal, reason: str) -> Mapping[str, object]:
    return {"verdict": "undecided", "reason": reason}


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a positive number of seconds, at most 86400"
        )
    return seconds


if __name__ == "__main__":
    run(main)
