"""The judge's second check."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.stages.reverse.grounding import leak, ungrounded


@pytest.mark.parametrize(
    ("question", "given_input"),
    [
        ("Tom has 3 apples and 1,000 pears.", {"a": 3, "b": 1000}),
        ("What is the sum of the two numbers 3.0 and 4?", {"a": 3, "b": 4}),
        ("Three friends share twelve cakes; one is away.", {"a": 3, "b": 12}),
        ("A 25% discount on 80.", {"rate": 0.25, "price": 80}),
        ("A 25% discount on 80.", {"rate": 25, "price": 80}),
        ("Solve x - 5 = 7.", {"b": -5, "c": 7}),
        ("Tom has twenty apples and a dozen pears.", {"apples": 20, "pears": 12}),
        ("Tom has two dozen eggs.", {"dozens": 2, "dozen": 12}),
        ("Tom has two dozen eggs.", {"eggs": 24}),
        ("Half of the 30 pupils ate two and a half pies each.", {"pupils": 30, "pies": 2.5}),
        ("Half of 30 is left.", {"share": 0.5, "all": 30}),
        ("One third of 30 or a quarter of it?", {"all": 30}),
        ("Three quarters of 40.", {"share": 0.75, "all": 40}),
        ("She ate 2/3 of 30.", {"parts": 3, "all": 30}),
        ("It costs $3 a dozen.", {"price": 3}),
        ("Two hundred and ten of one thousand", {"a": 210, "b": 1000}),
        ("Reverse 'twenty' 3 times.", {"s": "twenty", "n": 3}),
        ("Add [1, 2,3] and [[4], 5].", {"a": [1, 2, 3], "b": [[4], 5]}),
        ("Sort [100,200,300].", {"a": [100, 200, 300]}),
        ("How many vowels has 'Hello World'?", {"text": "hello  world"}),
        ("Reverse 'a1b2' 3 times.", {"s": "a1b2", "n": 3}),
        ("Is it so for 6?", {"n": 6, "strict": True, "other": None}),
        ("A person is 5 years old.", {"ages": {"ann": 5}}),
        ("Each pays 3 for 3 seats.", {"a": 3, "b": 3}),
        ("What comes of nothing?", {"s": "", "l": [], "d": {}}),
    ],
)
def test_a_question_that_states_its_inputs_is_grounded(question, given_input):
    assert ungrounded(question, json.dumps(given_input)) is None


def test_an_integer_longer_than_python_converts_is_compared_all_the_same():
    digits = "9" * 6000
    assert ungrounded(f"Take {digits}.", f'{{"n":{digits}}}') is None
    assert ungrounded(f"Take {digits}8.", f'{{"n":{digits}}}') is not None
    assert leak(f"Take {digits}.", '{"n":3}', digits) is not None


@pytest.mark.parametrize(
    ("question", "given_input", "reason"),
    [
        ("Tom has 3 apples.", {"a": 3, "b": 4}, "does not state the input 4"),
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
        ("Find the letter in the word.", {"s": "q"}, "does not state the input 'q'"),
        ("Find a in the word.", {"s": "b"}, "does not state the input 'b'"),
        ("Take 15.", {"s": "5"}, "does not state the input '5'"),
        ("Add 1 and 2.", {"a": [1, 2, 3]}, "does not state the input 3"),
    ],
)
def test_a_question_that_misses_or_adds_a_value_is_not(question, given_input, reason):
    assert reason in (ungrounded(question, json.dumps(given_input)) or "")


@pytest.mark.parametrize(
    ("question", "given_input", "answer", "leaks"),
    [
        ("3 times 4 makes 12. What is 3 times 4?", {"a": 3, "b": 4}, "12", True),
        ("3 times 4 makes twelve. What is it?", {"a": 3, "b": 4}, "12", True),
        ("5 times 4 makes twenty. What is it?", {"a": 5, "b": 4}, "20", True),
        ("What is half of 5 times 0.2?", {"a": 5, "b": 0.2}, "0.5", False),
        ("What is three quarters of 4?", {"a": 4}, "3", True),
        ("What is 3 times 4?", {"a": 3, "b": 4}, "12", False),
        ("What is 1 times 12?", {"a": 1, "b": 12}, "12", False),  # the result is an input
        ("Which one of 3 and 4 is it?", {"a": 3, "b": 4}, "1", False),
        ("Reverse 'abc', which is 'cba'.", {"s": "abc"}, "cba", True),
        ("Reverse 'abc'.", {"s": "abc"}, "cba", False),
        ("Reverse 'aba'.", {"s": "aba"}, "aba", False),
        ("Sort [3, 1] into [1, 3].", {"l": [3, 1]}, "[1,3]", True),
        ("Sort [1, 3].", {"l": [1, 3]}, "[1,3]", False),
        ("Is it true that 3 is odd?", {"n": 3}, "true", False),
        ("The price is $4.50; what is 9 / 2?", {"a": 9, "b": 2}, "4.5", True),
        ("What is 5% of 100?", {"rate": 0.05, "of": 100}, "5", False),  # the 5 is an input
        ("5% of 100 is 5, is it?", {"rate": 0.05, "of": 100}, "5", True),
    ],
)
def test_a_question_must_not_give_its_result_away(question, given_input, answer, leaks):
    assert (leak(question, json.dumps(given_input), answer) is not None) == leaks


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
    assert ungrounded("Given " + " and ".join(stated) + ": what now?", json.dumps(values)) is None
    fresh = json.dumps(values | {"fresh": 123456789})
    assert ungrounded("Given " + " and ".join(stated) + ".", fresh) is not None
    assert ungrounded(f"Given {' and '.join(stated)} 123456789.", json.dumps(values)) is not None
