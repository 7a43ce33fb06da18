"""The converter `equations`: worked solutions become programs."""

from fractions import Fraction

import pytest

from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.code_cots import NotConvertible, form_violation
from caco.stages.unify.converters.equations import from_equations, stated_numbers

NATALIA = """input = {"friends": 48}


def find_clips(friends):
    # Natalia sold 48/2 = 24 clips in May.
    return friends / 2


def find_clips_2(friends, clips):
    # Natalia sold 48+24 = 72 clips altogether in April and May.
    return friends + clips


clips = find_clips(input["friends"])
clips_2 = find_clips_2(input["friends"], clips)
output = clips_2
print(output)
"""


def test_the_first_row_of_gsm8k(worded):
    seed = worded(
        "Natalia sold clips to 48 of her friends in April, and then half as many in May.",
        "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n"
        "Natalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.",
        "72",
    )
    assert from_equations(seed) == NATALIA


def test_plain_equations_may_have_units_and_bullets(worded, computed):
    seed = worded(
        "A carpenter works 7 days every week and 5 weeks every month at €100 a day.",
        "- 7 days/week * 5 weeks/month = 35 days/month\n1. 35 \u00d7 €100 = €3500 a month",
        "3500",
    )
    inputs, output = computed(from_equations(seed))
    assert output == 3500
    assert sorted(inputs.values()) == [5, 7, 100]


def test_marks_and_plain_lines_may_mix(worded, computed):
    solution = "Dante has 14 x 3 = <<14*3=42>>42.\nTherefore 42 - 10 = 32 are left."
    seed = worded("Dante has three times 14 nuts and sells 10.", solution, "32")
    assert computed(from_equations(seed))[1] == 32


def test_percentages_of_the_problem_are_percentages_in_the_input(worded, computed):
    seed = worded("A 20% raise on 50 dollars?", "The raise is 50*.2=$<<50*.2=10>>10.", "10")
    program = from_equations(seed)
    assert computed(program) == ({"dollars": 50, "percent": 20}, 10)
    assert "percent / 100" in program
    seed = worded("5 of 20 nails are blue.", "That is 5 nails / 20 nails * 100% = 25%.", "25")
    assert computed(from_equations(seed))[1] == 25


def test_numbers_in_words_become_inputs(worded, computed):
    problem = "Tom has twenty apples, thirty-five plums and a dozen pears. He gives away half."
    solution = "<<20+35+12=67>>67 fruits, and <<67*.5=33.5>>33.5 are left."
    inputs, output = computed(from_equations(worded(problem, solution, "33.5")))
    assert sorted(inputs.values()) == [0.5, 12, 20, 35] and output == 33.5
    assert stated_numbers("1/4 of two dozen eggs in 400 A4 boxes") == {
        Fraction(1, 4): "amount",
        1: "amount",
        4: "amount",
        24: "eggs",
        2: "amount",
        12: "eggs",
        400: "boxes",
    }


def test_a_product_that_the_solution_computes_is_no_input(worded, computed):
    solution = "Tom has <<3*12=36>>36. Ann has <<36/2=18>>18. Both have <<36+18=54>>54."
    seed = worded("Tom has 3 dozen eggs, Ann half as many. How many have both?", solution, "54")
    assert computed(from_equations(seed)) == ({"amount": 3, "eggs": 12}, 54)
    seed = worded("Tom earns $2 million and spends 5 dollars.", "<<2000000-5=1999995>>", "1999995")
    assert computed(from_equations(seed))[0] == {"spends": 2000000, "dollars": 5}


def test_a_rounded_step_is_rounded_in_the_program(worded, computed):
    seed = worded(
        "Share 100 by 3.", "It is <<100/3=33.33>>33.33, twice <<33.33*2=66.66>>.", "66.66"
    )
    assert computed(from_equations(seed))[1] == pytest.approx(66.66)


def test_changing_an_input_changes_the_output(worded, computed):
    seed = worded("Ann has 2 pens, buys 3 and loses 1.", "<<2+3=5>> then <<5-1=4>>", "4")
    program = from_equations(seed)
    assert computed(program)[1] == 4
    for old, new in [('"pens": 2', '"pens": 9'), ("3", "8")]:
        assert computed(program.replace(old, new, 1))[1] != 4


def test_a_problem_without_numbers_has_inputs(worded, computed):
    seed = worded("How many minutes has a day?", "<<24*60=1440>>1440", "1440")
    inputs, output = computed(from_equations(seed))
    assert sorted(inputs.values()) == [24, 60] and output == 1440


def test_names_are_identifiers_and_shadow_no_builtin(worded, computed):
    problem = "There are 2 classes, 3 prints, 4 print, 5 lambda, 6 input and 7 2nd ones."
    solution = "<<2+3=5>>5 output\n<<5+4=9>>9 print\n<<9+6=15>>15 sum\n<<15+7=22>>22 str"
    program = from_equations(worded(problem, solution, "22"))
    assert computed(program)[1] == 22
    assert form_violation(program) is None


@pytest.mark.parametrize(
    ("solution", "why"),
    [
        ("He just knows.", "states no equation"),
        ("<<3+4=8>>8", "does not hold"),
        ("<<560//10=56>>56", "the mark `560//10=56`"),
        ("<<3/0=0>>0", "divides by zero"),
        ("<<x+1=2>>", "the mark `x\\+1=2`"),
    ],
)
def test_the_reason_of_a_failed_conversion(worded, solution, why):
    with pytest.raises(NotConvertible, match=why):
        from_equations(worded("There are 3 of 4.", solution, "8"))


def test_a_seed_without_a_solution_is_not_convertible():
    with pytest.raises(NotConvertible, match="no worked solution"):
        from_equations(make_seed("s", "What?", "1"))
