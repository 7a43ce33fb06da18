"""A grader for any row: its process is killed if reading or comparing the row takes too long.

`Grader` limits the time of a comparison. Extraction and the scale of a number are regular
expressions, some of which take quadratic or cubic time on hostile text. Here they run in a process
too, under a timer of CPU time; that process starts the grader's own.
"""

import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Literal, Self

from caco.errors import CacoError, ClusterError
from caco.grading.extraction import final_answer
from caco.grading.grader import Grade, Grader
from caco.grading.scale import in_full
from caco.runtime.process import die_with_parent

Kind = Literal["answer", "solution"]
_GradeRow = Callable[[Grader, str, str, Kind, str | None], Grade]

_children = threading.Lock()  # multiprocessing reaps every child whenever one starts


def grade_row(grader: Grader, gold: str, text: str, kind: Kind, question: str | None) -> Grade:
    """Grades a bare answer or a solution.

    Args:
        grader: Compares answers.
        gold: The known answer.
        text: What is graded.
        kind: `answer` if `text` is a bare answer, `solution` if it is prose that states one.
        question: The question. If it is given, a word or sign that scales the answer counts, as
            it does for the judge.
    """
    if kind == "solution":
        stated = final_answer(text)
        if not stated or question is None:
            return grader.grade_solution(gold, text)
        text = stated
    return grader.equal(gold, text if question is None else in_full(text, question))


class RowGrader:
    """Grades rows one at a time, in a process that is killed and replaced when it hangs."""

    def __init__(self, timeout_s: float, grade: _GradeRow = grade_row) -> None:
        """Starts nothing yet.

        Args:
            timeout_s: Wall seconds of one comparison, and CPU seconds of all around it.
            grade: What the process runs for each row.
        """
        self._timeout_s, self._grade = timeout_s, grade
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Kills the process; a row that another thread grades at this moment fails."""
        with _children:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def grade(self, gold: str, text: str, kind: Kind, question: str | None = None) -> Grade:
        """Grades one row; see `grade_row`.

        Raises:
            ClusterError: No process can be started.
        """
        for _ in range(2):
            pipe = self._pipe if self._pipe is not None else self._start()
            try:
                pipe.send((gold, text, kind, question))
                reply: Grade | CacoError = pipe.recv()
            except (EOFError, OSError):
                if self._reap() == -signal.SIGPROF:
                    return Grade(
                        "grader_timeout",
                        f"reading the text took more than {self._timeout_s:g} s of CPU time",
                    )
                continue  # killed from outside, possibly for memory: once may be chance
            if isinstance(reply, CacoError):
                raise reply
            return reply
        return Grade("grader_timeout", "the grader's process was killed twice")

    def _start(self) -> Connection:
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        # Not a daemon: those may not start processes, and the grader in it starts one.
        process = context.Process(target=_serve, args=(theirs, self._timeout_s, self._grade))
        with _children:
            if self._closed:
                raise ClusterError("the grader is closed")
            process.start()
            self._process, self._pipe = process, ours
        theirs.close()
        return ours

    def _reap(self) -> int | None:
        """Ends the process and returns its exit code; negative if a signal killed it."""
        assert self._process is not None
        assert self._pipe is not None
        self._pipe.close()
        with _children:
            self._process.join(1)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            code = self._process.exitcode
            self._process = self._pipe = None
        return code


def _serve(pipe: Connection, timeout_s: float, grade: _GradeRow) -> None:
    """Grades rows from the pipe until it closes."""
    die_with_parent(signal.SIGKILL)()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    os.dup2(2, 1)  # standard output is the parent's alone
    with Grader(timeout_s) as grader:
        while True:
            try:
                row = pipe.recv()
            except EOFError:
                return
            # The default action of SIGPROF ends the process, even within a regular expression.
            signal.setitimer(signal.ITIMER_PROF, timeout_s)
            reply: Grade | CacoError
            try:
                reply = grade(grader, *row)
            except CacoError as e:
                reply = e
            except Exception as e:
                reply = Grade("grader_error", f"the grader failed: {type(e).__name__}: {e}")
            signal.setitimer(signal.ITIMER_PROF, 0)
            pipe.send(reply)
