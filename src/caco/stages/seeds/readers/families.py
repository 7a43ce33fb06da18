"""Easy problem families: generated problems with a program and a worked solution of our own.

They exist so that the whole loop closes with a model of 135M parameters after minutes of training
(docs/design.md): numbers are small, wordings regular, and each line of a solution needs one small
fact. The families themselves are the table in `caco.seeds.family_table`.
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
from caco.stages.seeds.families import arithmetic, lists, number_theory, stories
from caco.stages.seeds.families.family import Case, Family
from caco.stages.seeds.normalise import make_seed

FAMILIES = {
    **arithmetic.FAMILIES,
    **lists.FAMILIES,
    **number_theory.FAMILIES,
    **stories.FAMILIES,
}


def read(reader: Families, source: str) -> Iterator[Seed]:
    """Draws problems from the named families in turn.

    Raises:
        UserError: There is no family of a given name.
    """
    for name in reader.families:
        if name not in FAMILIES:
            near = get_close_matches(name, FAMILIES, n=1)
            raise UserError(
                f"`sources.{source}.seeds.families` names `{name}`, which is no family; "
                + (f"did you mean `{near[0]}`?" if near else f"there are {sorted(FAMILIES)}")
            )
    for row in range(reader.rows):
        name = reader.families[row % len(reader.families)]
        yield family_seed(FAMILIES[name], Random(f"{reader.seed}:{name}:{row}"), source)


def family_seed(family: Family, rng: Random, source: str) -> Seed:
    """Returns one problem of a family.

    The numbers are drawn with `rng`; they decide the wording and the program, so that no problem
    comes back in other words, and none of the held-out part is in the training part so disguised.
    """
    case = family.draw(rng)
    rng = Random(canonical_json([case.input, case.words]))
    words = {**case.words, **{name: _said(value) for name, value in case.input.items()}}
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


def _said(value: int | list[int]) -> str:
    """Returns numbers as a question states them: 7, or 3, 9 and 4."""
    if isinstance(value, int):
        return str(value)
    return f"{', '.join(map(str, value[:-1]))} and {value[-1]}"
