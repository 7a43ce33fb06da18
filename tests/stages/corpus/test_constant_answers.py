"""Families whose accepted answers do not vary although the outputs of their programs do."""

import random

import pytest

from caco.stages.corpus.families import families, family_key
from caco.syntax import family_id

CHANCE = 0.001


def _constant(judged, verified, chance=CHANCE):
    return families(judged, verified, chance).constant


@pytest.fixture
def family(verified, solution):
    """Makes the verified programs of a family with these outputs, and rows of the accepted ones."""

    def make(outputs, accepted):
        programs = [verified(n, output=str(value)) for n, value in enumerate(outputs)]
        return [solution(n, output=programs[n].output) for n in accepted], programs

    return make


def test_programs_that_differ_in_their_input_only_are_a_family():
    program = "input = {'a': 3, 'b': [1, -2]}\noutput = input['a'] * 2\n"
    same = "# A comment.\ninput={'a': 4}\noutput = (input['a'] * 2)"
    assert family_id(program) == family_id(same)
    assert family_id(program) != family_id(program.replace("* 2", "* 3"))
    assert family_id(program) != family_id(program.replace("output", "result"))
    computed = "input = {'a': len('abc')}\noutput = input['a'] * 2\n"
    assert family_id(computed) != family_id(program)
    assert family_id("input = (") != family_id("input = [")


def test_a_family_whose_accepted_answers_do_not_vary_is_constant(family):
    outputs = [n % 10 for n in range(100)]
    judged, programs = family(outputs, [3, 13, 23, 33])
    assert _constant(judged, programs) == {family_key(judged[0].program)}


def test_another_answer_makes_it_an_ordinary_family(family):
    outputs = [n % 10 for n in range(100)]
    assert not _constant(*family(outputs, [3, 13, 23, 33, 4]))


def test_answers_that_are_written_in_two_ways_are_one_answer(family):
    judged, programs = family([3, 3.0, *range(4, 60)], [0, 1])
    assert judged[0].output != judged[1].output
    assert _constant(judged, programs)


def test_a_family_whose_outputs_do_not_vary_is_not_constant(family):
    assert not _constant(*family([3] * 100, range(50)))
    assert not _constant(*family([3] * 99 + [4], range(50)))


@pytest.mark.parametrize(("accepted", "constant"), [(9, False), (11, True)])
def test_of_two_outputs_eleven_equal_answers_are_no_chance(family, accepted, constant):
    outputs = ["true", "false"] * 2_000
    assert bool(_constant(*family(outputs, range(0, 2 * accepted, 2)))) == constant


@pytest.mark.parametrize(("size", "constant"), [(12, False), (13, True)])
def test_nothing_is_said_of_a_family_with_fewer_than_13_programs(family, size, constant):
    accepted = size // 2
    outputs = [0] * accepted + list(range(1, size - accepted + 1))
    assert bool(_constant(*family(outputs, range(accepted)))) == constant


def test_one_accepted_program_is_no_sign_of_anything(family, solution):
    judged, programs = family(range(1_000), [5])
    variants = [solution(5, output="5", question_id=f"variant {n}") for n in range(9)]
    assert not _constant([*judged, *variants], programs)


def test_a_program_in_two_shards_counts_once(family):
    judged, programs = family([0, 0, *range(1, 50)], [0, 1])
    assert len(programs) == 51
    assert _constant(judged, programs)
    again = [*programs, *([programs[0]] * 500)]
    assert _constant(judged, again)


def test_a_program_that_is_not_verified_condemns_no_family(family):
    judged, _ = family([0, 0, 1], [0, 1])
    assert not _constant(judged, [])


def test_an_honest_solver_has_constant_answers_by_chance_only(family):
    rng = random.Random(0)
    found = 0
    for _ in range(600):
        outputs = [rng.choice((0, 0, 0, 1, 2)) for _ in range(40)]
        judged, programs = family(outputs, rng.sample(range(40), 6))
        found += bool(_constant(judged, programs, chance=0.05))
    assert 0 < found <= 600 * 0.05


def test_the_largest_families_have_their_counts(family):
    judged, programs = family([0, 0, 1, 2, 2], [0, 2])
    ((key, counts),) = families(judged, programs, CHANCE).largest
    assert key == family_key(judged[0].program)
    assert (counts.accepted, counts.verified, len(counts.outputs)) == (2, 5, 3)
    assert counts.answer is None
