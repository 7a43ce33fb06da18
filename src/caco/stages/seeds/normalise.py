"""The making of a seed from the fields of any source: its identity and the form of its answer."""

import re

from caco.identity import digest
from caco.rows.seed import Seed
from caco.text.numbers import as_number, in_digits

_SURROGATE = re.compile("[\ud800-\udfff]")


def lone_surrogate(text: str) -> str | None:
    """Returns the first half of a character in a text, as `U+D800`, or None.

    JSON can hold one, and no file of rows can.
    """
    found = _SURROGATE.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def make_seed(
    source: str,
    problem: str,
    answer: str,
    *,
    solution: str | None = None,
    program: str | None = None,
    domain: str = "math",
    licence: str = "Apache-2.0",
) -> Seed:
    """Returns a seed, identified by its source, problem and answer, with stripped texts."""
    problem, answer = problem.strip(), answer_form(answer)
    return Seed(
        seed_id=digest("seed", source, problem, answer),
        source=source,
        domain=domain,
        problem=problem,
        solution=solution and solution.strip(),
        program=program,
        answer=answer,
        licence=licence,
    )


def answer_form(answer: str) -> str:
    """Returns an answer in canonical form.

    A number loses its currency sign, thousands separators and trailing zeros: `$1,234.50` is
    `1234.5`, `18.0` is `18`. Any other text is only stripped, scientific notation and the last
    digits of a number (`049`) included.
    """
    text = answer.strip()
    bare = text.replace("$", "")
    number = as_number(bare)
    digits = bare.lstrip("-\u2212")
    if number is None or "e" in bare.lower() or (digits[0] == "0" and digits[1:2].isdigit()):
        return text
    return in_digits(number)


def same_problem(problem: str) -> str:
    """Returns a key that is equal for problems that differ in letter case or whitespace only."""
    return " ".join(problem.casefold().split())
