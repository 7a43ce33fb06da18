"""Pass rates: the jobs that they add to a run, and the jobs that re-run when they change."""

from typing import Any

import pytest

from tests.dag.checkout import Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import downstream, each, with_value
from tests.dag.test_modules import SRC, added_statement

CORPUS = downstream({"corpus"})
RATED = {"pass_rate:00000"} | CORPUS
ANSWERED = {"rollout:00000"} | RATED


def with_rates(finished: Checkout, **changed: Any) -> dict[str, Any]:
    """Returns the config with pass rates, which the embedded run does not have."""
    raw = finished.config()
    raw["models"]["rated"] = raw["models"]["smollm2"]
    sampling = {"temperature": 0.7, "max_new_tokens": 64}
    engine = {"kind": "transformers"}
    raw["pass_rate"] = {"model": "rated", "engine": engine, "sampling": sampling}
    return raw | changed


def test_pass_rates_add_their_jobs_and_re_run_the_corpus(finished: Checkout) -> None:
    expected = {"model:rated"} | each("rollout") | each("pass_rate") | CORPUS
    assert finished.planned(config=with_rates(finished)) == expected


@pytest.fixture(scope="module")
def rated(finished: Checkout) -> dict[str, Any]:
    """The config of a finished run with pass rates and one shard."""
    return finished.finish(with_rates(finished, run="rated", shards=1))


def test_jobs_json_contains_the_jobs_of_the_pass_rates(
    finished: Checkout, rated: dict[str, Any]
) -> None:
    assert finished.listed("rated") == finished.planned("--forceall", config=rated)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("pass_rate.engine.dtype", "float32", ANSWERED),
        ("pass_rate.sampling.seed", 5, ANSWERED),
        ("pass_rate.samples", 4, ANSWERED),
        ("pass_rate.prompt", "chat", ANSWERED),
        ("pass_rate.model", "smollm2", ANSWERED),
        ("pass_rate.grader_timeout_s", 20.0, RATED),
        ("corpus.pass_rates", [0.1, 0.9], CORPUS),
        ("pass_rate", None, CORPUS),
    ],
)
def test_a_changed_key_re_runs_what_depends_on_it(
    finished: Checkout, rated: dict[str, Any], key: str, value: Any, expected: set[str]
) -> None:
    assert finished.planned(config=with_value(rated, key, value)) == expected


def test_a_changed_grader_generates_no_answer_again(
    finished: Checkout, rated: dict[str, Any], edit: Edit
) -> None:
    module = "caco/stages/pass_rate/passes.py"
    edit(f"src/{module}", *added_statement(SRC / module))
    assert finished.planned(config=rated) == RATED
    assert finished.planned() == set()


def test_another_shard_is_answered_and_graded_alone(
    finished: Checkout, rated: dict[str, Any]
) -> None:
    planned = finished.planned(config=rated | {"shards": 2})
    assert {"rollout:00001", "pass_rate:00001"} <= planned
    assert not {"rollout:00000", "pass_rate:00000"} & planned
