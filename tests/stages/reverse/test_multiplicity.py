"""The judge's second check: how often a question states each value, and lists item by item."""

import json

import pytest

from caco.stages.reverse.grounding import ungrounded
from caco.stages.reverse.stated_lists import wrong_count

ORDERED = """
def last_minus_first(values):
    return values[-1] - values[0]

output = last_minus_first(input["values"])
"""
ADDED = """
def total(values):
    found = 0
    for value in values:
        found += value
    return found

output = total(input["values"])
"""
ONE_USE = 'output = input["apples"] - input["pears"]'


def _why(question, given, program):
    return ungrounded(question, json.dumps(given), f"input = {given!r}\n{program}")


# A right question on the list 80, 55, and the same with a fault.
LISTED = {
    "another equal item": (
        "The scores are 80 and 55.",
        "The scores are 80, 55 and 80.",
        "states 80 as more quantities",
    ),
    "another item": (
        "The scores are 80 and 55.",
        "The scores are 80, 55 and 90.",
        "states 90, which is no input",
    ),
    "an item less": (
        "The scores are 80 and 55.",
        "The score is 80.",
        "does not state the input 55",
    ),
    "another order": (
        "The scores are 80 and 55.",
        "The scores are 55 and 80.",
        "lists the items of `values` in another order",
    ),
    "another order, with units": (
        "The boxes weigh 80 kg and 55 kg.",
        "The boxes weigh 55 kg and 80 kg.",
        "lists the items of `values` in another order",
    ),
    "another order, in brackets": (
        "Take [80, 55].",
        "Take [55, 80].",
        "lists the items of `values` in another order",
    ),
    "a wrong count": (
        "There are two numbers: 80 and 55.",
        "There are three numbers: 80 and 55.",
        "states 3, which is no input",
    ),
    "a wrong count behind": (
        "She scored 80 and 55 on two tests.",
        "She scored 80 and 55 on three tests.",
        "states 3, which is no input",
    ),
}


@pytest.mark.parametrize("kind", LISTED)
def test_a_list_is_stated_item_by_item(kind):
    right, wrong, reason = LISTED[kind]
    assert _why(right, {"values": [80, 55]}, ORDERED) is None
    assert reason in (_why(wrong, {"values": [80, 55]}, ORDERED) or "")


def test_one_of_two_equal_items_must_not_be_missing():
    given = {"values": [80, 55, 80]}
    assert _why("The scores are 80, 55 and 80.", given, ADDED) is None
    reason = _why("The scores are 80 and 55.", given, ADDED)
    assert reason is not None and "80 (`values[0]`) once, and the program holds it 2" in reason


def test_one_number_may_state_two_equal_inputs_of_which_the_question_says_so():
    given = {"apples": 5, "pears": 5}
    assert _why("Ann and Bob have 5 pens each.", given, ONE_USE) is None
    assert "(`apples`) once" in (_why("Ann has 5 pens.", given, ONE_USE) or "")
    asked = "Ann has 5 pens. How many have Ann and Bob in all?"
    assert "(`apples`) once" in (_why(asked, given, ONE_USE) or "")


@pytest.mark.parametrize(
    ("program", "accepted"),
    [
        (ADDED, True),
        ('output = sum(input["values"]) / len(input["values"])', True),
        ('output = max(v for v in input["values"] if v > 3)', True),
        ("def f(values):\n    return sorted(values)[0]\noutput = f(**input)", True),
        ('v = input["values"]\noutput = v.count(80) + (55 in v)', True),
        (ORDERED, False),
        ('output = [v for v in input["values"]]', False),
        ('output = sum(i * v for i, v in enumerate(input["values"]))', False),
        ('r = 0\nfor v in input["values"]:\n    r = v - r\noutput = r', False),
        ('v = input["values"]\noutput = sum(v) - v[0]', False),
        ("def f(values):\n    return values[0]\noutput = f(**input)", False),
        ("output = (", False),
    ],
)
def test_another_order_is_right_where_the_program_does_not_depend_on_it(program, accepted):
    reason = _why("The scores are 55 and 80.", {"values": [80, 55]}, program)
    assert (reason is None) == accepted


def test_a_list_of_texts_has_an_order_too():
    program = 'output = input["names"][0]'
    names = {"names": ["red", "blue", "green"]}
    assert _why("The boxes are 'red', 'blue' and 'green'.", names, program) is None
    assert "`names` in another order" in (_why("A blue, red and green box.", names, program) or "")
    joined = 'output = ""\nfor name in input["names"]:\n    output += name'
    assert "another order" in (_why("A blue, red and green box.", names, joined) or "")
    counted = 'output = len(input["names"])'
    assert _why("A blue, red and green box.", names, counted) is None
    assert _why("Green came after blue, which came after red.", names, program) is None


def test_numbers_with_separators_keep_their_order():
    given = {"values": [100, 200, 300]}
    assert _why("Take 100,200,300.", given, ORDERED) is None
    assert "another order" in (_why("Take 200,100,300.", given, ORDERED) or "")


