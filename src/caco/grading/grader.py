"""A grader whose every comparison ends: by an answer, or by the end of its process."""

import multiprocessing as mp
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from caco.errors import ClusterError
from caco.grading import strictness as as_text
from caco.grading.strictness import too_lenient
from caco.grading.worker import serve

# Seconds for a worker to import math-verify and SymPy; 1 s measured, a cold network file system is
# slower. Not a comparison's time: that is the config's.
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Grade:
    """One comparison.

    Attributes:
        verdict: `correct`, `wrong`, `no_answer` (nothing to compare) or `grader_timeout`.
        reason: What was compared, in a sentence.
    """

    verdict: str
    reason: str


class Grader:
    """Compares answers with math-verify in a process that is killed and replaced when it hangs."""

    def __init__(self, timeout_s: float, worker: Callable[[Connection], None] = serve) -> None:
        """Starts nothing yet: answers that are equal as text need no process.

        Args:
            timeout_s: Wall seconds for one comparison.
            worker: What the process runs.
        """
        self._timeout_s, self._worker = timeout_s, worker
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._kill()

    def equal(self, gold: str, answer: str) -> Grade:
        """Grades an answer that has been extracted already."""
        if not answer.strip():
            return Grade("no_answer", "the answer is empty")
        gold, answer = as_text.written_out(gold), as_text.written_out(as_text.unmarked(answer))
        if as_text.equal_as_text(gold, answer):
            return Grade("correct", f"{_short(answer)} is {_short(gold)}")
        if as_text.is_text(gold):
            return Grade("wrong", f"{_short(answer)} is not the text {_short(gold)}")
        grade = self._ask(gold, answer, whole=False)
        if grade.verdict == "correct" and (why := too_lenient(gold, answer)):
            return Grade("wrong", f"{_short(answer)} is not {_short(gold)}: {why}")
        # It was stated, so what math-verify cannot read is an answer all the same, and not this.
        return Grade("wrong", grade.reason) if grade.verdict == "no_answer" else grade

    def find(self, gold: str, text: str) -> Grade:
        """Grades a whole text that states no final answer: math-verify extracts one."""
        if as_text.is_text(gold):
            return Grade("no_answer", "the text states no final answer")
        return self._ask(as_text.written_out(gold), as_text.written_out(text), whole=True)

    def _ask(self, gold: str, text: str, whole: bool) -> Grade:
        for _ in range(2):
            pipe = self._pipe if self._pipe is not None else self._start()
            try:
                pipe.send((gold, text, whole))
                if not pipe.poll(self._timeout_s):
                    self._kill()
                    return Grade(
                        "grader_timeout",
                        f"comparing {_short(text)} with {_short(gold)} took over "
                        f"{self._timeout_s:g} s",
                    )
                verdict = pipe.recv()
            except (EOFError, OSError):
                # Somebody else killed the worker (the kernel, for memory): once may be chance.
                self._kill()
                continue
            relation = {"correct": "is", "wrong": "is not"}.get(verdict, "holds no answer like")
            return Grade(verdict, f"{_short(text)} {relation} {_short(gold)}")
        return Grade(
            "grader_timeout",
            f"comparing {_short(text)} with {_short(gold)} killed its process twice",
        )

    def _start(self) -> Connection:
        """Starts a worker; spawned, not forked, so that nothing of this process is copied.

        Raises:
            ClusterError: It does not come up.
        """
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=self._worker, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        try:
            if ours.poll(_START_S) and ours.recv() == "ready":
                return ours
        except (EOFError, OSError):
            pass
        self._kill()
        raise ClusterError(
            "the grader's process did not start; try `python -c 'import math_verify'` in the "
            "environment train"
        )

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _short(text: str) -> str:
    """Returns the end of `text`, where answers are, in quotes."""
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 60 else "..." + flat[-57:])
