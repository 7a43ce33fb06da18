"""Number theory: divisors, multiples and binary digits of small numbers."""

from math import gcd, lcm
from random import Random

from caco.stages.seeds.families.family import Case, Family, gym_entry


def _gcd(rng: Random) -> Case:
    while True:
        row = gym_entry("gcd", rng, min_value=4, max_value=30)
        x, y = row["numbers"]
        if x != y and gcd(x, y) > 1:
            of = {n: ", ".join(str(d) for d in range(1, n + 1) if n % d == 0) for n in (x, y)}
            steps = (
                f"Divisors of {x}: {of[x]}. Divisors of {y}: {of[y]}. "
                f"The largest in both is {row['answer']}."
            )
            return Case({"x": x, "y": y}, row["answer"], steps)


def _lcm(rng: Random) -> Case:
    while True:
        row = gym_entry("lcm", rng, min_value=2, max_value=20)
        x, y = row["numbers"]
        if x != y and lcm(x, y) <= 60:
            big, small = max(x, y), min(x, y)
            multiples = ", ".join(str(m) for m in range(big, row["answer"] + 1, big))
            steps = f"Multiples of {big}: {multiples}. {small} divides {row['answer']}."
            return Case({"x": x, "y": y}, row["answer"], steps)


def _count_bits(rng: Random) -> Case:
    row = gym_entry("count_bits", rng, min_n=3, max_n=255)
    steps, left, taken = [], row["number"], 0
    for power in (128, 64, 32, 16, 8, 4, 2, 1):
        if power <= left:
            taken += 1
            steps.append(f"{taken}: {left} - {power} = {left - power}.")
            left -= power
    return Case({"n": row["number"]}, row["answer"], " ".join([*steps, f"Ones: {taken}."]))


FAMILIES: dict[str, Family] = {
    "gcd": Family(
        _gcd,
        (
            "Find the greatest common divisor of $x and $y.",
            "What is the greatest common divisor of $x and $y?",
        ),
        (
            """
def gcd(x, y):
    while y:
        x, y = y, x % y
    return x

output = gcd(input["x"], input["y"])
print(output)
""",
            """
def gcd(x, y):
    best = 1
    for d in range(1, x + 1):
        if x % d == 0 and y % d == 0:
            best = d
    return best

output = gcd(input["x"], input["y"])
print(output)
""",
        ),
    ),
    "lcm": Family(
        _lcm,
        (
            "Find the least common multiple of $x and $y.",
            "What is the least common multiple of $x and $y?",
        ),
        (
            """
def lcm(x, y):
    multiple = x
    while multiple % y != 0:
        multiple += x
    return multiple

output = lcm(input["x"], input["y"])
print(output)
""",
            """
def lcm(x, y):
    big = max(x, y)
    for multiple in range(big, x * y + 1, big):
        if multiple % min(x, y) == 0:
            return multiple

output = lcm(input["x"], input["y"])
print(output)
""",
        ),
    ),
    "count_bits": Family(
        _count_bits,
        (
            "How many ones are in the binary form of $n?",
            "Count the ones in the binary form of $n.",
        ),
        (
            """
def count_ones(n):
    count = 0
    while n > 0:
        count += n % 2
        n = n // 2
    return count

output = count_ones(input["n"])
print(output)
""",
            """
def count_ones(n):
    count = 0
    for digit in bin(n):
        if digit == "1":
            count += 1
    return count

output = count_ones(input["n"])
print(output)
""",
        ),
    ),
}
