"""A judging model: what it adds to a run, and what re-runs when it changes."""

from typing import Any

import pytest

from tests.dag.checkout import Checkout
from tests.dag.conftest import Edit
from tests.dag.dependencies import below, each, with_value

AGREE = {"llm_judge:00000", "judge_planted"} | below({"corpus", "calibrate"})


def with_judge(made: Checkout, **changed: Any) -> dict[str, Any]:
    """Returns the config with a judging model, which the embedded run has none of."""
    raw = made.config()
    raw["models"]["judge"] = raw["models"]["smollm2"]
    sampling = {"temperature": 0.0, "max_new_tokens": 64}
    engine = {"kind": "transformers"}
    raw["reverse"]["llm_judge"] = {"model": "judge", "engine": engine, "sampling": sampling}
    return raw | changed


def test_a_judging_model_adds_its_jobs_and_re_runs_the_corpus(made: Checkout) -> None:
    wanted = {"model:judge", "judge_planted"} | each("llm_judge") | below({"corpus", "calibrate"})
    assert made.planned(config=with_judge(made)) == wanted


@pytest.fixture(scope="module")
def judged(made: Checkout) -> dict[str, Any]:
    """The config of a whole run with a judging model, one shard."""
    raw = with_judge(made, run="judged", shards=1)
    made.snakemake(config=raw)
    assert made.planned(config=raw) == set()
    return raw


def test_a_run_with_a_judge_lists_its_jobs(made: Checkout, judged: dict[str, Any]) -> None:
    assert made.listed("judged") == made.planned("--forceall", config=judged)


@pytest.mark.parametrize(
    ("key", "value"), [("engine.dtype", "float32"), ("sampling.temperature", 0.5)]
)
def test_a_changed_key_of_the_judge_re_runs_it(
    made: Checkout, judged: dict[str, Any], key: str, value: Any
) -> None:
    changed = with_value(judged, f"reverse.llm_judge.{key}", value)
    assert made.planned(config=changed) == AGREE


def test_another_judge_re_runs_the_judging(made: Checkout, judged: dict[str, Any]) -> None:
    changed = with_value(judged, "reverse.llm_judge.model", "smollm2")
    assert made.planned(config=changed) == AGREE


def test_without_its_judge_a_run_makes_its_corpus_anew(
    made: Checkout, judged: dict[str, Any]
) -> None:
    assert made.planned(config=with_value(judged, "reverse.llm_judge", None)) == below(
        {"corpus", "calibrate"}
    )


def test_the_judges_prompt_re_runs_the_judge_alone(
    made: Checkout, judged: dict[str, Any], edited: Edit
) -> None:
    edited("src/caco/reverse/agreement/agree.j2", "Reason briefly.", "Reason.")
    assert made.planned(config=judged) == AGREE
    assert made.planned() == set()
