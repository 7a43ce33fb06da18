"""Changes of one value of an input; each keeps its type.

Most are small; what is asked only of a program that is still suspect goes further: values trade
places, take the program's own constants (the thresholds it compares with), change sign, and lists
change length. So a maximum that is always the same input, a price below every discount, or a count
of a list's items moves in the end, and only a constant never does.
"""

import string
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from caco.stages.verify.literal import Literal


def _deep(value: Any, scalar: Callable[[Any], Any]) -> Any:
    """Changes every scalar of a value."""
    if isinstance(value, dict):
        return {key: _deep(item, scalar) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_deep(item, scalar) for item in value)
    return scalar(value)


def _nudged(value: Any, rng: Random, literal: Literal) -> Any:
    """Changes every scalar a little."""

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return rng.random() < 0.5
        if isinstance(old, int):
            step = rng.randint(1, max(2, abs(old) // 10))
            return _with_sign(old, abs(old) + rng.choice((step, -step)))
        if isinstance(old, float):
            return _float(old, old * (1 + rng.uniform(0.02, 0.2) * rng.choice((1, -1))), 0)
        return _text(old, rng, 1) if isinstance(old, str) else old

    return _deep(value, scalar)


def _stretched(value: Any, rng: Random, literal: Literal) -> Any:
    """Changes every scalar much, mostly downwards (upwards may take a program very long)."""

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return rng.random() < 0.5
        if isinstance(old, int):
            return _with_sign(old, rng.randint(abs(old) // 5, abs(old) + max(4, abs(old) // 4)))
        if isinstance(old, float):
            return _float(old, old * rng.uniform(0.2, 1.6), 0)
        return _text(old, rng, len(old)) if isinstance(old, str) else old

    new = _deep(value, scalar)
    if isinstance(new, list) and rng.random() < 0.5:
        rng.shuffle(new)
    return new


def _crossed(value: Any, rng: Random, literal: Literal, turn: int) -> Any:
    """Goes just over one of the program's own numbers, or just under; takes one of its texts.

    Which number and which side is the turn's, so that the first few numbers are all gone over.
    """
    numbers = [c for c in literal.constants if not isinstance(c, str)]
    texts = [c for c in literal.constants if isinstance(c, str)]

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return not old
        if isinstance(old, int | float) and numbers:
            at = numbers[turn // 2 % len(numbers)]
            aside = max(2, abs(int(at)) // 10)
            if isinstance(old, int):
                step = rng.randint(1, aside) if turn % 2 == 0 else -rng.randint(0, aside)
                return int(at) + step
            return at + rng.uniform(0.01, 1) * (aside if turn % 2 == 0 else -aside)
        if isinstance(old, str) and texts:
            return rng.choice(texts)
        return _nudged(old, rng, literal)

    return _deep(value, scalar)


def _turned(value: Any, rng: Random, literal: Literal) -> Any:
    """Changes signs and case, takes decimals that the original does not have."""

    def scalar(old: Any) -> Any:
        if isinstance(old, bool):
            return not old
        if isinstance(old, int):
            return -old - rng.randint(0, 3)
        if isinstance(old, float):
            return _float(old, old * -rng.uniform(0.5, 1.5), 4)
        if isinstance(old, str):
            new = old.swapcase()
            return rng.choice((new, new[::-1], f" {new} ", f"{new} {old}"))
        return old

    return _deep(value, scalar)


def _extreme(value: Any, rng: Random, literal: Literal) -> Any:
    """Takes very small and large numbers."""

    def scalar(old: Any) -> Any:
        if isinstance(old, int | float) and not isinstance(old, bool):
            return type(old)(rng.choice((0, 1, 2, old * rng.randint(5, 200))))
        return _turned(old, rng, literal)

    return _deep(value, scalar)


def _resized(value: Any, rng: Random, literal: Literal) -> Any:
    """Drops or repeats an item of every list, nested dict and text; nudges what is none."""
    if isinstance(value, dict) and value:
        new = {key: _resized(item, rng, literal) for key, item in value.items()}
        old = rng.choice(list(new))
        item = new.pop(old)
        match rng.randrange(3):  # otherwise it is dropped
            case 0:  # a key is data too
                new[_nudged(old, rng, literal)] = item
            case 1:
                new |= {old: item, _nudged(old, rng, literal): item}
        return new
    if isinstance(value, list | tuple) and value:
        items = [_resized(i, rng, literal) if isinstance(i, list | dict) else i for i in value]
        at = rng.randrange(len(items))
        items[at : at + 1] = rng.choice(([], [items[at]] * 2, [items[at]] * 3))
        return type(value)(items)
    if isinstance(value, str) and value:
        between = " " if " " in value.strip() else ""  # a text of words changes by words
        parts = value.split(between) if between else list(value)
        at = rng.randrange(len(parts))
        parts[at : at + 1] = rng.choice(([], [parts[at]] * 2, [parts[at], " ", parts[at]]))
        return between.join(parts)
    return _nudged(value, rng, literal)


def _borrowed(value: Any, rng: Random, literal: Literal) -> Any:
    """Takes other values, or keys, of the same input: what is searched for is then found."""
    every = list(_keys(list(literal.value.values())))
    _deep(literal.value, every.append)

    def scalar(old: Any) -> Any:
        kind = _kind(old)
        others = [v for v in every if _kind(v) == kind and v != old]
        return rng.choice(others) if others else old

    return _deep(value, scalar)


def _keys(value: Any) -> Iterator[Any]:
    """Yields the keys of nested dicts."""
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list | tuple):
            yield from _keys(item)


def _traded(value: dict[Any, Any], rng: Random, literal: Literal) -> dict[Any, Any]:
    """Lets the values of an input trade places, number with number and text with text."""
    every: list[Any] = []
    _deep(value, every.append)
    places: dict[str, list[Any]] = {}
    for item in every:
        places.setdefault(_kind(item), []).append(item)
    for group in places.values():
        turn = rng.randrange(1, len(group)) if len(group) > 1 else 0  # every one moves
        group[:] = group[turn:] + group[:turn]
    queues = {kind: iter(group) for kind, group in places.items()}
    traded = _deep(value, lambda old: next(queues[_kind(old)]))
    assert isinstance(traded, dict)
    return traded


def _kind(value: Any) -> str:
    """Returns what a value is; values of one kind can stand in place of each other."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def _with_sign(old: int, size: int) -> int:
    """Returns a number of the sign of `old` and not equal to it; zero counts as positive."""
    size = max(size, 0 if old == 0 else 1)
    size = size + 1 if size == abs(old) else size
    return size if old >= 0 else -size


def _float(old: float, new: float, more: int) -> float:
    """Returns `new` with the decimals of `old` and `more`; a share between 0 and 1 stays one."""
    decimals = len(repr(old).partition(".")[2]) if "e" not in repr(old) else 12
    if 0 < old < 1:
        new, decimals = min(abs(new), 0.99), max(decimals, 2)
    rounded = round(new, decimals + more)
    return rounded if rounded != old else round(old + 10.0**-decimals, decimals)


def _text(old: str, rng: Random, times: int) -> str:
    """Changes letters into letters and digits into digits."""
    new = list(old)
    places = [at for at, char in enumerate(old) if char.isascii() and char.isalnum()]
    for at in rng.sample(places, min(times, len(places))):
        char = old[at]
        kin = string.digits if char.isdigit() else string.ascii_lowercase
        new[at] = rng.choice([k for k in (kin.upper() if char.isupper() else kin) if k != char])
    return "".join(new)


# What is done, and to what: every key's value, one key's, or the dict as a whole.
MUTATIONS: list[tuple[Callable[[Any, Random, Literal], Any], str]] = [
    (_nudged, "all"), (_stretched, "all"),
    (_traded, "dict"), (_nudged, "one"), (_borrowed, "one"), (_stretched, "one"),
    (partial(_crossed, turn=0), "all"), (_resized, "all"), (_extreme, "one"),
    (partial(_crossed, turn=2), "one"), (_borrowed, "all"), (_turned, "all"),
    (partial(_crossed, turn=1), "all"), (_stretched, "all"), (_resized, "one"),
    (partial(_crossed, turn=4), "all"), (_resized, "all"), (_turned, "one"),
    (partial(_crossed, turn=2), "all"), (_extreme, "all"), (partial(_crossed, turn=0), "one"),
    (_borrowed, "all"), (partial(_crossed, turn=3), "all"), (_resized, "all"),
]  # fmt: skip
