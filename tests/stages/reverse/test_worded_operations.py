"""Operations that a question has in words, and quantities that only the rounds of a loop hold."""

import json

import pytest

from caco.stages.reverse.grounding import ungrounded

INPUT = json.dumps({"stock": 38, "sold": 5})
COUNT_BACK = """
input = {"stock": 38, "sold": 5}

def count_back(stock, sold):
    while sold > 0:
        stock -= 1
        sold = sold - 1
    return stock

output = count_back(input["stock"], input["sold"])
print(output)
"""
QUESTION = "A shop with 38 hats sells 5. {} How many are left?"


def _program(expression):
    return (
        f"input = {INPUT}\n\ndef left(stock, sold):\n    return {expression}\n\n"
        'output = left(input["stock"], input["sold"])\nprint(output)\n'
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Then it sells 1 more.",
        "Then it sells one more hat.",
        "Then it sells another 1.",
        "Then it gets one.",
        "Then it gets 1 hat.",
        "Then it loses one of them.",
    ],
)
def test_the_step_of_a_loop_is_no_quantity_of_the_question(sentence):
    why = ungrounded(QUESTION.format(sentence), INPUT, COUNT_BACK)
    assert why is not None
    assert "states 1, which is no input" in why
    assert ungrounded(QUESTION.format(sentence), INPUT, _program("stock - sold - 1")) is None


def test_the_question_of_the_program_itself_is_grounded():
    assert ungrounded(QUESTION.format(""), INPUT, COUNT_BACK) is None


@pytest.mark.parametrize(
    ("sentence", "computed"),
    [
        ("Then it sells half of them.", ["(stock - sold) / 2", "(stock - sold) * 0.5"]),
        ("Then it sells half as many more.", ["stock - 1.5 * sold", "stock - sold - sold // 2"]),
        ("Then it gets twice as many.", ["stock - sold + 2 * sold", "stock + (sold + sold)"]),
        ("Then its hats double.", ["(stock - sold) * 2"]),
        ("Then its hats triple.", ["(stock - sold) * 3"]),
        ("Then it sells a quarter of them.", ["(stock - sold) * 75 / 100", "(stock - sold) / 4"]),
        ("Then it sells one third of them.", ["(stock - sold) * 2 / 3"]),
        ("Then it gives a third away.", ["(stock - sold) * 2 / 3"]),
        ("Then it sells a quarter more than before.", ["stock - sold * 2.25", "stock - sold / 4"]),
    ],
)
def test_an_operation_in_words_needs_its_number_in_the_program(sentence, computed):
    question = QUESTION.format(sentence)
    why = ungrounded(question, INPUT, COUNT_BACK)
    assert why is not None
    assert "the program has no such number" in why
    for expression in computed:
        assert ungrounded(question, INPUT, _program(expression)) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "It is open for half an hour.",
        "The first half of the day is quiet.",
        "It is cleaned twice a day.",
        "It sells a double cap.",
        "He double-counts nothing.",
        "A third person looks at them.",
        "A quarter and a dime lie there.",
    ],
)
def test_a_word_that_names_something_is_no_operation(sentence):
    assert ungrounded(QUESTION.format(sentence), INPUT, COUNT_BACK) is None


@pytest.mark.parametrize(
    ("question", "grounded"),
    [
        ("A shop with 5 boxes has 38 of them. How many are there?", False),
        ("A van carries 5 pupils, 38 of whom are girls. How many are boys?", False),
        ("A shop with 38 boxes sells 5 of them. How many are left?", True),
        ("He paints 5 of his nails red, 38 of them blue. How many are there?", True),
        ("She bakes 5 batches, then drops 38 of them. How many are left?", True),
        ("There are 5% of apples and 38 of them are green. How many are there?", True),
    ],
)
def test_a_part_is_not_larger_than_its_whole(question, grounded):
    why = ungrounded(question, INPUT, COUNT_BACK)
    assert (why is None) == grounded
    assert grounded or "of 5 in" in (why or "")
