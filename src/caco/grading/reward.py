"""A reward for reinforcement learning: whether a completion's final answer is the known one.

`reward` has the signature that TRL's `GRPOTrainer` expects. See docs/export.md.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from caco.grading.grader import Grader

Conversation = Sequence[dict[str, Any]]
"""Messages with `role` and `content`."""


class _GraderOfUsers(Grader):
    """A grader whose worker does not run the user's script again, as spawned processes do.

    A training script often has no `if __name__ == "__main__"`, so that it would start a second
    training in the worker.
    """

    def _start(self) -> Any:
        with _hidden_main():
            return super()._start()


@contextmanager
def _hidden_main() -> Iterator[None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class Reward:
    """Scores completions in a worker process that is killed and replaced if it hangs.

    One thread at a time may call it. The worker starts with the first completion.
    """

    def __init__(self, timeout_s: float = 10.0) -> None:
        """Stores the time limit.

        Args:
            timeout_s: Wall seconds for one completion; one that takes longer scores 0.
        """
        self._grader = _GraderOfUsers(timeout_s)
        self.__name__ = "reward"  # in TRL's logs

    def __call__(
        self,
        completions: Sequence[str | Conversation],
        answer: Sequence[str],
        prompts: Sequence[str | Conversation] | None = None,
        **others: object,
    ) -> list[float]:
        """Returns 1 for each completion whose final answer is proven to be the known one, else 0.

        Args:
            completions: Texts, or conversations of which the last message counts.
            answer: The known answer to each.
            prompts: What each completes. A question decides what a percentage, a scale or a unit
                in an answer means, and an expression that is copied from it scores 0.
            others: The other columns and values that TRL passes; ignored.

        Raises:
            ValueError: The numbers of completions, answers and prompts differ.
            ClusterError: The worker process does not start.
        """
        questions = [None] * len(completions) if prompts is None else map(_text, prompts)
        return [
            self._score(_text(completion), str(known), question)
            for completion, known, question in zip(completions, answer, questions, strict=True)
        ]

    def _score(self, text: str, known: str, question: str | None) -> float:
        return float(self._grader.grade(known, text, "solution", question).verdict == "correct")


def _text(said: str | Conversation) -> str:
    """Returns a text, or that of a conversation's last message; empty if it has none."""
    if isinstance(said, str):
        return said
    content = said[-1].get("content") if said else None
    if isinstance(content, list):  # parts, as for models that see pictures
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


reward = Reward()
