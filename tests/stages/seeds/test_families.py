"""The problem families: what a tiny model is to learn must itself be right."""

import ast
import contextlib
import io
import re
from random import Random

import pytest

from caco.config.sources import Families
from caco.errors import UserError
from caco.grading.extraction import final_answer
from caco.stages.unify.code_cots import departs
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
    """Our own text, so it may run here; foreign programs never do."""
    names = {}
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
        assert departs(seed.program) is None
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
        given = sorted(flat(executed(seed.program)[0]["input"].values()))
        assert stated == given, (seed.problem, given)


def test_the_solution_ends_with_the_answer(seeds):
    for seed in seeds:
        assert final_answer(f"{seed.solution} {closing(seed.answer)}") == seed.answer


def test_every_equation_of_the_solution_holds(seeds):
    for seed in seeds:
        for left, right in re.findall(r"(\d+(?: [-+*] \d+)+) = (\d+)", seed.solution):
            assert eval(left) == int(right), seed.solution


def test_the_answer_is_the_last_number_of_the_solution(seeds):
    for seed in seeds:
        assert re.findall(r"\d+", seed.solution)[-1] == seed.answer


def test_the_same_numbers_come_back_in_the_same_words():
    by_input = {}
    names = ["largest", "gcd", "products"]
    for seed in readers_families.read(
        Families(reader="families", families=names, rows=300), "easy"
    ):
        given = seed.program.splitlines()[0] + seed.program.split("def ")[1].split("(")[0]
        assert by_input.setdefault(given, seed.problem) == seed.problem


def test_a_draw_is_the_same_in_every_run():
    reader = Families(reader="families", families=sorted(FAMILIES), rows=40, seed=7)
    assert list(readers_families.read(reader, "easy")) == list(
        readers_families.read(reader, "easy")
    )
    other = reader.model_copy(update={"seed": 8})
    assert list(readers_families.read(other, "easy")) != list(readers_families.read(reader, "easy"))


def test_a_misspelt_family_is_named():
    reader = Families(reader="families", families=["gdc"], rows=1)
    with pytest.raises(UserError, match="`gdc`, which is no family; did you mean `gcd`"):
        list(readers_families.read(reader, "easy"))
