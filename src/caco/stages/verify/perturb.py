"""Perturbed inputs: a program with other values in its `input`.

Only a program whose `input` is one dict literal can be perturbed. Each mutation retains the type of
a value. The first mutations are small. Later ones, which only a program that is still suspect runs
on, are larger: they permute values, use the program's own constants (the thresholds that it
compares with), change signs, and change the length of lists. So the output also changes where it is
the maximum of inputs of different size, a price below every discount, or the length of a list. Only
a constant output never changes.
"""

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from random import Random
from typing import Any

from caco.identity import request_seed
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


def _map_scalars(value: Any, scalar: Callable[[Any], Any]) -> Any:
    """Returns a value with every scalar replaced by `scalar` of it."""
    if isinstance(value, dict):
        return {key: _map_scalars(item, scalar) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_map_scalars(item, scalar) for item in value)
    return scalar(value)


def _small_change(value: Any, rng: Random, literal: Literal) -> Any:
    """Changes every scalar by a small amount."""

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return rng.random() < 0.5
        if isinstance(old, int):
            step = rng.randint(1, max(2, abs(old) // 10))
            return _different_integer(old, abs(old) + rng.choice((step, -step)))
        if isinstance(old, float):
            return _round_like(old, old * (1 + rng.uniform(0.02, 0.2) * rng.choice((1, -1))), 0)
        return _change_characters(old, rng, 1) if isinstance(old, str) else old

    return _map_scalars(value, scalar)


def _large_change(value: Any, rng: Random, literal: Literal) -> Any:
    """Changes every scalar by a large amount, mostly down, since large inputs run for longer."""

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return rng.random() < 0.5
        if isinstance(old, int):
            return _different_integer(
                old, rng.randint(abs(old) // 5, abs(old) + max(4, abs(old) // 4))
            )
        if isinstance(old, float):
            return _round_like(old, old * rng.uniform(0.2, 1.6), 0)
        return _change_characters(old, rng, len(old)) if isinstance(old, str) else old

    new = _map_scalars(value, scalar)
    if isinstance(new, list) and rng.random() < 0.5:
        rng.shuffle(new)
    return new


def _cross_threshold(value: Any, rng: Random, literal: Literal, turn: int) -> Any:
    """Takes a number just above or below a number of the program, or a string of the program.

    `turn` selects the number and the side, so that the first few numbers are all crossed.
    """
    numbers = [c for c in literal.constants if not isinstance(c, str)]
    texts = [c for c in literal.constants if isinstance(c, str)]

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return not old
        if isinstance(old, int | float) and numbers:
            threshold = numbers[turn // 2 % len(numbers)]
            margin = max(2, abs(int(threshold)) // 10)
            if isinstance(old, int):
                step = rng.randint(1, margin) if turn % 2 == 0 else -rng.randint(0, margin)
                return int(threshold) + step
            return threshold + rng.uniform(0.01, 1) * (margin if turn % 2 == 0 else -margin)
        if isinstance(old, str) and texts:
            return rng.choice(texts)
        return _small_change(old, rng, literal)

    return _map_scalars(value, scalar)


def _invert(value: Any, rng: Random, literal: Literal) -> Any:
    """Changes the sign of numbers, adds decimals to floats, and swaps the case of strings."""

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return not old
        if isinstance(old, int):
            return -old - rng.randint(0, 3)
        if isinstance(old, float):
            return _round_like(old, old * -rng.uniform(0.5, 1.5), 4)
        if isinstance(old, str):
            new = old.swapcase()
            return rng.choice((new, new[::-1], f" {new} ", f"{new} {old}"))
        return old

    return _map_scalars(value, scalar)


def _extreme(value: Any, rng: Random, literal: Literal) -> Any:
    """Takes very small and very large numbers."""

    def scalar(old: Any) -> Any:
        if isinstance(old, int | float) and not isinstance(old, bool):
            return type(old)(rng.choice((0, 1, 2, old * rng.randint(5, 200))))
        return _invert(old, rng, literal)

    return _map_scalars(value, scalar)


def _resize(value: Any, rng: Random, literal: Literal) -> Any:
    """Removes or repeats an item of every list, nested dict and string; changes other scalars."""
    if isinstance(value, dict) and value:
        new = {key: _resize(item, rng, literal) for key, item in value.items()}
        old = rng.choice(list(new))
        item = new.pop(old)
        match rng.randrange(3):  # 2: the item is removed
            case 0:  # keys are data too
                new[_small_change(old, rng, literal)] = item
            case 1:
                new |= {old: item, _small_change(old, rng, literal): item}
        return new
    if isinstance(value, list | tuple) and value:
        items = [_resize(i, rng, literal) if isinstance(i, list | dict) else i for i in value]
        at = rng.randrange(len(items))
        items[at : at + 1] = rng.choice(([], [items[at]] * 2, [items[at]] * 3))
        return type(value)(items)
    if isinstance(value, str) and value:
        between = " " if " " in value.strip() else ""  # a string of several words changes by words
        parts = value.split(between) if between else list(value)
        at = rng.randrange(len(parts))
        parts[at : at + 1] = rng.choice(([], [parts[at]] * 2, [parts[at], " ", parts[at]]))
        return between.join(parts)
    return _small_change(value, rng, literal)


def _take_other_value(value: Any, rng: Random, literal: Literal) -> Any:
    """Takes other values or keys of the same input, so that a search for a value succeeds."""
    values = list(_keys(list(literal.value.values())))
    _map_scalars(literal.value, values.append)

    def scalar(old: Any) -> Any:
        kind = _kind(old)
        others = [v for v in values if _kind(v) == kind and v != old]
        return rng.choice(others) if others else old

    return _map_scalars(value, scalar)


def _keys(value: Any) -> Iterator[Any]:
    """Yields the keys of nested dicts."""
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list | tuple):
            yield from _keys(item)


def _permute(value: dict[Any, Any], rng: Random, literal: Literal) -> dict[Any, Any]:
    """Permutes the values of an input: numbers among numbers, strings among strings."""
    values: list[Any] = []
    _map_scalars(value, values.append)
    places: dict[str, list[Any]] = {}
    for item in values:
        places.setdefault(_kind(item), []).append(item)
    for group in places.values():
        # A rotation by at least one, so that every value changes its place.
        shift = rng.randrange(1, len(group)) if len(group) > 1 else 0
        group[:] = group[shift:] + group[:shift]
    queues = {kind: iter(group) for kind, group in places.items()}
    permuted = _map_scalars(value, lambda old: next(queues[_kind(old)]))
    assert isinstance(permuted, dict)
    return permuted


def _kind(value: Any) -> str:
    """Returns the kind of a value; values of one kind can replace each other."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def _different_integer(old: int, size: int) -> int:
    """Returns `size`, or the next integer, with the sign of `old` and different from it."""
    size = max(size, 0 if old == 0 else 1)
    size = size + 1 if size == abs(old) else size
    return size if old >= 0 else -size


def _round_like(old: float, new: float, more: int) -> float:
    """Returns `new` rounded to the decimals of `old` plus `more`; a fraction stays below 1."""
    decimals = len(repr(old).partition(".")[2]) if "e" not in repr(old) else 12
    if 0 < old < 1:
        new, decimals = min(abs(new), 0.99), max(decimals, 2)
    rounded = round(new, decimals + more)
    return rounded if rounded != old else round(old + 10.0**-decimals, decimals)


def _change_characters(old: str, rng: Random, times: int) -> str:
    """Replaces `times` letters by letters and digits by digits."""
    new = list(old)
    places = [at for at, char in enumerate(old) if char.isascii() and char.isalnum()]
    for at in rng.sample(places, min(times, len(places))):
        char = old[at]
        alphabet = string.digits if char.isdigit() else string.ascii_lowercase
        new[at] = rng.choice(
            [c for c in (alphabet.upper() if char.isupper() else alphabet) if c != char]
        )
    return "".join(new)


# Each mutation with its scope: the value of every key, of one key, or the complete dict.
MUTATIONS: list[tuple[Callable[[Any, Random, Literal], Any], str]] = [
    (_small_change, "all"), (_large_change, "all"),
    (_permute, "dict"), (_small_change, "one"), (_take_other_value, "one"), (_large_change, "one"),
    (partial(_cross_threshold, turn=0), "all"), (_resize, "all"), (_extreme, "one"),
    (partial(_cross_threshold, turn=2), "one"), (_take_other_value, "all"), (_invert, "all"),
    (partial(_cross_threshold, turn=1), "all"), (_large_change, "all"), (_resize, "one"),
    (partial(_cross_threshold, turn=4), "all"), (_resize, "all"), (_invert, "one"),
    (partial(_cross_threshold, turn=2), "all"), (_extreme, "all"),
    (partial(_cross_threshold, turn=0), "one"), (_take_other_value, "all"),
    (partial(_cross_threshold, turn=3), "all"), (_resize, "all"),
]  # fmt: skip
