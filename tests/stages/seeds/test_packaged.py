"""Sources in the package reasoning-gym."""

import ast
import re

import pytest
from tests.stages.seeds.reading import read_whole

from caco.config.sources import CodeIO, Families, GsmSymbolic
from caco.errors import UserError
from caco.stages.seeds.normalise import answer_form, same_problem

pytest.importorskip("reasoning_gym")


def test_gsm_symbolic_questions_have_no_formatting_instruction():
    read = read_whole(GsmSymbolic(reader="gsm_symbolic", rows=200, held_out=20), "symbolic")
    for seed in [*read.train, *read.held_out]:
        assert not re.search(r"final answer|Do not include", seed.problem), seed.problem
        assert seed.answer == answer_form(seed.answer)
        assert "####" not in (seed.solution or "")
    assert len(read.train) + len(read.held_out) + len(read.rejected) == 200


def test_no_held_out_problem_is_in_the_training_part():
    reader = Families(reader="families", families=["lcm", "gcd"], rows=300, held_out=40)
    read = read_whole(reader, "easy")
    assert len(read.held_out) == 40
    train = {same_problem(s.problem) for s in read.train}
    held_out = {same_problem(s.problem) for s in read.held_out}
    assert len(train) == len(read.train)
    assert not train & held_out
    assert {r.verdict for r in read.rejected} == {"duplicate"}
    assert len(read.train) + 40 + len(read.rejected) == 300
    assert read == read_whole(reader, "easy")


def test_a_held_out_part_without_training_seeds_left_is_an_error():
    reader = Families(reader="families", families=["lcm"], rows=20, held_out=20)
    with pytest.raises(UserError, match=r"`sources.easy.seeds.held_out` is 20, but .* only"):
        read_whole(reader, "easy")


def test_codeio_seeds_have_both_functions_and_no_answer():
    read = read_whole(CodeIO(reader="codeio", rows=50, max_chars=1500), "codeio")
    assert len(read.train) == 50 and not read.held_out
    for seed in read.train:
        assert seed.program is not None
        names = {n.name for n in ast.parse(seed.program).body if isinstance(n, ast.FunctionDef)}
        assert "main_solution" in names
        assert len(seed.program) <= 1500
        assert seed.answer == ""


def test_more_rows_than_codeio_has_are_an_error():
    with pytest.raises(UserError, match=r"`sources.codeio.seeds.rows` is 9000, but CodeI/O has"):
        read_whole(CodeIO(reader="codeio", rows=9000), "codeio")
