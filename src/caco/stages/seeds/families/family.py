"""What a problem family is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One problem of a family, before it is worded.

    Attributes:
        input: The numbers, by the names they have in the program.
        answer: The known answer.
        solution: The worked solution, without the sentence that states the answer.
        words: What else fills `$name` in questions and programs.
    """

    input: dict[str, int | list[int]]
    answer: int
    solution: str
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """A family of problems.

    Attributes:
        draw: Draws the numbers and works the problem out.
        questions: Wordings; `$name` stands for an input or a word of the case. They hold no number
            but the inputs, so that a question states what its program needs and nothing else.
        programs: Bodies that follow `input = {...}` in the Code CoT; `$name` stands for a word.
    """

    draw: Callable[[Random], Case]
    questions: tuple[str, ...]
    programs: tuple[str, ...]


def drawn_by_gym(dataset: str, rng: Random, **config: int) -> dict[str, Any]:
    """Returns one entry of a reasoning-gym data set: `answer` and what `metadata` holds."""
    import reasoning_gym

    made = reasoning_gym.create_dataset(dataset, size=1, seed=rng.randrange(2**31), **config)
    entry = made[0]
    return {**entry["metadata"], "answer": int(entry["answer"])}
