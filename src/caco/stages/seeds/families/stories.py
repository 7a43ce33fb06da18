"""Stories: word problems with the sum of two products."""

from random import Random

from caco.stages.seeds.families.family import Case, Family, gym_entry

_LEGS = {
    "ant": 6, "bee": 6, "beetle": 6, "butterfly": 6, "cat": 4, "chicken": 2, "cow": 4, "crab": 10,
    "dog": 4, "duck": 2, "elephant": 4, "giraffe": 4, "horse": 4, "lion": 4,
    "spider": 8, "tiger": 4,
}  # fmt: skip
_PLURAL = {"butterfly": "butterflies"}
_GOODS = ("pen", "book", "cup", "hat", "bag", "toy", "lamp", "ball", "ring", "cake")


def _legs(rng: Random) -> Case:
    while True:
        sizes = {"min_animals": 2, "max_animals": 2, "min_instances": 2, "max_instances": 9}
        row = gym_entry("leg_counting", rng, **sizes)
        if all(_LEGS.get(animal) for animal in row["animals"]):
            break
    (one, m), (two, n) = row["animals"].items()
    names = [_PLURAL.get(animal, animal + "s") for animal in (one, two)]
    p, q = _LEGS[one], _LEGS[two]
    steps = (
        f"{m} {names[0]} have {m} * {p} = {m * p} legs. "
        f"{n} {names[1]} have {n} * {q} = {n * q} legs. {m * p} + {n * q} = {row['answer']}."
    )
    words = {"one": names[0], "two": names[1], "m": str(m), "n": str(n), "p": str(p), "q": str(q)}
    return Case({names[0]: m, names[1]: n}, row["answer"], steps, words)


def _shopping(rng: Random) -> Case:
    one, two = rng.sample(_GOODS, 2)
    p, q, m, n = (rng.randint(2, 9) for _ in range(4))
    steps = (
        f"{m} {one}s cost {m} * {p} = {m * p}. {n} {two}s cost {n} * {q} = {n * q}. "
        f"{m * p} + {n * q} = {m * p + n * q}."
    )
    numbers: dict[str, int | list[int]] = {
        f"{one}_price": p, f"{two}_price": q, f"{one}s": m, f"{two}s": n
    }  # fmt: skip
    words = {"one": one, "two": two, "p": str(p), "q": str(q), "m": str(m), "n": str(n)}
    return Case(numbers, m * p + n * q, steps, words)


FAMILIES: dict[str, Family] = {
    "legs": Family(
        _legs,
        (
            "How many legs do $m $one and $n $two have in all?",
            "A park has $m $one and $n $two. How many legs are there?",
        ),
        (
            """
def count_legs($one, $two):
    first = $one * $p
    second = $two * $q
    return first + second

output = count_legs(input["$one"], input["$two"])
print(output)
""",
            """
def count_legs($one, $two):
    total = 0
    total += $one * $p
    total += $two * $q
    return total

output = count_legs(**input)
print(output)
""",
        ),
    ),
    "shopping": Family(
        _shopping,
        (
            "A $one costs $p dollars and a $two costs $q dollars. "
            "How much do $m ${one}s and $n ${two}s cost?",
            "A shop sells a $one for $p dollars and a $two for $q dollars. "
            "What do $m ${one}s and $n ${two}s cost in all?",
        ),
        (
            """
def total_cost(${one}_price, ${two}_price, ${one}s, ${two}s):
    first = ${one}s * ${one}_price
    second = ${two}s * ${two}_price
    return first + second

output = total_cost(**input)
print(output)
""",
        ),
    ),
}
