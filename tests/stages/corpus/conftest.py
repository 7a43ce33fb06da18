"""Judged rows and seeds to assemble a corpus from."""

from collections.abc import Callable
from typing import Any

import pytest

from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.verified import Verified


@pytest.fixture
def solution() -> Callable[..., Solution]:
    """Makes a judged row; `n` identifies it, keywords override columns."""

    def make(n: int, shard: str = "00000", **changed: Any) -> Solution:
        values = {
            "question_id": f"q{n}",
            "sample_id": f"s{n}",
            "program_id": f"p{n}",
            "shard": shard,
            "program": f"input = {{'a': {n}}}\noutput = input['a']\nprint(output)",
            "codegen": "codegen-digest",
            "input": f'{{"a":{n}}}',
            "output": str(n),
            "question": f"What is {n}?",
            "question_prompt": "qp",
            "question_model": "qm",
            "solution": f"It is {n}. The answer is \\boxed{{{n}}}.",
            "solution_prompt": "sp",
            "solution_model": "sm",
        }
        return Solution(**(values | changed))

    return make


@pytest.fixture
def verified() -> Callable[..., Verified]:
    """Makes a verified program; `n` identifies it, keywords override columns."""

    def make(n: int, **changed: Any) -> Verified:
        values = {
            "sample_id": f"s{n}",
            "program_id": f"p{n}",
            "shard": "00000",
            "program": f"input = {{'a': {n}}}\noutput = input['a']\nprint(output)",
            "codegen": "codegen-digest",
            "input": f'{{"a":{n}}}',
            "output": str(n),
        }
        return Verified(**(values | changed))

    return make


@pytest.fixture
def seed() -> Callable[..., Seed]:
    """Makes a seed."""

    def make(problem: str, source: str = "families", licence: str = "Apache-2.0") -> Seed:
        return Seed(f"seed of {problem}", source, "math", problem, None, None, "1", licence)

    return make
