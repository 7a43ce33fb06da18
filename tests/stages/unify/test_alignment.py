"""What the numbers of a worked solution refer to: each test is a fault of matching by value."""

import re

import pytest

from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.solution_program import converted


@pytest.fixture
def with_numbers(worded, computed):
    """Converts a solution, and executes its program with other numbers of the question."""

    def run(problem, solution, numbers):
        """`numbers`: a new value for each number of the question, by its text and position."""
        found = converted(worded(problem, solution, ""))
        values = []
        for quantity in found.inputs.values():
            written = problem[quantity.start : quantity.end]
            nth = len(re.findall(rf"\b{re.escape(written)}(?!\d)", problem[: quantity.end]))
            values.append(numbers.pop((written, nth)))
        assert not numbers, f"no input for {numbers} in {found.program}"
        _, _, rest = found.program.partition("\n")
        inputs = dict(zip(found.inputs, values, strict=True))
        return computed(f"input = {inputs}\n{rest}")[1]

    return run


def rejection(worded, problem, solution):
    with pytest.raises(NotConvertible) as failed:
        converted(worded(problem, solution, ""))
    return failed.value.verdict, str(failed.value)


def test_equal_numbers_of_different_nouns_are_two_inputs(with_numbers):
    problem = "A crate holds 6 jars and each jar holds 6 plums. How many plums are in 5 crates?"
    solution = "A crate holds 6 jars * 6 plums = 36 plums.\n5 crates hold 5 * 36 = 180 plums."
    numbers = {("6", 1): 2, ("6", 2): 7, ("5", 1): 3}
    assert with_numbers(problem, solution, numbers) == 42
    problem = "Lea bought 3 cakes for $8 each and 8 buns for $2 each."
    solution = (
        "The cakes cost 3*8=$<<3*8=24>>24.\nThe buns cost 8*2=$<<8*2=16>>16.\n"
        "Lea paid 24+16=$<<24+16=40>>40."
    )
    numbers = {("3", 1): 1, ("8", 1): 10, ("8", 2): 4, ("2", 1): 5}
    assert with_numbers(problem, solution, numbers) == 30


def test_equal_numbers_without_evidence_are_ambiguous(worded):
    problem = "Ann has 4 pens. She buys 4 more, then gives away twice what she bought."
    solution = "<<4*2=8>>8\n<<8-4=4>>4"
    verdict, why = rejection(worded, problem, solution)
    assert verdict == "ambiguous"
    assert "may be the number at character" in why


def test_the_order_of_equal_terms_does_not_matter(with_numbers):
    problem = "Ann has 4 pens and Bea has 4 pens. How many have both?"
    assert with_numbers(problem, "<<4+4=8>>8", {("4", 1): 1, ("4", 2): 9}) == 10


def test_a_quantity_that_is_named_again_is_one_input(with_numbers):
    problem = (
        "Ron invites 3 friends. A ticket costs $12. What do the tickets of his 3 friends cost?"
    )
    assert with_numbers(problem, "3 * $12 = $36", {("3", 1): 5, ("12", 1): 10}) == 50


def test_a_unit_is_not_taken_for_a_quantity_of_equal_value(with_numbers):
    problem = "Kim reads 60 pages in 3 hours. How many minutes does she need for a page?"
    solution = "She reads for 3 hours * 60 minutes/hour = 180 minutes.\n180 / 60 pages = 3 minutes."
    assert with_numbers(problem, solution, {("60", 1): 20, ("3", 1): 2}) == 6


def test_a_unit_is_not_taken_for_a_result_of_equal_value(with_numbers):
    problem = "A belt moves 20 boxes a minute. How many does it move in 3 minutes and in 2 hours?"
    solution = (
        "In 3 minutes it moves 20 * 3 = 60 boxes.\n"
        "2 hours are 2 hours * 60 minutes/hour = 120 minutes.\n"
        "In 120 minutes it moves 20 * 120 = 2400 boxes.\nIn all 60 + 2400 = 2460 boxes."
    )
    assert with_numbers(problem, solution, {("20", 1): 1, ("3", 1): 7, ("2", 1): 1}) == 67


