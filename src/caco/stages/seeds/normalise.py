"""How a seed is made, whatever its source: one identity, one way to write an answer."""

import re

from caco.identity import digest
from caco.rows.seed import Seed

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")


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
    """Returns a seed named by its source, problem and answer; texts lose outer white space."""
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
    """Returns an answer in the one form seeds have.

    A number loses its currency sign, thousands commas and trailing zeros: `$1,234.50` is `1234.5`,
    `18.0` is `18`. Anything else is kept as it is.
    """
    text = answer.strip()
    bare = text.replace("$", "").replace("\u2212", "-").strip()
    if not bare or not any(c.isdigit() for c in bare) or not _NUMBER.fullmatch(bare):
        return text
    bare = bare.replace(",", "")
    if "." in bare:
        bare = bare.rstrip("0").rstrip(".")
        bare = re.sub(r"^(-?)\.", r"\g<1>0.", bare)
    return "0" if bare in ("-0", "-", "") else bare


def same_problem(problem: str) -> str:
    """Returns a text that is equal for problems that differ in letter case or white space."""
    return " ".join(problem.casefold().split())
