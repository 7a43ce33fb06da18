"""Counting: small sums, differences and products by counting, and the numbers of a list.

Every step of a solution has its number and follows from the one before (`45 + 1 = 46, 45 + 2 = 47`,
`number 1 is 8, number 2 is 31`), so a model of 135M parameters learns these families from a few
dozen rows together (docs/benchmarks.md).
"""

from random import Random

from caco.stages.seeds.families.family import Case, Family

_GOODS = ("pens", "books", "cups", "hats", "toys", "balls")


def _goods(first: int, second: int) -> dict[str, str]:
    """Returns the noun of two numbers, so that no problem recurs with another noun."""
    return {"goods": Random(f"{first} {second}").choice(_GOODS)}


def _counting_on(rng: Random) -> Case:
    had, bought = rng.randint(11, 69), rng.randint(2, 5)
    steps = ", ".join(f"{had} + {i} = {had + i}" for i in range(1, bought + 1))
    return Case({"had": had, "bought": bought}, had + bought, f"{steps}.", _goods(had, bought))


def _counting_back(rng: Random) -> Case:
    stock, sold = rng.randint(11, 69), rng.randint(2, 5)
    steps = ", ".join(f"{stock} - {i} = {stock - i}" for i in range(1, sold + 1))
    return Case({"stock": stock, "sold": sold}, stock - sold, f"{steps}.", _goods(stock, sold))


def _skip_counting(rng: Random) -> Case:
    boxes, size = rng.randint(2, 5), rng.randint(2, 16)
    steps = ", ".join(f"{size} * {i} = {size * i}" for i in range(1, boxes + 1))
    return Case({"boxes": boxes, "size": size}, boxes * size, f"{steps}.", _goods(boxes, size))


def _sharing(rng: Random) -> Case:
    children, each = rng.randint(2, 12), rng.randint(2, 5)
    steps = ", ".join(f"{children} * {i} = {children * i}" for i in range(1, each + 1))
    numbers: dict[str, int | list[int]] = {"shared": children * each, "children": children}
    return Case(numbers, each, f"{steps}, so each gets {each}.", _goods(children, each))


def _list_item(rng: Random) -> Case:
    numbers = rng.sample(range(6, 99), rng.randint(3, 5))
    place = rng.randint(2, len(numbers))
    places = ", ".join(f"number {n} is {found}" for n, found in enumerate(numbers[:place], 1))
    return Case({"numbers": numbers, "place": place}, numbers[place - 1], f"{places.capitalize()}.")


def _list_length(rng: Random) -> Case:
    numbers = rng.sample(range(2, 99), rng.randint(3, 5))
    places = ", ".join(f"number {place} is {n}" for place, n in enumerate(numbers, 1))
    steps = f"{places.capitalize()}. {numbers} has {len(numbers)} elements."
    return Case({"numbers": numbers}, len(numbers), steps)


FAMILIES: dict[str, Family] = {
    "counting_on": Family(
        _counting_on,
        (
            "Ann had $had $goods and bought $bought more. How many $goods does she have now?",
            "Ann had $had $goods. Then she bought $bought more. How many are there now?",
        ),
        (
            """
def count_on(had, bought):
    for _ in range(bought):
        had += 1
    return had

output = count_on(input["had"], input["bought"])
print(output)
""",
            """
def count_on(had, bought):
    while bought > 0:
        had += 1
        bought -= 1
    return had

output = count_on(**input)
print(output)
""",
        ),
    ),
    "counting_back": Family(
        _counting_back,
        (
            "A shop has $stock $goods and sells $sold. How many $goods are left?",
            "A shop with $stock $goods sells $sold of them. How many $goods does it still have?",
        ),
        (
            """
def count_back(stock, sold):
    for _ in range(sold):
        stock -= 1
    return stock

output = count_back(input["stock"], input["sold"])
print(output)
""",
            """
def count_back(stock, sold):
    while sold > 0:
        stock -= 1
        sold -= 1
    return stock

output = count_back(**input)
print(output)
""",
        ),
    ),
    "skip_counting": Family(
        _skip_counting,
        (
            "There are $boxes boxes with $size $goods in each. How many $goods are there?",
            "Each of $boxes boxes holds $size $goods. How many $goods are there in all?",
        ),
        (
            """
def skip_count(boxes, size):
    total = 0
    for _ in range(boxes):
        total += size
    return total

output = skip_count(input["boxes"], input["size"])
print(output)
""",
            """
def skip_count(boxes, size):
    total = size
    while boxes > 1:
        total += size
        boxes -= 1
    return total

output = skip_count(**input)
print(output)
""",
        ),
    ),
    "list_item": Family(
        _list_item,
        (
            "Which number is number $place in the list $numbers?",
            "What is number $place of the list $numbers?",
        ),
        (
            """
def item(numbers, place):
    for number in numbers[:place]:
        found = number
    return found

output = item(input["numbers"], input["place"])
print(output)
""",
            """
def item(numbers, place):
    for number in numbers:
        place -= 1
        if place == 0:
            return number

output = item(**input)
print(output)
""",
        ),
    ),
    "list_length": Family(
        _list_length,
        (
            "How many numbers are in the list $numbers?",
            "How many numbers does the list $numbers have?",
        ),
        (
            """
def length(numbers):
    count = 0
    for number in numbers:
        count += 1
    return count

output = length(input["numbers"])
print(output)
""",
            """
def length(numbers):
    place = 0
    for place, number in enumerate(numbers, 1):
        continue
    return place

output = length(**input)
print(output)
""",
        ),
    ),
    "sharing": Family(
        _sharing,
        (
            "$children children share $shared $goods. How many $goods does each child get?",
            "$shared $goods are shared among $children children. How many does each child get?",
        ),
        (
            """
def share(shared, children):
    each = 0
    while shared >= children:
        shared -= children
        each += 1
    return each

output = share(input["shared"], input["children"])
print(output)
""",
            """
def share(shared, children):
    each = 0
    while children * (each + 1) <= shared:
        each += 1
    return each

output = share(**input)
print(output)
""",
        ),
    ),
}