def test_an_intermediate_result_is_not_taken_for_a_quantity_of_equal_value(with_numbers):
    problem = "Jo has 12 apples and buys 8 more. She shares them among 20 bags and sells 5 bags."
    solution = (
        "Jo has 12 apples + 8 apples = 20 apples.\nA bag gets 20 apples / 20 bags = 1 apple.\n"
        "She sells 5 bags * 1 apple = 5 apples."
    )
    numbers = {("12", 1): 30, ("8", 1): 10, ("20", 1): 10, ("5", 1): 3}
    assert with_numbers(problem, solution, numbers) == 12


def test_the_latest_of_two_equal_results_is_used(with_numbers):
    problem = "Ed has 30 red and 40 blue pens. He sells 10 red and 20 blue pens, then loses 5 blue."
    solution = (
        "30 - 10 = 20 red pens are left.\n40 - 20 = 20 blue pens are left.\n"
        "20 blue pens - 5 = 15 blue pens.\n20 red pens + 15 blue pens = 35 pens."
    )
    numbers = {("30", 1): 31, ("40", 1): 50, ("10", 1): 1, ("20", 1): 10, ("5", 1): 4}
    assert with_numbers(problem, solution, numbers) == 66


def test_half_is_a_constant_although_a_quantity_is_2(with_numbers):
    problem = "A pizza has 8 pieces. Ben eats 2 pieces and Cid half of what is left."
    solution = "8 - 2 = 6 pieces are left.\nCid eats half, 6 / 2 = 3 pieces."
    assert with_numbers(problem, solution, {("8", 1): 13, ("2", 1): 3}) == 5


def test_a_percentage_is_not_taken_for_an_amount(with_numbers):
    problem = "A school has 100 pupils. 60% play chess and 25% of the others sing."
    solution = (
        "60% of 100 pupils play chess, .6*100 = <<.6*100=60>>60 pupils.\n"
        "The others are 100-60 = <<100-60=40>>40 pupils.\n"
        "Of them .25*40 = <<.25*40=10>>10 sing.\n60 players + 10 = <<60+10=70>>70 pupils."
    )
    numbers = {("100", 1): 200, ("60%", 1): 50, ("25%", 1): 10}
    assert with_numbers(problem, solution, numbers) == 110


def test_a_factor_multiplies_and_a_difference_adds(with_numbers):
    problem = "Sam is 20 years old. In 5 years Max will be 5 times as old as Sam is now."
    solution = "In 5 years Max will be 20*5=100.\nNow Max is 100-5=95 years old."
    assert with_numbers(problem, solution, {("20", 1): 10, ("5", 1): 7, ("5", 2): 3}) == 23


def test_nothing_of_the_solution_becomes_an_input(worded):
    verdict, why = rejection(worded, "How old is Zoe?", "Zoe is <<30+12=42>>42.")
    assert verdict == "unexplained_constant" and "30" in why
    verdict, _ = rejection(worded, "How many minutes has a day?", "<<24*60=1440>>1440")
    assert verdict == "no_stated_number"


def test_a_number_that_nothing_explains_is_rejected(worded):
    problem = "Uma sells 3 cakes for $5 each."
    verdict, why = rejection(worded, problem, "<<3*5=15>>15\n<<15-4=11>>11")
    assert verdict == "unexplained_constant"
    assert "4 in `11` is neither stated, nor computed" in why or "4 in" in why
    # 60 is usual only where the text speaks of minutes and hours.
    verdict, _ = rejection(worded, problem, "<<3*60=180>>180")
    assert verdict == "unexplained_constant"


def test_a_count_of_what_is_listed_is_not_taken_for_a_result(worded):
    problem = (
        "Hal has three cats. The first drinks 1.5 cups a day. The second drinks twice as much, the "
        "third 2.5 cups more than the second. How many cups should Hal pour for his three cats?"
    )
    solution = (
        "The second cat drinks 1.5*2 = <<1.5*2=3>>3 cups.\nThe third cat drinks 3+2.5 = "
        "<<3+2.5=5.5>>5.5 cups.\nHal should pour 1.5+3+5.5 = <<1.5+3+5.5=10>>10 cups."
    )
    assert rejection(worded, problem, solution)[0] == "ambiguous"


def test_both_parts_of_a_fraction_are_of_the_same_fraction(with_numbers):
    problem = "Pia has $200. She gives 3/8 to Quin and 3/10 to Ray."
    solution = (
        "Quin gets 3/8 x $200 = $<<3/8*200=75>>75.\nRay gets 3/10 x $200 = $<<3/10*200=60>>60.\n"
        "Both get 75 + 60 = $<<75+60=135>>135."
    )
    numbers = {("200", 1): 40, ("3", 1): 1, ("8", 1): 4, ("3", 2): 7, ("10", 1): 10}
    assert with_numbers(problem, solution, numbers) == 38


