"""Answers as texts."""

import json

from hypothesis import given
from hypothesis import strategies as st

from caco.text.answers import answer_text


@given(st.integers())
def test_an_integral_output_is_its_digits(n):
    assert answer_text(json.dumps(n)) == str(n)


def test_outputs_are_written_as_a_person_writes_them():
    assert answer_text("12.0") == "12"
    assert answer_text("0.5") == "0.5"
    assert answer_text('" yes "') == "yes"
    assert answer_text("[1,2]") == "[1,2]"
    assert answer_text("9" * 6000) == "9" * 6000