# A number that is stated again: the same quantity, and another quantity. The program uses 5 once.
STATED_AGAIN = {
    "of the": (
        "She has 5 apples and 3 pears. Of the 5 apples she ate some.",
        "She has 5 apples and 3 pears, and 5 plums.",
    ),
    "the, with the noun": (
        "She has 5 apples and 3 pears, and sells the 5 apples.",
        "She has 5 apples and 3 pears, and the 5 boys are hungry.",
    ),
    "same noun in another sentence": (
        "She sells 5 apples and 3 pears. What is the price of 5 apples?",
        "She sells 5 apples and 3 pears. What is the price of 5 lemons?",
    ),
    "another": (
        "She sells 5 apples and 3 pears. He eats 5 apples.",
        "She sells 5 apples and 3 pears. He eats another 5 apples.",
    ),
    "same sentence": (
        "She sells 5 apples and 3 pears.",
        "She sells 5 apples on Monday, 5 apples on Friday and 3 pears.",
    ),
    "compound": (
        "There is a 5-hour rule: after 5 hours 3 people go.",
        "There is a 5-hour rule: for 5 days 3 people go.",
    ),
    "price each": (
        "A pen costs $5 each. He sold 3 at $5 each.",
        "A pen costs $5 each. He sold 3 for $5. How many are left?",
    ),
    "price in the request": (
        "She has $5 and 3 pens. How many can she buy for $5?",
        "She has $5 and 3 pens. He has $5. How many can she buy?",
    ),
    "request in the same sentence": (
        "If she sells 5 apples and 3 pears, how much are 5 apples?",
        "If she sells 5 apples and 3 pears, how much are 5 plums?",
    ),
    "square": (
        "A room is 5 meters by 5 meters and 3 meters high.",
        "A room is 5 meters wide, 5 meters long and 3 meters high.",
    ),
    "idle": (
        "The 5th grade has 5 boys and 3 girls.",
        "The 5 rooms have 5 boys and 3 girls.",
    ),
    "percentage": (
        "He has 5% of it. How much is 5% of 3?",
        "He has 5 of it. How much is 5% of 3?",
    ),
}


@pytest.mark.parametrize("kind", STATED_AGAIN)
def test_a_repeated_mention_is_told_from_a_second_quantity(kind):
    same, second = STATED_AGAIN[kind]
    given = {"apples": 5, "pears": 3}
    assert _why(same, given, ONE_USE) is None
    assert "states 5 as more quantities than the program has" in (
        _why(second, given, ONE_USE) or ""
    )


@pytest.mark.parametrize(
    ("program", "times"),
    [
        ('output = input["apples"] + 1', 1),
        ('output = input["apples"] + input["apples"]', 2),
        ('a = input["apples"]\noutput = a + a', 2),
        ('output = input.get("apples") * input["apples"]', 2),
        ('output = input["apples"] * 3', 3),
        ('output = input["apples"] ** 2', 2),
        ('output = input["apples"] + 5', 2),
        ("def f(apples):\n    return apples + apples\noutput = f(**input)", 2),
        ('def f(x):\n    return x + 1\noutput = f(input["apples"]) * f(input["apples"])', 2),
        ('def f(x):\n    return x + x\noutput = f(input["apples"])', 2),
        ('a = input["apples"]\nprint(a, a)\noutput = a + 1', 1),
        ("output = (", 1),
    ],
)
def test_a_question_may_state_a_value_as_often_as_the_program_uses_it(program, times):
    nouns = ("apples", "pears", "plums", "figs")
    for count in range(1, len(nouns) + 1):
        question = "She has " + ", ".join(f"5 {noun}" for noun in nouns[:count]) + "."
        assert (_why(question, {"apples": 5}, program) is None) == (count <= times)


def test_a_percentage_may_be_a_constant_of_the_program():
    given = {"price": 20}
    question = "A meal costs $20, with a tip of 20%. How much is the tip?"
    assert _why(question, given, 'output = input["price"] * 0.2') is None
    assert "states 20" in (_why(question, given, 'output = input["price"] + 3') or "")


@pytest.mark.parametrize(
    ("question", "size"),
    [
        ("Find the mean of the three numbers: 4, 5.", 2),
        ("Find the mean of the two numbers 4, 5 and 6.", 3),
        ("Find the mean of the 3 scores 40, 50, 60, 70.", 4),
        ("Find the mean of the three numbers 4, 5 and 6.", None),
        ("Use each of the five digits $2, 4, 6, 7$ and $9$ once.", None),
        ("The base-10 integers 200 and 1200 have how many digits?", None),
        ("She has 5 boxes: 2 red ones, 3 blue ones.", None),
        ("The first ten terms: 4, 7, 10, ... are given.", None),
        ("A triangle of perimeter 6 has side lengths 2, 2 and 2.", None),
    ],
)
def test_a_count_of_the_numbers_that_follow_must_be_right(question, size):
    found = wrong_count(question)
    assert (found[1] if found else None) == size
