"""The converter `equations`: worked solutions become programs."""

import re

import pytest

from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.code_cots import form_violation
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.solution_program import converted, from_equations

NATALIA = """input = {"friends": 48}


def find_total_clips(friends):
    # Natalia sold clips in May.
    clips = friends / 2
    # Natalia sold clips altogether in April and May.
    return friends + clips


total_clips = round(find_total_clips(input["friends"]), 6)
output = int(total_clips) if total_clips == int(total_clips) else total_clips
print(output)
"""


def test_the_first_row_of_gsm8k(worded, computed):
    seed = worded(
        "Natalia sold clips to 48 of her friends in April, and then half as many in May.",
        "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n"
        "Natalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.",
        "72",
    )
    assert from_equations(seed) == NATALIA
    assert repr(computed(NATALIA)[1]) == "72"


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


def test_an_equation_before_a_mark_is_a_step(worded, computed):
    """A line may have marks for some of its equations only, or a mark of the result alone."""
    problem = "Ida has 20 pens and 30 nibs and gives 4 pieces to each of 10 guests."
    solution = "20 + 30 = 50 pieces, she gives 4*10=<<4*10=40>>40, 50 - 40 = <<50-40=10>>10 stay."
    assert computed(from_equations(worded(problem, solution, "10")))[1] == 10
    seed = worded("Ida has 18 pens and buys 20.", "She has 18+20 = <<38=38>>38 pens.", "38")
    assert computed(from_equations(seed))[0] == {"pens": 18, "buys": 20}


def test_percentages_of_the_problem_are_percentages_in_the_input(worded, computed):
    seed = worded("A 20% raise on 50 dollars?", "The raise is 50*.2=$<<50*.2=10>>10.", "10")
    program = from_equations(seed)
    assert computed(program) == ({"dollars": 50, "raise_percent": 20}, 10)
    assert "HUNDRED_PERCENT = 100\n" in program
    assert computed(program.replace(": 20", ": 30"))[1] == 15
    for written in ("50*.8", "50*80/100", "50*(1-.2)"):
        seed = worded("A shop takes 20% off 50 dollars.", f"It costs {written} = $40.", "40")
        program = from_equations(seed)
        assert computed(program.replace(": 20", ": 30"))[1] == 35, program
    seed = worded("5 of 20 nails are blue.", "That is 5 nails / 20 nails * 100% = 25%.", "25")
    assert computed(from_equations(seed)) == ({"nails": 5, "nails_blue": 20}, 25)


def test_numbers_in_words_become_inputs(worded, computed):
    problem = "Tom has twenty apples and thirty-five plums. He gives away half."
    solution = "<<20+35=55>>55 fruits, and <<55*.5=27.5>>27.5 are left."
    inputs, output = computed(from_equations(worded(problem, solution, "27.5")))
    assert sorted(inputs.values()) == [20, 35] and output == 27.5


def test_usual_constants_have_names_and_are_no_inputs(worded, computed):
    cases = [
        ("Bo drives 30 miles an hour. How far in 20 minutes?", "30/60=<<30/60=.5>>.5 miles a "
         "minute, so 20*.5=<<20*.5=10>>10", "MINUTES_PER_HOUR = 60", 10),
        ("Bo eats 3 figs a day. How many in a week?", "<<3*7=21>>21", "DAYS_PER_WEEK = 7", 21),
        ("Bo has 3 dozen eggs. How many eggs?", "<<3*12=36>>36", "DOZEN = 12", 36),
        ("Bo is 2 dozen years old. How many years?", "<<2*12=24>>24", "DOZEN = 12", 24),
        ("Bo has 5 feet of rope. How many inches?", "<<5*12=60>>60", "INCHES_PER_FOOT = 12", 60),
        ("Bo has 300 cents. How many dollars?", "<<300/100=3>>3", "CENTS_PER_DOLLAR = 100", 3),
    ]  # fmt: skip
    for problem, solution, constant, answer in cases:
        program = from_equations(worded(problem, solution, str(answer)))
        assert f"\n{constant}\n" in program, program
        inputs, output = computed(program)
        assert output == answer
        assert int(constant.split()[-1]) not in inputs.values()


def test_a_rounded_step_is_rounded_in_the_program(worded, computed):
    solution = "It is <<100/3=33.33>>33.33, twice <<33.33*2=66.66>>66.66."
    seed = worded("Share 100 by 3. What have two?", solution, "66.66")
    assert computed(from_equations(seed))[1] == pytest.approx(66.66)
    seed = worded("Share 101 by 3, to the nearest integer.", "<<101/3=34>>34", "34")
    assert computed(from_equations(seed))[1] == 34


def test_a_result_rounded_to_an_integer_for_no_stated_reason_is_ambiguous(worded):
    with pytest.raises(NotConvertible, match="is rounded") as failed:
        from_equations(worded("34% of 60 pupils dance.", "<<60*.34=20>>20", "20"))
    assert failed.value.verdict == "ambiguous"


