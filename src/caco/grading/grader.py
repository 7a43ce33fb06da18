"""The grader: compares answers in a worker process, with a time limit for each comparison."""

import multiprocessing as mp
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from caco.errors import ClusterError
from caco.grading import strictness as as_text
from caco.grading.extraction import final_answer
from caco.grading.strictness import too_lenient
from caco.grading.worker import serve
from caco.text.numbers import without_exponents

# Seconds for a worker to import math-verify and SymPy: 1 s measured, more on a cold network file
# system. The time limit of a comparison is in the config.
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Grade:
    """The result of one comparison.

    Attributes:
        verdict: `correct`, `wrong`, `no_answer` (nothing to compare) or `grader_timeout`.
        reason: The comparison and its result, in one sentence.
    """

    verdict: str
    reason: str


class Grader:
    """Compares answers with math-verify in a worker that is killed and replaced if it hangs."""

    def __init__(self, timeout_s: float, worker: Callable[[Connection], None] = serve) -> None:
        """Stores the settings; the worker starts with the first comparison that needs it.

        Args:
            timeout_s: Wall seconds for one comparison.
            worker: The function that the worker process runs.
        """
        self._timeout_s, self._worker = timeout_s, worker
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._kill()

    def equal(self, gold: str, answer: str) -> Grade:
        """Grades an extracted answer.

        Args:
            gold: The known answer, without dollar signs.
            answer: The answer, LaTeX or plain.

        Raises:
            ClusterError: The worker process does not start.
        """
        if not answer.strip():
            return Grade("no_answer", "the answer is empty")
        gold, answer = without_exponents(gold), without_exponents(as_text.unmarked(answer))
        if as_text.equal_as_text(gold, answer):
            return Grade("correct", f"{_short(answer)} is {_short(gold)}")
        if as_text.is_text(gold):
            return Grade("wrong", f"{_short(answer)} is not the text {_short(gold)}")
        grade = self._compare(gold, answer, extract=False)
        if grade.verdict == "correct" and (why := too_lenient(gold, answer)):
            return Grade("wrong", f"{_short(answer)} is not {_short(gold)}: {why}")
        # An answer was stated: one that math-verify cannot parse is wrong, not absent.
        return Grade("wrong", grade.reason) if grade.verdict == "no_answer" else grade

    def grade_solution(self, gold: str, text: str) -> Grade:
        """Grades a solution: its stated final answer, or else the one that math-verify extracts.

        Args:
            gold: The known answer, without dollar signs.
            text: The complete solution.

        Raises:
            ClusterError: The worker process does not start.
        """
        stated = final_answer(text)
        return self.equal(gold, stated) if stated else self.find(gold, text)

    def find(self, gold: str, text: str) -> Grade:
        """Grades a text that states no final answer: math-verify extracts one.

        Args:
            gold: The known answer, without dollar signs.
            text: The complete text.

        Raises:
            ClusterError: The worker process does not start.
        """
        if as_text.is_text(gold):
            return Grade("no_answer", "the text states no final answer")
        return self._compare(without_exponents(gold), without_exponents(text), extract=True)

    def _compare(self, gold: str, text: str, extract: bool) -> Grade:
        for _ in range(2):
            pipe = self._pipe if self._pipe is not None else self._start()
            try:
                pipe.send((gold, text, extract))
                if not pipe.poll(self._timeout_s):
                    self._kill()
                    return Grade(
                        "grader_timeout",
                        f"comparing {_short(text)} with {_short(gold)} took over "
                        f"{self._timeout_s:g} s",
                    )
                verdict = pipe.recv()
            except (EOFError, OSError):
                # The worker was killed from outside, for example out of memory: retry once.
                self._kill()
                continue
            relation = {"correct": "is", "wrong": "is not"}.get(
                verdict, "contains no answer to compare with"
            )
            return Grade(verdict, f"{_short(text)} {relation} {_short(gold)}")
        return Grade(
            "grader_timeout",
            f"comparing {_short(text)} with {_short(gold)} killed the worker process twice",
        )

    def _start(self) -> Connection:
        """Starts a worker: spawned, not forked, so that no state of this process is copied.

        Raises:
            ClusterError: The worker does not start within `_START_S`.
        """
        context = mp.get_context("spawn")
        parent_end, worker_end = context.Pipe()
        process = context.Process(target=self._worker, args=(worker_end,), daemon=True)
        process.start()
        worker_end.close()
        self._process, self._pipe = process, parent_end
        try:
            if parent_end.poll(_START_S) and parent_end.recv() == "ready":
                return parent_end
        except (EOFError, OSError):
            pass
        self._kill()
        raise ClusterError(
            "the grader's worker process did not start; run `python -c 'import math_verify'` in "
            "the environment `train` to see why"
        )

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _short(text: str) -> str:
    """Returns the last 60 characters of `text`, where answers are, in quotes."""
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 60 else "..." + flat[-57:])
