"""Text that no solver writes: the reader neither raises nor hangs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caco.statements.read import statements
from caco.statements.statement import Statement

_LENGTH = 100_000
_SECONDS = 20.0  # each takes below 2 s on an idle core; a quadratic reader takes minutes

LONG = {
    "digits": "1" * _LENGTH + " + 1 = 2",
    "round brackets": "(" * _LENGTH + "1" + ")" * _LENGTH + " = 1",
    "square brackets": "[" * _LENGTH,
    "open fractions": r"\frac{" * (_LENGTH // 6),
    "fractions": r"\frac{1}{2}" * (_LENGTH // 11),
    "open text": r"\text{" * (_LENGTH // 6),
    "open marks": "<<1" * (_LENGTH // 3),
    "signs": "-" * _LENGTH + "1 = 1",
    "powers": "9^" * (_LENGTH // 2) + "9 = 1",
    "chain": "1 + 1 = 2 " * (_LENGTH // 10),
    "sum": "1+" * (_LENGTH // 2) + "1 = 5",
    "list": "1, " * (_LENGTH // 3) + "and 2 are even",
    "number words": "twenty " * (_LENGTH // 7),
    "spaces": " " * _LENGTH,
    "lines": "\n " * (_LENGTH // 2),
    "stars": "*" * _LENGTH,
    "statements": "3 and 4 are even\n" * (_LENGTH // 17),
    "primes": "999983 is prime. " * (_LENGTH // 17),
    "backslashes": "\\" * _LENGTH,
    "lone surrogates": "\ud800" * 100 + " 1 + 1 = 2",
}
WORDS = [
    "1", "2", "35", "1/2", "0.5", "$", "%", "=", "≈", "<", ">", "+", "-", "*", "/", "^", "(", ")",
    "[", "]", "{", "}", ",", ".", ":", "!", "?", "#", "\n", "<<", ">>", r"\frac{1}{2}", r"\text{",
    "is", "are", "isn't", "not", "even", "odd", "prime", "divides", "divisible by", "the", "a",
    "sum of", "largest", "smallest", "of", "and", "or", "half of", "twice", "times", "mod", "R",
    "remainder", "sorted", "multiples of", "divisors of", "there are", "elements in", "more than",
    "one", "two thirds", "dozen", "percent", "x", "if", "apples per day",
]  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_is_read_in_bounded_time(name: str) -> None:
    begun = time.process_time()
    assert all(isinstance(found, Statement) for found in statements(LONG[name]))
    assert time.process_time() - begun < _SECONDS


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["", " ", "  "])), max_size=30))
def test_no_text_raises(words: list[tuple[str, str]]) -> None:
    for found in statements("".join(word + space for word, space in words)):
        assert found.holds is not False or found.right


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_no_unicode_text_raises(text: str) -> None:
    statements(text)