def test_changing_an_input_changes_the_output(worded, computed):
    seed = worded("Ann has 2 pens, buys 3 and loses 1.", "<<2+3=5>> then <<5-1=4>>", "4")
    program = from_equations(seed)
    assert computed(program)[1] == 4
    for old, new in [('"pens": 2', '"pens": 9'), ("3", "8")]:
        assert computed(program.replace(old, new, 1))[1] != 4


def test_integers_are_printed_as_integers(worded, computed):
    seed = worded("Share 6 figs by 4.", "<<6/4=1.5>>1.5", "1.5")
    program = from_equations(seed)
    assert repr(computed(program)[1]) == "1.5"
    assert repr(computed(program.replace(": 6", ": 8"))[1]) == "2"
    seed = worded("3 bags of 0.1 kg?", "<<3*.1=.3>>.3", "0.3")
    program = from_equations(seed)
    assert repr(computed(program)[1]) == "0.3"


def test_no_name_has_a_number_where_the_text_has_words(worded):
    problem = (
        "Mia sold 12 red roses at $2 each and 15 white roses at $3 each. She spent $9 on a vase."
    )
    solution = (
        "The red roses brought 12*2 = $<<12*2=24>>24.\nThe white roses brought 15*3 = "
        "$<<15*3=45>>45.\nShe earned 24+45 = $<<24+45=69>>69 and keeps 69-9 = $<<69-9=60>>60."
    )
    program = from_equations(worded(problem, solution, "60"))
    assert not re.search(r"[a-z]_\d|\bstep\b|\bamount\b", program), program


def test_comments_state_no_number(worded):
    solution = (
        "There are 5 broken marbles because 50 x .1 = <<50*.1=5>>5\n"
        "In 2009 and 2010 he found 30 + 5 = <<30+5=35>>35 marbles."
    )
    problem = "10% of 50 marbles are broken. He finds 30 marbles."
    program = from_equations(worded(problem, solution, "35"))
    comments = re.findall(r"#.*", program)
    assert comments == ["# There are broken marbles."]


def test_a_result_that_only_the_next_step_uses_is_local(worded):
    problem = "They paint 3 rooms with 4 litres per room and get a 20% discount."
    solution = (
        "They need 3*4 = <<3*4=12>>12 litres.\n"
        "They pay 12 - 12*20/100 = <<12-12*20/100=9.6>>9.6 litres."
    )
    program = from_equations(worded(problem, solution, "9.6"))
    assert program.count("def ") == 1
    assert "    litres = rooms * litres_per_room\n" in program


def test_steps_that_the_result_does_not_need_are_left_out(worded, computed):
    solution = "<<9-4=5>>5 figs. Check: <<5+4=9>>9 figs.\nShe sells <<5*3=15>>15 dollars."
    seed = worded("Eve has 9 figs, eats 4 and sells the rest at $3 each.", solution, "15")
    inputs, output = computed(from_equations(seed))
    assert sorted(inputs.values()) == [3, 4, 9] and output == 15


def test_names_are_identifiers_and_shadow_no_builtin(worded, computed):
    problem = "There are 2 classes, 3 prints, 4 print, 5 lambda, 6 input and 7 ones."
    solution = "<<2+3=5>>5 output\n<<5+4=9>>9 print\n<<9+6=15>>15 sum\n<<15+7=22>>22 str"
    program = from_equations(worded(problem, solution, "22"))
    assert computed(program)[1] == 22
    assert form_violation(program) is None


def test_inputs_are_traced_to_the_question(worded):
    problem = "Ann has 2 pens, buys 3 and loses 1."
    found = converted(worded(problem, "<<2+3=5>> then <<5-1=4>>", "4")).inputs
    assert [problem[q.start : q.end] for q in found.values()] == ["2", "3", "1"]


@pytest.mark.parametrize(
    ("solution", "verdict", "why"),
    [
        ("He just knows.", "not_convertible", "states no equation"),
        ("<<3+4=8>>8", "not_convertible", "does not hold"),
        ("<<560//10=56>>56", "not_convertible", "the mark `560//10=56`"),
        ("<<3/0=0>>0", "not_convertible", "divides by zero"),
        ("<<x+1=2>>", "not_convertible", "the mark `x\\+1=2`"),
        ("<<3+5=8>>8", "unexplained_constant", "5 in"),
        ("<<1+1=2>>2", "no_stated_number", "no number of the question"),
    ],
)
def test_the_reason_of_a_failed_conversion(worded, solution, verdict, why):
    with pytest.raises(NotConvertible, match=why) as failed:
        from_equations(worded("There are 3 of 4.", solution, "8"))
    assert failed.value.verdict == verdict


def test_a_seed_without_a_solution_is_not_convertible():
    with pytest.raises(NotConvertible, match="no worked solution"):
        from_equations(make_seed("s", "What?", "1"))