def test_a_sum_lists_each_result_once(with_numbers):
    problem = (
        "A pan pops 50 kernels, then 3 times that, 400 more, half of these, and a quarter of it."
    )
    solution = (
        "Then 3 * 50 = 150 kernels pop.\nThen 400 / 2 = 200 kernels pop.\n"
        "A quarter is 200 / 4 = 50 kernels.\nIn all 50 + 150 + 400 + 200 + 50 = 850 kernels."
    )
    numbers = {("50", 1): 10, ("3", 1): 2, ("400", 1): 80}
    assert with_numbers(problem, solution, numbers) == 10 + 20 + 80 + 40 + 10


def test_two_differences_are_not_added(with_numbers):
    problem = "Mia ate 3 slices, Leo 8 more than Mia, and Zoe 3 more than Leo. How many in all?"
    solution = (
        "Leo ate 3 + 8 = 11 slices.\nZoe ate 11 + 3 = 14 slices.\n"
        "They ate a total of 3 + 11 + 14 = 28 slices."
    )
    assert with_numbers(problem, solution, {("3", 1): 5, ("8", 1): 1, ("3", 2): 2}) == 19


def test_a_percentage_is_not_taken_for_the_rest_of_another(with_numbers):
    problem = "Of 64 balls 75% are golf balls, and 25% of the golf balls are blue. How many?"
    solution = "golf balls:64 * 0.75=48\nblue golf balls:48*0.25=12 balls"
    assert with_numbers(problem, solution, {("64", 1): 100, ("75%", 1): 50, ("25%", 1): 10}) == 5


def test_the_unit_of_a_rate_is_not_what_is_counted(with_numbers):
    problem = (
        "The usual brand of tea costs $20 per kg. Ed has to buy a brand that costs 15% more. He "
        "buys a week's worth of tea and he uses 3 kg of tea per day. He also buys a muffin for $2."
        " How much did everything cost?"
    )
    solution = (
        "The tea he bought was 20*0.15=3.0 more expensive per kg than what he normally buys\n"
        "So it cost 20+3.0=23.0 per kg\nHe goes through 3*7=21 kgs of tea a week\n"
        "So he paid 23.0*21=483.0 on tea\nThat means his total bill was 483.0+2=485.0"
    )
    numbers = {("20", 1): 10, ("15%", 1): 50, ("3", 1): 1, ("2", 1): 5}
    assert with_numbers(problem, solution, numbers) == 15 * 7 + 5


def test_a_digit_after_a_label_is_no_quantity_that_a_solution_needs(worded):
    problem = "There are 20 boys in grade 2 and twice that number in grade 3. How many in both?"
    solution = "In grade 3 there are 20 * 2 = 40 pupils.\nIn both there are 20 + 40 = 60 pupils."
    assert rejection(worded, problem, solution)[0] == "ambiguous"


def test_the_unknown_of_both_sides_is_left_out(with_numbers):
    problem = "Ann has 72 cubes, 46 rings and some balls, 185 toys in all. How many balls?"
    solution = "She has 72 + 46 + T = 118 + T = 185 toys.\nThus, T = 185 - 118 = 67 balls."
    assert with_numbers(problem, solution, {("72", 1): 10, ("46", 1): 20, ("185", 1): 100}) == 70


def test_general_knowledge_explains_what_nothing_else_does(with_numbers, worded):
    problem = "A farm has 7 chickens and 5 sheep. How many legs have they?"
    solution = "7*2=14 legs of chickens.\n5*4=20 legs of sheep.\n14+20=34 legs."
    assert with_numbers(problem, solution, {("7", 1): 1, ("5", 1): 1}) == 6
    texts = [text.replace("sheep", "snails") for text in (problem, solution)]
    verdict, why = rejection(worded, *texts)
    assert verdict == "unexplained_constant" and "4 in" in why


def test_general_knowledge_competes_with_a_quantity_of_equal_value(worded):
    problem = "A shop has 3 birds, 5 dogs and 4 snakes. How many legs have they?"
    solution = "The birds have 3 * 2 = 6.\nThe dogs have 5 * 4 = 20.\nThey have 6+20=26."
    verdict, why = rejection(worded, problem, solution)
    assert verdict == "ambiguous" and "LEGS_PER_DOG" in why
