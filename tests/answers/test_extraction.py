r"""The final answer of a solution: the last statement, whatever its form."""

import json
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from caco.answers.extraction import final_answer
from caco.text.answers import answer_text, closing


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # boxes
        (r"So \boxed{12}.", "12"),
        (r"First \boxed{3}, then \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed {42}", "42"),
        (r"\boxed 42", "42"),
        (r"\fbox{42}", "42"),
        (r"cut off \boxed{12", None),
        (r"First \boxed{42}, then \boxed{4", None),
        (r"\boxed{}", None),
        (r"The answer is \boxed{-2} and \boxed{1}.", "-2, 1"),
        (r"\boxed{\text{The answer is } 42}", r"\text{The answer is } 42"),
        # phrases
        ("The answer is 5.", "5"),
        ("The answer is: $7$.", "$7$"),
        ("The answer is\n\n$$42$$", "$$42$$"),
        ("**Final Answer:** 42", "42"),
        ("The answer is 42, since 40 + 2 = 42.", "42"),
        ("The answer is 42 because 6 * 7 = 42.", "42"),
        ("The answer is thus 42.", "42"),
        ("The answer, then, is 42.", "42"),
        ("The answer is 42, which is 40 + 2.", "42"),
        ("The answer is 42 by the formula above.", "42"),
        ("The final answer is 42!", "42"),
        ("The answer is Monday because it rained.", "Monday"),
        ("Final Answer: The largest $n$ is 34.", "34"),
        ("The answer is 42 dollars and the change is 3 dollars.", "42 dollars"),
        ("The answer is 5 apples and 3 pears.", "5 apples and 3 pears"),
        # headings
        ("It works.\n#### 72", "72"),
        ("#### Answer\n42", "42"),
        ("#### 42\n#### Explanation", "42"),
        ("The answer is\n\\begin{align*}\n42\n\\end{align*}", "42"),
        ("#### Final step\n6*7=42\nSo it is 42.", "it is 42"),
        ("Adding up.\n**Answer**\n42 apples", "42 apples"),
        # the last statement counts, not its form
        ("I first get \\boxed{255} for part one.\nThe final answer is 42.", "42"),
        ("The answer is 41. Wait. The answer is 42.", "42"),
        ("The answer is \\boxed{42}. Is 43 possible? The answer is no.", "42"),
        ("6 * 7 = 42\n#### 42\n\nLet me check: 6 * 7 = 42. Yes.", "42"),
        # no statement: the last value
        ("so it is $3$", "it is $3$"),
        ("It is 7, or 12 after all", "It is 7, or 12 after all"),
        ("We add 7 to 5 and get 12", "12"),
        ("= $130,000 total invested.", "$130,000 total invested"),
        ("Therefore, 42.", "42"),
        ("I think it's B", "B"),
        ("no number at all", None),
        # reasoning, invented questions, special tokens
        ("<think>\nThe answer is 41.\n</think>\nIt is 42 in all.", "It is 42 in all"),
        ("The answer is 41.</think>The answer is 42.", "42"),
        ("<think>\nThe answer is 41, or", None),
        ("#### 42\n\nQuestion: What is 3 + 3?\nAnswer: #### 6", "42"),
        ("The answer is 42.\n\n### Instruction:\nAdd.\n\nThe answer is 6.", "42"),
        ("Question: What is 3+3?\n#### 6\n\nQuestion: What is 2+3?\n#### 5", "5"),
        ("#### 42\n\nNext question: What is 1+1?\nThe answer is 2.", "42"),
        ("#### 42\n\nTom has 3 pens and buys 4 more. How many has he?\n3+4=7\n#### 7", "42"),
        ("The answer is 42.\n\nWait, did we count the 3 broken ones?\nThe answer is 39.", "39"),
        ("The answer is 42.\n\n### Question 2\nThe answer is 6.", "42"),
        ("The answer is 42.<|im_end|>\n<|im_start|>user\nThe answer is 6.", "42"),
    ],
)
def test_the_last_statement_is_read(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("We add 7 to 5 and get 12", None),
        ("so it is $3$", None),
        ("First 3 + 4 = 7, then 7 * 6 =", None),
        ("(B)", None),
        ("The answer is", None),
        (r"So \boxed{12", None),
        (r"So \boxed{12}. Let me check: 3 * 4 =", "12"),
        ("The answer is 12. Let me check: 3 * 4", "12"),
        ("3 * 4 = 12\n#### 12\n\nAnother way: 4 *", "12"),
        ("**Final Answer:** 12\n\nThe 3", "12"),
        ("The answer is 5. Or rather, the answer is \\boxed{6", None),
    ],
)
def test_of_a_solution_that_was_cut_off_only_a_stated_answer_counts(
    text: str, answer: str | None
) -> None:
    assert final_answer(text, complete=False) == answer


balanced = st.recursive(
    st.text(st.characters(exclude_characters="{}\\", exclude_categories=["Cs"]), min_size=1),
    lambda inner: st.tuples(inner, inner).map(lambda t: f"{t[0]}{{{t[1]}}}"),
    max_leaves=5,
).filter(lambda s: s.strip())


@given(st.text(), balanced)
def test_a_closing_sentence_is_read_back(before: str, answer: str) -> None:
    assume(not before.strip().startswith("Question"))
    assert final_answer(f"{before}\n{closing(answer)}") == (answer.strip() or None)


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = final_answer(text)
    assert found is None or found


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_an_output_stated_in_a_solution_is_read_back(output: float) -> None:
    text = answer_text(json.dumps(output))
    assert final_answer(closing(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "#### " + " " * 100_000 + "$$",
        "the answer is " * 5_000,
        "1" * 150_000,
        "answer is answer is " * 5_000,
        r"\boxed{" * 20_000,
        "$" * 50_000,
        "Question: " * 10_000,
        "<think>" * 20_000,
    ],
    ids=["spaces", "phrases", "digits", "nested", "boxes", "dollars", "questions", "thoughts"],
)
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    started = time.monotonic()
    final_answer(text)
    assert time.monotonic() - started < 20  # each takes under a second on an idle machine
