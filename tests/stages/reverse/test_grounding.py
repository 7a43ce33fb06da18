"""The judge's second check."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.stages.reverse.grounding import ungrounded


def _why(question, input_json, program=""):
    """Returns why a question is not grounded; the empty program uses each input once."""
    return ungrounded(question, input_json, program)


@pytest.mark.parametrize(
    ("question", "given_input"),
    [
        ("Tom has 3 apples and 1,000 pears.", {"a": 3, "b": 1000}),
        ("What is the sum of the two numbers 3.0 and 4?", {"a": 3, "b": 4}),
        ("Three friends share twelve cakes; one is away.", {"a": 3, "b": 12}),
        ("A 25% discount on 80.", {"rate": 0.25, "price": 80}),
        ("A 25% discount on 80.", {"rate": 25, "price": 80}),
        ("Solve x - 5 = 7.", {"b": -5, "c": 7}),
        ("It is 5 degrees below zero, then 12 degrees warmer.", {"t": -5, "rise": 12}),
        ("It is -5 degrees, then 12 degrees warmer.", {"t": -5, "rise": 12}),
        ("How much do 4 red apples cost?", {"n": 4, "fruit": "apple"}),
        ("Tom has twenty apples and a dozen pears.", {"apples": 20, "pears": 12}),
        ("Tom has two dozen eggs.", {"dozens": 2, "dozen": 12}),
        ("Tom has two dozen eggs.", {"eggs": 24}),
        ("Most of the 30 pupils ate two and a half pies each.", {"pupils": 30, "pies": 2.5}),
        ("Half of 30 is left.", {"share": 0.5, "all": 30}),
        ("Three quarters of 40.", {"share": 0.75, "all": 40}),
        ("She ate 2/3 of 30.", {"parts": 3, "all": 30}),
        ("It costs $3 a dozen.", {"price": 3}),
        ("Two hundred and ten of one thousand", {"a": 210, "b": 1000}),
        ("Each of 5 pens costs 25 cents.", {"pens": 5, "price": 0.25}),
        ("25% of 80, and 25% of it again.", {"a": 25, "b": 0.25, "c": 80}),
        ("Reverse 'twenty' 3 times.", {"s": "twenty", "n": 3}),
        ("Add [1, 2,3] and [[4], 5].", {"a": [1, 2, 3], "b": [[4], 5]}),
        ("Sort [100,200,300].", {"a": [100, 200, 300]}),
        ("How many vowels has 'Hello World'?", {"text": "hello  world"}),
        ("Reverse 'a1b2' 3 times.", {"s": "a1b2", "n": 3}),
        ("Is it so for 6?", {"n": 6, "strict": True, "other": None}),
        ("A person is 5 years old.", {"ages": {"ann": 5}}),
        ("Each pays 3 for 3 seats.", {"a": 3, "b": 3}),
        ("He ran 5 km each on Monday and Sunday, and 8 on Friday.", {"a": 5, "b": 5, "c": 8}),
        ("What comes of nothing?", {"s": "", "l": [], "d": {}}),
    ],
)
def test_a_question_that_states_its_inputs_is_grounded(question, given_input):
    assert _why(question, json.dumps(given_input)) is None


def test_an_integer_longer_than_python_converts_is_compared_all_the_same():
    digits = "9" * 6000
    assert _why(f"Take {digits}.", f'{{"n":{digits}}}') is None
    assert _why(f"Take {digits}8.", f'{{"n":{digits}}}') is not None


@pytest.mark.parametrize(
    ("question", "given_input", "reason"),
    [
        ("Tom has 3 apples.", {"a": 3, "b": 4}, "does not state the input 4 (`b`)"),
        ("A 25% discount on 80.", {"a": 25, "b": 0.25, "c": 80}, "the input 0.25 (`b`)"),
        ("She ate 3/4 of it.", {"a": 3, "b": 4, "c": 0.75}, "the input 0.75 (`c`)"),
        ("Tom has two dozen eggs.", {"a": 2, "b": 12, "c": 24}, "the input 24 (`c`)"),
        ("Tom has 3 of 10 apples.", {"a": 3}, "states 10, which is no input"),
        ("Tom has 3 boxes of seven.", {"a": 3}, "states 7, which is no input"),
        ("Tom has 30 apples.", {"a": 3}, "states 30, which is no input"),
        ("Tom has 3 boxes of twenty.", {"a": 3}, "states 20, which is no input"),
        ("Tom has 3 boxes and a dozen pears.", {"a": 3}, "states 12, which is no input"),
        ("Tom has 3 boxes and two dozen pears.", {"a": 3}, "states 24, which is no input"),
        ("Tom has three hundred apples.", {"a": 3}, "states 300, which is no input"),
        ("Tom has twenty-five apples.", {"a": 5}, "states 25, which is no input"),
        ("Tom has 3 and a half apples.", {"a": 3}, "states 3.5, which is no input"),
        ("Three fifths of the 10 pupils", {"a": 10}, "states 0.6, which is no input"),
        ("What is 12/4 of it?", {"a": 3}, "states 12, which is no input"),
        ("The third of 10 pupils.", {"a": 10, "b": 3}, "does not state the input 3"),
        ("Tom has 3.5 apples.", {"a": 3}, "states 3.5"),
        ("Reverse 'abd'.", {"s": "abc"}, "does not state the input 'abc'"),
        ("Reverse 'bananas'.", {"s": "banana"}, "does not state the input 'banana'"),
        ("Reverse xbanana.", {"s": "banana"}, "does not state the input 'banana'"),
        (
            "It is 5 degrees. By noon it is 12 degrees warmer. How many degrees are left to 20?",
            {"t": -5, "rise": 12, "aim": 20},
            "input is -5 (`t`)",
        ),
        (
            "He ran 5 km on Monday and 8 km on Friday. How far in all?",
            {"monday": 5, "tuesday": 5, "friday": 8},
            "the input 5 (`monday`) once",
        ),
        (
            "He ran 5 km on Monday. On Friday he ran 8 km on each of his feet.",
            {"monday": 5, "tuesday": 5, "friday": 8},
            "the input 5 (`monday`) once",
        ),
        ("It is 5 degrees, then 12 degrees warmer.", {"t": -5, "rise": 12}, "input is -5 (`t`)"),
        ("Find the letter in the word.", {"s": "q"}, "does not state the input 'q'"),
        ("Find a in the word.", {"s": "b"}, "does not state the input 'b'"),
        ("Take 15.", {"s": "5"}, "does not state the input '5'"),
        ("Add 1 and 2.", {"a": [1, 2, 3]}, "does not state the input 3 (`a[2]`)"),
        ("Reverse it.", {"a": {"s": "abc"}}, "does not state the input 'abc' (`a.s`)"),
    ],
)
def test_a_question_that_misses_or_adds_a_value_is_not(question, given_input, reason):
    assert reason in (_why(question, json.dumps(given_input)) or "")


def test_a_reason_names_every_number_and_the_words_around_it():
    question = (
        "Tom has 3 boxes of seven pears, and his sister, who is called Ann, sells 12 of them. "
        "How many are left?"
    )
    assert _why(question, json.dumps({"boxes": 3, "more": {"price": 2.5}})) == (
        "the question states 7, which is no input, in "
        "`Tom has 3 boxes of seven pears, and his sister, who`; "
        "the question states 12, which is no input, in "
        "`who is called Ann, sells 12 of them. How many are left?`; "
        "the question does not state the input 2.5 (`more.price`)"
    )


# An idle number, and the same number as a quantity that the program does not know.
SEPARATED = {
    "ordinal": (
        "She has 20 books in the 4th grade.",
        "She has 20 books in 4 rooms.",
    ),
    "day of a month": (
        "On July 4 he sold 20 pens.",
        "In July 4 boys sold 20 pens.",
    ),
    "year": (
        "In 2019, he had 20 pens. How many had Ann?",
        "In 2019 boxes he had 20 pens. How many had Ann?",
    ),
    "year to count to": (
        "In 2019 he had 20 pens. How many had he in 2019?",
        "He had 20 pens, and one more a year. How many will he have in 2019?",
    ),
    "label": (
        "There are 20 pupils in grade 5. How many are there in the school?",
        "There are 20 pupils on day 5. How many are there in the school?",
    ),
    "time of day": (
        "At 8:00 he had 20 pens.",
        "From 8:30 to 9:45 he sold 20 pens.",
    ),
    "time that is asked for": (
        "The 8 am train has 20 cars.",
        "He left at 8 am and drove 20 miles. At what time did he arrive?",
    ),
    "ratio like a time": (
        "At 7:15 he had 20 pens.",
        "He has 20 pens in the ratio 7:15.",
    ),
    "dimension that tells apart": (
        "An 8-inch frame costs 20 dollars. How much is an 8-inch frame less?",
        "An 8-inch frame costs 20 dollars. How much is a frame less?",
    ),
    "things in order": (
        "There are three boxes. The first box has 20 pens, the second and the third none.",
        "There are three boxes. The first box has 20 pens, the second none.",
    ),
    "things in order, shared": (
        "She has three boys. The first boy got 20 pens, the second and the last none.",
        "Each of the three girls pays. The first boy got 20 pens, the second and the last none.",
    ),
    "days in order": (
        "On a three-day trip she sold 20 pens the first day, some the day after, and none on the "
        "last day.",
        "On a three-day trip she sold 20 pens the first day.",
    ),
    "rest of the things": (
        "Four people lost 20 pens. The first person and the second person lost none. The two "
        "remaining people lost how many?",
        "Four people lost 20 pens. The first person and the second person lost one. How many did "
        "the remaining person lose?",
    ),
    "the other things": (
        "The first store has 20 pens, the second, the third and the fourth store as many as the "
        "three other stores.",
        "The first store has 20 pens, the second as many as three other stores.",
    ),
    "list behind": (
        "Dani has 3 cats: Binkie, Frankie and Spaatz. They ate 20 mice.",
        "Dani has 3 cats: Binkie and Frankie. They ate 20 mice.",
    ),
    "list in the next sentence": (
        "He sold three houses. The houses cost him $20, a car, and a boat.",
        "He sold three pens. The houses cost him $20, a car, and a boat.",
    ),
    "list before": (
        "She has an old book, a red book and a new book. Each cost 20. What do the three books "
        "cost?",
        "She has an old pen, a red pen and a new pen. Each cost 20. What do the three books cost?",
    ),
    "people by name": (
        "Ann has 20 pens, Bob has as many as Cid. How many do the three of them have?",
        "Ann has 20 pens, Bob has as many as he. How many do the three of them have?",
    ),
    "people who share": (
        "Ann has 20 pens, Bob and Cid have none. How many do the three children have?",
        "Ann, Bob and Cid have 20 pens. How many do the three children get each?",
    ),
    "people and their friends": (
        "Ann paid 20 for herself and her three friends. Bob, Cid and Dan had tea.",
        "Ann paid 20 for herself and her three friends. Bob had tea.",
    ),
    "things by label": (
        "There are 20 pens in box A, some in box B and in box C. What do all 3 boxes hold?",
        "There are 20 pens in box A and some in box B. What do all 3 boxes hold?",
    ),
    "kinds": (
        "She has 20 fish in five different colors.",
        "She has 20 fish of each of five different colors.",
    ),
    "kinds that are counted on": (
        "They sell four kinds of jam, in 20 jars.",
        "They sell four kinds of jam, 20 jars of each kind.",
    ),
    "weekdays": (
        "On Monday and Tuesday she made 20 pies, on Friday none. What did she make in the three "
        "days?",
        "On Monday and Tuesday she made 20 pies. What did she make in the three days?",
    ),
    "sum of its parts": (
        "She hires six people. Four of them get 20 dollars, the other two get less.",
        "She hires six people. Four of them get 20 dollars, the other three get less.",
    ),
    "things one by one": (
        "Paul had four sticks. One was 20 inches long, another was longer, another was shorter, "
        "and the last was lost.",
        "Paul had four sticks. One was 20 inches long, and another was longer.",
    ),
    "time that passed": (
        "After ten minutes, 20 birds flew away.",
        "After ten minutes, 20 birds flew away every minute.",
    ),
    "share that is left": (
        "Of 20 pens 90% are red and the other 10% are blue.",
        "Of 20 pens 90% are red. The other 15% are blue.",
    ),
    "fraction that is left": (
        "Of 20 pens 3/10 are red and 7/10 are blue.",
        "Of 20 pens 3/10 are red and 7/12 are blue.",
    ),
    "two of what is told": (
        "Ann and her two friends have 20 pens.",
        "Ann buys two hats and has 20 pens.",
    ),
    "two, one and another": (
        "There are two jars. One has 20 pens, the other is empty.",
        "There are two jars. They have 20 pens.",
    ),
    "two of a measure": (
        "Both of the two pens cost 20.",
        "It took 2 hours, and 20 pens were sold.",
    ),
    "one of a rate": (
        "He sold 20 pens in 1 hour. How many pens did he sell?",
        "He had 20 pens and lost 1. How many pens are left?",
    ),
    "one of many": (
        "He sold 20 pens, one at a time.",
        "He sold 20 pens and then one more.",
    ),
    "one with a price": (
        "He sold 20 pens. If one pen costs a dollar, how much did he get?",
        "He had 20 pens. He sold one pen. How many pens are left?",
    ),
    "one to begin with": (
        "One of them sold 20 pens.",
        "He had 20 pens and sold one of them. How many are left?",
    ),
    "price of two": (
        "There are 2 kinds of pens for 20 dollars.",
        "A cap costs $2, and 20 pens were sold.",
    ),
}  # fmt: skip


# What the program knows besides 20.
KNOWN = {"90%": [90], "3/10": [3, 10], "Four of them": [4]}


def _known(question):
    further = [value for text, values in KNOWN.items() if text in question for value in values]
    return json.dumps([20, *further])


@pytest.mark.parametrize("kind", SEPARATED)
def test_an_idle_number_is_told_from_a_quantity(kind):
    idle, quantity = SEPARATED[kind]
    assert _why(idle, _known(idle)) is None
    assert "which is no input" in (_why(quantity, _known(quantity)) or "")


def test_the_time_is_linear_in_the_length_of_the_question():
    question = "The three boys, 3/4 of them, had 5 pens at 8:00 on July 4 in house 3. " * 2000
    assert "states 5, which is no input" in (_why(question, json.dumps({"a": 3})) or "")


scalars = st.integers(-(10**6), 10**6) | st.text("abcxyz", min_size=3, max_size=8)
inputs = st.dictionaries(
    st.text("abc", min_size=1), scalars | st.lists(scalars, max_size=4), max_size=4
)


def _leaves(value):
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _leaves(child)
    else:
        yield value


@given(inputs)
def test_stating_every_value_grounds_and_leaving_one_out_does_not(values):
    leaves = list(_leaves(values))
    stated = [f"{v:,}" if isinstance(v, int) else f"'{v}'" for v in leaves]
    assert _why("Given " + " and ".join(stated) + ": what now?", json.dumps(values)) is None
    fresh = json.dumps(values | {"fresh": 123456789})
    assert _why("Given " + " and ".join(stated) + ".", fresh) is not None
    assert _why(f"Given {' and '.join(stated)} 123456789.", json.dumps(values)) is not None
