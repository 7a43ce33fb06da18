"""Easy problem families: generated problems with a program and a worked solution.

A model of 135M parameters can learn them in minutes of training, so that the complete loop runs on
a small machine (docs/design.md): numbers are small, wordings regular, and each step of a solution
needs one simple fact. The families are defined in `caco.stages.seeds.families`.
"""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from random import Random
from string import Template

from caco.config.sources import Families
from caco.errors import UserError
from caco.identity import canonical_json
from caco.rows.seed import Seed
from caco.stages.seeds.families import arithmetic, counting, lists, number_theory, stories
from caco.stages.seeds.families.family import Case, Family
from caco.stages.seeds.normalise import make_seed

FAMILIES = {
    **arithmetic.FAMILIES,
    **counting.FAMILIES,
    **lists.FAMILIES,
    **number_theory.FAMILIES,
    **stories.FAMILIES,
}


def read(reader: Families, source: str) -> Iterator[Seed]:
    """Generates problems of the named families in turn.

    Raises:
        UserError: A family does not exist.
    """
    for name in reader.families:
        if name not in FAMILIES:
            near = get_close_matches(name, FAMILIES, n=1)
            raise UserError(
                f"`sources.{source}.seeds.families` names `{name}`, which is not a family; "
                + (f"did you mean `{near[0]}`?" if near else f"choose from {sorted(FAMILIES)}")
            )
    for row in range(reader.rows):
        name = reader.families[row % len(reader.families)]
        yield family_seed(FAMILIES[name], Random(f"{reader.seed}:{name}:{row}"), source)


def family_seed(family: Family, rng: Random, source: str) -> Seed:
    """Returns one problem of a family.

    `rng` draws the numbers, and the numbers determine the wording and the program. So no problem
    recurs in another wording, in particular none of the held-out part in the training part.
    """
    case = family.draw(rng)
    rng = Random(canonical_json([case.input, case.words]))
    words = {**case.words, **{name: _number_text(value) for name, value in case.input.items()}}
    return make_seed(
        source,
        Template(rng.choice(family.questions)).substitute(words),
        str(case.answer),
        solution=case.solution,
        program=_program(case, rng.choice(family.programs)),
    )


def _program(case: Case, body: str) -> str:
    """Returns the Code CoT: the concrete numbers in `input`, then the family's body."""
    head = f"input = {json.dumps(case.input)}"
    return f"{head}\n\n{Template(body.strip()).substitute(case.words)}\n"


def _number_text(value: int | list[int]) -> str:
    """Returns numbers as a question states them: `7`, or `3, 9 and 4`."""
    if isinstance(value, int):
        return str(value)
    return f"{', '.join(map(str, value[:-1]))} and {value[-1]}"
