import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.text.questions import normal_question


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 2 + 3?", "what is  2+3"),
        ("Tom's dog\nran.", "tom s dog ran"),
        ("“Why”, he said", '"why" he said'),
        ("Janet’s ducks", "Janet's ducks"),  # noqa: RUF001
        ("It costs $1,000.", "It costs $1000."),
        ("What is 2² + 10¹²?", "what is 2^2 + 10^12"),
        ("Compute $3 \\times x$.", "compute 3 times x"),
        ("7 \u2212 2", "7 - 2"),
        ("6 × 7", "6 * 7"),  # noqa: RUF001
        ("WIE GROẞ", "wie gross"),
    ],
)
def test_the_same_question_has_one_form(one, other):
    assert normal_question(one) == normal_question(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 2 + 3?", "What is 2 * 3?"),
        ("What is 2 - 3?", "What is 2 + 3?"),
        ("What is 3.5 times 2?", "What is 3 5 times 2?"),
        ("Compute (2+3)*4", "Compute 2+3*4"),
        ("What is 5!", "What is 5"),
        ("Is 12 prime", "Is 1 2 prime"),
        ("What is 2² + 4?", "What is 22 + 4?"),
        ("Half of .5", "Half of 5"),
    ],
)
def test_different_problems_keep_different_forms(one, other):
    assert normal_question(one) != normal_question(other)


@given(st.text())
def test_the_form_of_a_form_is_itself(text):
    form = normal_question(text)
    assert normal_question(form) == form


@given(st.text(), st.sampled_from([" ", "\n", "\t ", "? ", ", "]))
def test_case_and_spaces_around_do_not_count(text, around):
    assert normal_question(around + text + around) == normal_question(text)
