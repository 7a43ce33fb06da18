"""The grader's worker process: reads and compares answers, and can be killed at any time."""

import resource
import signal
from collections.abc import Callable
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import NamedTuple

from caco.answers.compare import compare, compare_output
from caco.answers.copied import is_copied
from caco.answers.extraction import final_answer
from caco.runtime.process import die_with_parent
from caco.text.tolerances import absolute_errors


class Request(NamedTuple):
    """A text to grade.

    Attributes:
        known: The known answer: as a person wrote it, or the output of a program as JSON.
        is_output: Whether it is the output of a program.
        text: What is graded.
        kind: `answer` for a bare answer, `solution` for prose that states one.
        question: The question; None if it is not known.
        tolerance: Relative tolerance for a known answer that is a decimal.
        complete: Whether `text` was not cut off.
        absolute_error: As in `caco.rows.seed.Seed`.
    """

    known: str
    is_output: bool
    text: str
    kind: str
    question: str | None
    tolerance: float = 0.0
    complete: bool = True
    absolute_error: str | None = None


Reply = tuple[str, str, str]
"""The verdict, the answer that was compared, and why."""

# Address space of a worker: on some answers (a tower of powers) a computation allocates without
# bound.
_MEMORY_BYTES = 4 << 30
_VERDICTS = {"equal": "correct", "different": "wrong", "undecided": "undecided"}


def serve(pipe: Connection) -> None:
    """Grades what comes through the pipe until it closes; the worker of `Grader`."""
    answer_requests(pipe, _graded)


def answer_requests(pipe: Connection, grade: Callable[[Request], Reply]) -> None:
    """Replies to each request until the pipe closes.

    Sends `ready` first. A request that exceeds the memory or recursion limit, or on which a
    library fails, is `undecided`.
    """
    die_with_parent(signal.SIGKILL)()  # works also while a computation hangs
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    pipe.send("ready")
    while True:
        try:
            request: Request = pipe.recv()
        except EOFError:
            return
        try:
            reply = grade(request)
        except Exception as e:
            why = f"the grader failed: {type(e).__name__}: {str(e)[:200]}"
            reply = ("undecided", request.text[-200:], why)
        pipe.send(reply)


def _graded(request: Request) -> Reply:
    answer: str | None = request.text.strip()
    if request.kind == "solution":
        known = "" if request.is_output else request.known
        answer = final_answer(request.text, known, complete=request.complete)
    if not answer:
        return "no_answer", "", ""
    if request.is_output:
        found = compare_output(request.known, answer, request.question)
    else:
        tolerance = Fraction(str(request.tolerance))
        errors = absolute_errors(request.absolute_error)
        found = compare(request.known, answer, request.question, tolerance, errors)
    if (
        found.outcome != "different"
        and request.question
        and is_copied(answer, request.known, request.question, is_output=request.is_output)
    ):
        return "copied", answer, ""
    return _VERDICTS[found.outcome], answer, found.why
