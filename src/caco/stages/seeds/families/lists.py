"""Lists: counting and comparing a few numbers."""

from random import Random

from caco.stages.seeds.families.family import Case, Family


def _count_even(rng: Random) -> Case:
    numbers = rng.sample(range(2, 60), rng.choice((3, 4, 5)))
    steps, count = [], 0
    for number in numbers:
        count += number % 2 == 0
        steps.append(f"{number} is {'odd' if number % 2 else 'even'}, count {count}.")
    return Case({"numbers": numbers}, count, " ".join(steps))


def _largest(rng: Random) -> Case:
    numbers = rng.sample(range(2, 99), rng.choice((3, 4)))
    steps, best = [f"Start with {numbers[0]}."], numbers[0]
    for number in numbers[1:]:
        sign = ">" if number > best else "<"
        best = max(best, number)
        steps.append(f"{number} {sign} {best if sign == '<' else _before(numbers, number)}.")
    return Case({"numbers": numbers}, best, " ".join([*steps, f"The largest is {best}."]))


def _before(numbers: list[int], number: int) -> int:
    """Returns the largest of the numbers that precede `number`."""
    return max(numbers[: numbers.index(number)])


FAMILIES: dict[str, Family] = {
    "count_even": Family(
        _count_even,
        (
            "How many of the numbers $numbers are even?",
            "Count the even numbers among $numbers.",
        ),
        (
            """
def count_even(numbers):
    count = 0
    for number in numbers:
        if number % 2 == 0:
            count += 1
    return count

output = count_even(input["numbers"])
print(output)
""",
            """
def count_even(numbers):
    even = []
    for number in numbers:
        if number % 2 == 0:
            even.append(number)
    return len(even)

output = count_even(input["numbers"])
print(output)
""",
        ),
    ),
    "largest": Family(
        _largest,
        ("What is the largest of $numbers?", "Find the largest of the numbers $numbers."),
        (
            """
def largest(numbers):
    best = numbers[0]
    for number in numbers:
        if number > best:
            best = number
    return best

output = largest(input["numbers"])
print(output)
""",
            """
def largest(numbers):
    best = 0
    for number in numbers:
        best = max(best, number)
    return best

output = largest(input["numbers"])
print(output)
""",
        ),
    ),
}
