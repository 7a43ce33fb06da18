"""The grader: reads and compares answers in a worker process, with a time limit for each."""

import multiprocessing as mp
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Literal, Self

from caco.errors import ClusterError
from caco.grading.worker import Reply, Request, serve

Kind = Literal["answer", "solution"]

# Seconds for a worker to start: 0.3 s measured, more on a cold network file system. The time limit
# of a comparison is in the config.
_START_S = 120.0

_children = threading.Lock()  # multiprocessing reaps every child whenever one starts


@dataclass(frozen=True, slots=True)
class Grade:
    """The result of one comparison.

    Attributes:
        verdict: `correct`, `wrong`, `undecided` (neither is proven), `copied` (an expression of the
            question, which is no answer), `no_answer` (nothing to compare) or `grader_timeout`.
        reason: The comparison and its result, in one sentence.
        answer: The answer that was compared; empty without one.
    """

    verdict: str
    reason: str
    answer: str = ""


class Grader:
    """Grades answers in a worker process that is killed and replaced if it hangs.

    One thread at a time may use it; others have graders of their own.
    """

    def __init__(self, timeout_s: float, worker: Callable[[Connection], None] = serve) -> None:
        """Stores the settings; the worker starts with the first answer.

        Args:
            timeout_s: Wall seconds to read and compare one answer.
            worker: The function that the worker process runs.
        """
        self._timeout_s, self._worker = timeout_s, worker
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Kills the worker; an answer that another thread grades at this moment fails."""
        with _children:
            self._closed = True
            if self._process is not None:
                self._process.kill()
                self._process.join()
            if self._pipe is not None:
                self._pipe.close()
            self._process = self._pipe = None

    def grade(
        self,
        gold: str,
        text: str,
        kind: Kind,
        question: str | None = None,
        tolerance: float = 0.0,
        *,
        complete: bool = True,
        absolute_error: str | None = None,
    ) -> Grade:
        """Grades a bare answer or a solution against a known answer that a person wrote.

        Args:
            gold: The known answer, LaTeX or plain, without dollar signs around it.
            text: What is graded.
            kind: `answer` if `text` is a bare answer, `solution` if it is prose that states one.
            question: The question; None if it is not known. It decides what a percentage, a scale
                or a unit means, and an expression that is copied from it is no answer.
            tolerance: Relative tolerance for a known answer that is a decimal; 0 for none.
            complete: Whether a solution ends where its author ended it. Of one that was cut off
                only an explicit answer counts.
            absolute_error: How far the answer may be from the known one; see
                `caco.text.tolerances`.

        Raises:
            ClusterError: The worker process does not start.
        """
        return self._ask(
            Request(gold, False, text, kind, question, tolerance, complete, absolute_error)
        )

    def grade_output(self, output: str, solution: str, question: str) -> Grade:
        """Grades a solution against the output of a program.

        Args:
            output: The output, as JSON.
            solution: The complete solution.
            question: The question.

        Raises:
            ClusterError: The worker process does not start.
        """
        return self._ask(Request(output, True, solution, "solution", question))

    def _ask(self, request: Request) -> Grade:
        gold, text = request.known, request.text
        for _ in range(2):
            try:
                pipe = self._pipe if self._pipe is not None else self._start()
                pipe.send(request)
                if not pipe.poll(self._timeout_s):
                    self._kill()
                    return Grade(
                        "grader_timeout",
                        f"comparing {_short(text)} with {_short(gold)} took over "
                        f"{self._timeout_s:g} s",
                    )
                reply: Reply = pipe.recv()
            except (EOFError, OSError):
                # The worker was killed from outside, for example out of memory: retry once.
                self._kill()
                continue
            return _grade(reply, gold, text)
        return Grade(
            "grader_timeout",
            f"comparing {_short(text)} with {_short(gold)} killed the worker process twice",
        )

    def _start(self) -> Connection:
        """Starts a worker: spawned, not forked, so that no state of this process is copied.

        Raises:
            ClusterError: The worker does not start within `_START_S`, or the grader is closed.
        """
        context = mp.get_context("spawn")
        parent_end, worker_end = context.Pipe()
        process = context.Process(target=self._worker, args=(worker_end,), daemon=True)
        with _children:
            if self._closed:
                raise ClusterError("the grader is closed")
            process.start()
            self._process, self._pipe = process, parent_end
        worker_end.close()
        try:
            if parent_end.poll(_START_S) and parent_end.recv() == "ready":
                return parent_end
        except (EOFError, OSError):
            pass
        self._kill()
        raise ClusterError(
            "the grader's worker process did not start; run `python -c 'import mpmath, "
            "math_verify'` in the environment `train` to see why"
        )

    def _kill(self) -> None:
        with _children:
            if self._process is not None:
                self._process.kill()
                self._process.join()
            if self._pipe is not None:
                self._pipe.close()
            self._process = self._pipe = None


_RELATIONS = {"correct": "is", "wrong": "is not", "undecided": "is not proven to be"}


def _grade(reply: Reply, gold: str, text: str) -> Grade:
    verdict, answer, why = reply
    if verdict == "no_answer":
        return Grade(verdict, f"{_short(text)} states no answer" if text.strip() else "it is empty")
    if verdict == "copied":
        return Grade(verdict, f"{_short(answer)} is copied from the question", answer)
    relation = _RELATIONS[verdict]
    because = f": {why}" if why else ""
    return Grade(verdict, f"{_short(answer)} {relation} {_short(gold)}{because}", answer)


def _short(text: str) -> str:
    """Returns the last 60 characters of `text`, where answers are, in quotes."""
    flat = " ".join(text[-1000:].split())
    return repr(flat if len(flat) <= 60 else "..." + flat[-57:])
