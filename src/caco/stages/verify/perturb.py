"""Perturbed inputs: a program's text with other values in its `input`.

Only a program whose `input` is one literal dict can be perturbed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from caco.identity import request_seed
from caco.stages.verify.literal import Literal
from caco.stages.verify.mutations import MUTATIONS

_TRIES = 6  # draws for each perturbation wanted: some give the literal back


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One perturbed input.

    Attributes:
        given: The literal in place of the program's.
        program: The program with it.
    """

    given: dict[Any, Any]
    program: str


def perturbations(literal: Literal, program_id: str, count: int) -> Iterator[Perturbation]:
    """Yields different perturbations of a program, the gentle ones first.

    They depend on the program alone.

    Args:
        literal: Its literal.
        program_id: Its identity, which seeds the draws.
        count: How many are wanted; fewer come where the literal leaves no room.
    """
    yield from islice(_different(literal, program_id, count * _TRIES), count)


def _different(literal: Literal, program_id: str, draws: int) -> Iterator[Perturbation]:
    seen = {repr(literal.value)}
    for index in range(draws):
        rng = Random(request_seed("perturb", program_id, index))
        how, scope = MUTATIONS[index % len(MUTATIONS)]
        if scope == "all":
            given = {key: how(value, rng, literal) for key, value in literal.value.items()}
        elif scope == "one":
            key = rng.choice(list(literal.value))
            given = {**literal.value, key: how(literal.value[key], rng, literal)}
        else:
            given = how(literal.value, rng, literal)
        if (text := repr(given)) not in seen:
            seen.add(text)
            yield Perturbation(given, literal.rewritten(given))
