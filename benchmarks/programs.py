"""Programs for the sandbox benchmark: grade-school arithmetic without imports, and SymPy."""

import json
import random
from collections.abc import Callable
from pathlib import Path

from caco.config.sources import Gsm8kFile
from caco.rows.seed import Seed
from caco.stages.seeds.read import read_seeds
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.solution_program import from_equations


def plain_programs(count: int, gsm8k: Path | None) -> list[str]:
    """Returns programs of a few arithmetic steps.

    Args:
        count: Number of programs; fewer if the file does not have enough rows.
        gsm8k: GSM8K's .jsonl file, whose worked solutions are converted; None for generated
            programs of the same form.
    """
    if gsm8k is None:
        rng = random.Random(0)
        return [_arithmetic(rng) for _ in range(count)]
    # 93% of the rows can be converted.
    rows = count + count // 5 + 10
    read = read_seeds(Gsm8kFile(reader="gsm8k", path=str(gsm8k), rows=rows), "gsm8k", [])
    found: list[str] = []
    for seed in read:
        if not isinstance(seed, Seed):
            continue
        try:
            found.append(from_equations(seed))
        except NotConvertible:
            continue
    return found[:count]


def sympy_programs(count: int) -> list[str]:
    """Returns programs that use SymPy: the templates in rotation, with random numbers."""
    rng = random.Random(0)
    return [_sympy(TEMPLATES[i % len(TEMPLATES)], rng) for i in range(count)]


# Return values of a function of small positive integers a, b and c; `x` and `y` are symbols.
TEMPLATES = (
    "sorted(sympy.solve(x**2 - (a + b) * x + a * b, x))",
    "sorted(sympy.solve([a * x + y - b, x - c * y - 1], [x, y]).items(), key=str)",
    "sympy.solve(sympy.Eq(a * x + b, c), x)",
    "sympy.simplify((x**2 - a**2) / (x - a) + sympy.sin(b * x) ** 2 + sympy.cos(b * x) ** 2)",
    "sympy.simplify((x**3 + a * x**2) / (x**2 + a * x))",
    "sympy.factor(x**3 - (a + b + c) * x**2 + (a * b + b * c + c * a) * x - a * b * c)",
    "sympy.factor(a * x**2 * y + b * x * y)",
    "sympy.integrate(a * x**2 + b * x + c, (x, 0, c))",
    "sympy.integrate(a * sympy.cos(b * x), x)",
    "sympy.diff(sympy.sin(a * x) * sympy.exp(b * x), x)",
    "sympy.diff(a * x**4 + b * x**3 + c * x, x, 2).subs(x, b)",
    "sympy.expand((a * x + b * y) ** 4)",
)


def _sympy(template: str, rng: random.Random) -> str:
    values = {name: rng.randint(2, 9) for name in "abc"}
    return (
        "import sympy\n\n"
        f"input = {json.dumps(values)}\n\n\n"
        "def find(a, b, c):\n"
        '    x, y = sympy.symbols("x y")\n'
        f"    return {template}\n\n\n"
        "output = str(find(**input))\n"
        "print(output)\n"
    )


def _arithmetic(rng: random.Random) -> str:
    """Returns a program in the form that the converter `equations` produces from GSM8K."""
    values = {name: rng.randint(2, 60) for name in rng.sample(_NAMES, rng.randint(2, 5))}
    functions, calls, latest = [], [], next(iter(values))
    argument = f'input["{latest}"]'
    for number in range(1, rng.randint(2, 6) + 1):
        other = rng.choice([name for name in values if name != latest])
        operation = rng.choice(_OPERATIONS)(latest, other)
        name = f"step_{number}"
        functions.append(
            f"def find_{name}({latest}, {other}):\n"
            f"    # The {latest} and the {other} together give {operation}.\n"
            f"    return {operation}"
        )
        calls.append(f'{name} = find_{name}({argument}, input["{other}"])')
        latest = argument = name
    return (
        f"input = {json.dumps(values)}\n\n\n"
        + "\n\n\n".join(functions)
        + "\n\n\n"
        + "\n".join([*calls, f"output = {latest}", "print(output)"])
        + "\n"
    )


_NAMES = ("apples", "boxes", "clips", "days", "dollars", "hours", "pages", "people", "percent")
_OPERATIONS: tuple[Callable[[str, str], str], ...] = (
    lambda a, b: f"{a} + {b}",
    lambda a, b: f"{a} - {b}",
    lambda a, b: f"{a} * {b}",
    lambda a, b: f"{a} / {b}",
    lambda a, b: f"round({a} * {b} / 100, 2)",
)
