"""The problem families: answers, programs, solutions and questions agree."""

import ast
import contextlib
import io
import re
from random import Random
from typing import Any

import pytest

from caco.answers.extraction import final_answer
from caco.config.sources import Families
from caco.errors import UserError
from caco.stages.unify.code_cots import form_violation
from caco.text.answers import closing

pytest.importorskip("reasoning_gym")
from caco.stages.seeds.readers import families as readers_families
from caco.stages.seeds.readers.families import FAMILIES, family_seed

DRAWS = 60


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def seeds(request):
    family = FAMILIES[request.param]
    return [family_seed(family, Random(n), "easy") for n in range(DRAWS)]


def executed(program):
    """Executes a program of this project, which is trusted; others run only in the sandbox."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(program, names)
    return names, printed.getvalue()


def flat(values):
    return [n for v in values for n in (v if isinstance(v, list) else [v])]


def test_the_program_computes_the_answer(seeds):
    for seed in seeds:
        names, printed = executed(seed.program)
        assert str(names["output"]) == seed.answer == printed.strip(), seed.program


def test_the_program_is_a_code_cot(seeds):
    for seed in seeds:
        assert form_violation(seed.program) is None
        lines = [
            line
            for line in map(str.strip, seed.program.splitlines())
            if line and not line.startswith(("#", "import", "from"))
        ]
        assert len(lines) >= 6, seed.program
        tree = ast.parse(seed.program)
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        used |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        assert set(executed(seed.program)[0]["input"]) <= used, seed.program


def test_the_question_states_every_input_and_no_other_number(seeds):
    for seed in seeds:
        stated = sorted(map(int, re.findall(r"\d+", seed.problem)))
        inputs = sorted(flat(executed(seed.program)[0]["input"].values()))
        assert stated == inputs, (seed.problem, inputs)


def test_the_solution_ends_with_the_answer(seeds):
    for seed in seeds:
        assert final_answer(f"{seed.solution} {closing(seed.answer)}") == seed.answer


def test_every_equation_of_the_solution_holds(seeds):
    for seed in seeds:
        for left, right in re.findall(
            r"(\d+(?: [-+*] \d+)+) = (?=(\d+(?: [-+*] \d+)*))", seed.solution
        ):
            assert eval(left) == eval(right), seed.solution


def test_the_answer_is_the_last_number_of_the_solution(seeds):
    for seed in seeds:
        assert re.findall(r"\d+", seed.solution)[-1] == seed.answer


def test_equal_numbers_have_equal_wordings():
    by_input: dict[str, str] = {}
    names = ["largest", "gcd", "products"]
    for seed in readers_families.read(
        Families(reader="families", families=names, rows=300), "easy"
    ):
        assert seed.program is not None
        key = seed.program.splitlines()[0] + seed.program.split("def ")[1].split("(")[0]
        assert by_input.setdefault(key, seed.problem) == seed.problem


def test_the_problems_are_the_same_in_every_run():
    reader = Families(reader="families", families=sorted(FAMILIES), rows=40, seed=7)
    assert list(readers_families.read(reader, "easy")) == list(
        readers_families.read(reader, "easy")
    )
    other = reader.model_copy(update={"seed": 8})
    assert list(readers_families.read(other, "easy")) != list(readers_families.read(reader, "easy"))


def test_a_misspelt_family_is_reported():
    reader = Families(reader="families", families=["gdc"], rows=1)
    with pytest.raises(UserError, match="`gdc`, which is not a family; did you mean `gcd`"):
        list(readers_families.read(reader, "easy"))
