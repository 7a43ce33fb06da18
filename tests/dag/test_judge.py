"""The LLM judge: the jobs that it adds to a run, and the jobs that re-run when it changes."""

from typing import Any

import pytest

from tests.dag.checkout import Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import downstream, each, with_value

JUDGE_JOBS = {"llm_judge:00000", "judge_planted"} | downstream({"check:00000", "calibrate"})


def with_judge(finished: Checkout, **changed: Any) -> dict[str, Any]:
    """Returns the config with an LLM judge, which the embedded run does not have."""
    raw = finished.config()
    raw["models"]["judge"] = raw["models"]["smollm2"]
    sampling = {"temperature": 0.0, "max_new_tokens": 64}
    engine = {"kind": "transformers"}
    raw["reverse"]["llm_judge"] = {"model": "judge", "engine": engine, "sampling": sampling}
    return raw | changed


def test_an_llm_judge_adds_its_jobs_and_re_runs_the_corpus(finished: Checkout) -> None:
    expected = (
        {"model:judge", "judge_planted"}
        | each("llm_judge")
        | downstream(each("check") | {"calibrate"})
    )
    assert finished.planned(config=with_judge(finished)) == expected


@pytest.fixture(scope="module")
def judged(finished: Checkout) -> dict[str, Any]:
    """The config of a finished run with an LLM judge and one shard."""
    return finished.finish(with_judge(finished, run="judged", shards=1))


def test_jobs_json_contains_the_jobs_of_the_judge(
    finished: Checkout, judged: dict[str, Any]
) -> None:
    assert finished.listed("judged") == finished.planned("--forceall", config=judged)


@pytest.mark.parametrize(
    ("key", "value"), [("engine.dtype", "float32"), ("sampling.temperature", 0.5)]
)
def test_a_changed_key_of_the_judge_re_runs_it(
    finished: Checkout, judged: dict[str, Any], key: str, value: Any
) -> None:
    changed = with_value(judged, f"reverse.llm_judge.{key}", value)
    assert finished.planned(config=changed) == JUDGE_JOBS


def test_another_judge_model_re_runs_the_judge(finished: Checkout, judged: dict[str, Any]) -> None:
    changed = with_value(judged, "reverse.llm_judge.model", "smollm2")
    assert finished.planned(config=changed) == JUDGE_JOBS


def test_removing_the_judge_re_runs_the_corpus(finished: Checkout, judged: dict[str, Any]) -> None:
    assert finished.planned(config=with_value(judged, "reverse.llm_judge", None)) == downstream(
        {"check:00000", "calibrate"}
    )


def test_a_changed_prompt_of_the_judge_re_runs_only_the_judge(
    finished: Checkout, judged: dict[str, Any], edit: Edit
) -> None:
    edit("src/caco/stages/reverse/llm_judge.j2", "Reason briefly.", "Reason.")
    assert finished.planned(config=judged) == JUDGE_JOBS
    assert finished.planned() == set()
