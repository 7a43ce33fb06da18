"""The definition of a problem family."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One problem of a family, without its wording.

    Attributes:
        input: The numbers, by their names in the program.
        answer: The known answer.
        solution: The worked solution, without the sentence that states the answer.
        words: Further values of `$name` placeholders in questions and programs.
    """

    input: dict[str, int | list[int]]
    answer: int
    solution: str
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """A family of problems.

    Attributes:
        draw: Draws the numbers and solves the problem.
        questions: Wordings; `$name` is replaced by an input or a word of the case. They contain no
            other number, so that a question states the inputs of its program and nothing else.
        programs: Bodies that follow `input = {...}` in the Code CoT; `$name` is replaced by a word
            of the case.
    """

    draw: Callable[[Random], Case]
    questions: tuple[str, ...]
    programs: tuple[str, ...]


def gym_entry(dataset: str, rng: Random, **config: int) -> dict[str, Any]:
    """Returns one random entry of a reasoning-gym data set: its metadata and `answer`."""
    import reasoning_gym

    entries = reasoning_gym.create_dataset(dataset, size=1, seed=rng.randrange(2**31), **config)
    entry = entries[0]
    return {**entry["metadata"], "answer": int(entry["answer"])}
