"""Perturbed inputs: a program with other values in its `input`.

Only a program whose `input` is one dict literal can be perturbed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from caco.identity import request_seed
from caco.stages.verify.mutations import MUTATIONS
from caco.stages.verify.source import Literal

_DRAWS = 6  # per requested perturbation: a draw may repeat an earlier one


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One perturbed input.

    Attributes:
        input: The perturbed value of `input`.
        program: The program with it.
    """

    input: dict[Any, Any]
    program: str


def perturbations(literal: Literal, program_id: str, count: int) -> Iterator[Perturbation]:
    """Yields distinct perturbations of a program, the smallest first.

    They depend only on the program.

    Args:
        literal: The program's literal.
        program_id: The program's identity, which seeds the draws.
        count: Maximum number; a literal with few possible values gives fewer.
    """
    yield from islice(_distinct(literal, program_id, count * _DRAWS), count)


def _distinct(literal: Literal, program_id: str, draws: int) -> Iterator[Perturbation]:
    seen = {repr(literal.value)}
    for index in range(draws):
        rng = Random(request_seed("perturb", program_id, index))
        mutate, scope = MUTATIONS[index % len(MUTATIONS)]
        if scope == "all":
            value = {key: mutate(old, rng, literal) for key, old in literal.value.items()}
        elif scope == "one":
            key = rng.choice(list(literal.value))
            value = {**literal.value, key: mutate(literal.value[key], rng, literal)}
        else:
            value = mutate(literal.value, rng, literal)
        if (text := repr(value)) not in seen:
            seen.add(text)
            yield Perturbation(value, literal.rewritten(value))
