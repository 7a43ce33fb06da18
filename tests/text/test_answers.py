"""Final answers, stated and read back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.grading.extraction import final_answer
from caco.text.answers import answer_text, closing


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"So \boxed{12}.", "12"),
        (r"First \boxed{3}, then \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        ("It works.\n#### 72", "72"),
        ("The answer is 5.", "5"),
        ("The answer is: $7$.", "7"),
        ("no number at all", None),
        (r"cut off \boxed{12", None),
        (r"\boxed{}", None),
    ],
)
def test_the_last_stated_answer_is_read(text, answer):
    assert final_answer(text) == answer


balanced = st.recursive(
    st.text(st.characters(exclude_characters="{}\\", exclude_categories=["Cs"]), min_size=1),
    lambda inner: st.tuples(inner, inner).map(lambda t: f"{t[0]}{{{t[1]}}}"),
    max_leaves=5,
).filter(lambda s: s.strip())


@given(st.text(), balanced)
def test_what_closing_states_final_answer_reads(before, answer):
    assert final_answer(before + "\n" + closing(answer)) == answer.strip()


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    found = final_answer(text)
    assert found is None or found in text


@given(st.integers())
def test_an_integral_output_is_its_digits(n):
    assert answer_text(json.dumps(n)) == str(n)


def test_outputs_are_written_as_a_person_writes_them():
    assert answer_text("12.0") == "12"
    assert answer_text("0.5") == "0.5"
    assert answer_text('" yes "') == "yes"
    assert answer_text("[1,2]") == "[1,2]"
    assert answer_text("9" * 6000) == "9" * 6000
