"""Arithmetic: products, sums and remainders of small numbers."""

from random import Random

from caco.stages.seeds.families.family import Case, Family, gym_entry


def _products(rng: Random) -> Case:
    a, b = rng.randint(11, 29), rng.randint(2, 9)
    tens, ones = a // 10 * 10, a % 10
    if ones == 0:
        steps = f"{a // 10} * {b} = {a // 10 * b}, so {a} * {b} = {a * b}."
    else:
        steps = (
            f"{a} = {tens} + {ones}. {tens} * {b} = {tens * b}. {ones} * {b} = {ones * b}. "
            f"{tens * b} + {ones * b} = {a * b}."
        )
    return Case({"a": a, "b": b}, a * b, steps)


def _chain_sum(rng: Random) -> Case:
    while True:
        sizes = {"min_terms": 3, "max_terms": 3, "min_digits": 1, "max_digits": 1}
        row = gym_entry("chain_sum", rng, **sizes)
        a, first, b, second, c = row["expression"].split()
        x, y, z = int(a), int(b), int(c)
        half = x + y if first == "+" else x - y
        if min(x, y, z) > 0 and half >= 0 and row["answer"] >= 0:
            steps = f"{a} {first} {b} = {half}. {half} {second} {c} = {row['answer']}."
            words = {"first": first, "second": second}
            return Case({"a": x, "b": y, "c": z}, row["answer"], steps, words)


def _remainder(rng: Random) -> Case:
    d = rng.randint(3, 9)
    n = rng.randint(d + 1, 7 * d - 1)
    multiples = list(range(d, n + 1, d))
    steps = (
        f"Multiples of {d} up to {n}: {', '.join(map(str, multiples))}. "
        f"{n} - {multiples[-1]} = {n - multiples[-1]}."
    )
    return Case({"n": n, "d": d}, n % d, steps)


FAMILIES: dict[str, Family] = {
    "products": Family(
        _products,
        (
            "What is $a times $b?",
            "Multiply $a by $b.",
            "There are $b boxes with $a apples in each. How many apples are there?",
        ),
        (
            """
def multiply(a, b):
    tens = a // 10 * 10
    ones = a % 10
    return tens * b + ones * b

output = multiply(input["a"], input["b"])
print(output)
""",
            """
def multiply(a, b):
    total = 0
    for _ in range(b):
        total += a
    return total

output = multiply(input["a"], input["b"])
print(output)
""",
        ),
    ),
    "chain_sum": Family(
        _chain_sum,
        ("Work out $a $first $b $second $c.", "What is $a $first $b $second $c?"),
        (
            """
def calculate(a, b, c):
    half = a $first b
    result = half $second c
    return result

output = calculate(input["a"], input["b"], input["c"])
print(output)
""",
            """
def calculate(a, b, c):
    result = a
    result $first= b
    result $second= c
    return result

output = calculate(**input)
print(output)
""",
        ),
    ),
    "remainder": Family(
        _remainder,
        (
            "What is the remainder when $n is divided by $d?",
            "$n sweets are shared among $d children. How many sweets are left over?",
        ),
        (
            """
def remainder(n, d):
    while n >= d:
        n = n - d
    return n

output = remainder(input["n"], input["d"])
print(output)
""",
            """
def remainder(n, d):
    times = n // d
    shared = times * d
    return n - shared

output = remainder(input["n"], input["d"])
print(output)
""",
        ),
    ),
}
