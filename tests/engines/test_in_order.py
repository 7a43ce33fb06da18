"""Rows are yielded with their completions, in the order of the rows."""

import pytest
from tests.fake_engine import FakeEngine

from caco.config.generation import Sampling
from caco.engines.protocol import complete_in_order, request
from caco.errors import CacoError

SAMPLING = Sampling(temperature=0.0, max_new_tokens=9)


def _requests(rows):
    return ((row, request(f"id{row}", f"prompt {row}", row, SAMPLING)) for row in rows)


def test_rows_are_yielded_in_order_with_their_completions():
    engine = FakeEngine(lambda r: r.prompt.upper())  # completes the last request first
    pairs = list(complete_in_order(engine, _requests(range(5))))
    assert [row for row, _ in pairs] == [0, 1, 2, 3, 4]
    assert [c.text for _, c in pairs] == [f"PROMPT {i}" for i in range(5)]


def test_a_missing_completion_is_an_error():
    class Incomplete(FakeEngine):
        def generate(self, requests):
            return (c for c in super().generate(requests) if c.request_id != "id1")

    with pytest.raises(CacoError, match="no completion"):
        list(complete_in_order(Incomplete(lambda r: "x"), _requests(range(3))))
