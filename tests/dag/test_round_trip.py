"""The round trip: the jobs that it adds to a run, and the jobs that re-run when it changes."""

from typing import Any

import pytest

from tests.dag.checkout import Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import downstream, each, with_value

CHECKED = {"round_trip:00000"} | downstream({"solution:00000"})
WRITTEN = {"redraft:00000"} | CHECKED


def with_round_trip(finished: Checkout, **changed: Any) -> dict[str, Any]:
    """Returns the config with a round trip, which the embedded run does not have."""
    raw = finished.config()
    raw["models"]["coder"] = raw["models"]["smollm2"]
    sampling = {"temperature": 0.7, "max_new_tokens": 64}
    raw["reverse"]["round_trip"] = {
        "model": "coder", "engine": {"kind": "transformers"}, "sampling": sampling,
    }  # fmt: skip
    return raw | changed


def test_a_round_trip_adds_its_jobs_and_re_runs_the_solutions(finished: Checkout) -> None:
    expected = {"model:coder"} | each("redraft") | each("round_trip")
    assert finished.planned(config=with_round_trip(finished)) == expected | downstream(
        each("solution")
    )


@pytest.fixture(scope="module")
def checked(finished: Checkout) -> dict[str, Any]:
    """The config of a finished run with a round trip and one shard."""
    return finished.finish(with_round_trip(finished, run="checked", shards=1))


def test_jobs_json_contains_the_jobs_of_the_round_trip(
    finished: Checkout, checked: dict[str, Any]
) -> None:
    assert finished.listed("checked") == finished.planned("--forceall", config=checked)


@pytest.mark.parametrize(
    ("key", "value", "jobs"),
    [
        ("engine.dtype", "float32", WRITTEN),
        ("sampling.seed", 5, WRITTEN),
        ("programs", 8, WRITTEN),
        ("examples", 2, WRITTEN),
        ("model", "smollm2", WRITTEN),
        ("agreement", 0.75, CHECKED),
    ],
)
def test_a_changed_key_re_runs_what_depends_on_it(
    finished: Checkout, checked: dict[str, Any], key: str, value: Any, jobs: set[str]
) -> None:
    assert finished.planned(config=with_value(checked, f"reverse.round_trip.{key}", value)) == jobs


def test_removing_the_round_trip_re_runs_the_solutions(
    finished: Checkout, checked: dict[str, Any]
) -> None:
    without = with_value(checked, "reverse.round_trip", None)
    assert finished.planned(config=without) == downstream({"solution:00000"})


def test_a_changed_comparison_writes_no_program_again(
    finished: Checkout, checked: dict[str, Any], edit: Edit
) -> None:
    edit("src/caco/stages/reverse/round_trip.py", "share >= agreement", "share > agreement")
    assert finished.planned(config=checked) == CHECKED
    assert finished.planned() == set()
