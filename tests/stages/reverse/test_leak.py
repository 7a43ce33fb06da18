"""The judge's check that a question does not give its result away."""

import json

import pytest

from caco.stages.reverse.leak import leak


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


def test_an_integer_longer_than_python_converts_is_a_leak_all_the_same():
    digits = "9" * 6000
    assert leak(f"Take {digits}.", '{"n":3}', digits) is not None
