"""A source that a model converts: its rounds, and what re-runs when its keys change."""

import copy
from typing import Any

import pytest

from tests.dag.checkout import Checkout

SOURCE = "gsm_symbolic"
LLM = {
    "converter": "llm",
    "model": "converter",
    "engine": {"kind": "transformers", "dtype": "float32"},
    "sampling": {"temperature": 0.6, "max_new_tokens": 512},
    "candidates": 2,
    "retries": 1,
}
GOAL = "results/converted/codegen/manifest.json"
DRAFTS = {f"draft:{SOURCE}-{r}" for r in (0, 1)}
ATTEMPTS = {f"attempt:{SOURCE}-{r}" for r in (0, 1)}
BELOW = {f"unify:{SOURCE}", "codegen"}


def config(checkout: Checkout, **unify: Any) -> dict[str, Any]:
    raw = checkout.config()
    raw["run"] = "converted"
    raw["models"]["converter"] = copy.deepcopy(raw["models"]["smollm2"])
    raw["sources"][SOURCE]["unify"] = LLM | unify
    return raw


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which every Code CoT of such a config has been made."""
    checkout = Checkout(tmp_path_factory.mktemp("converter"))
    checkout.snakemake(GOAL, config=config(checkout))
    return checkout


def test_each_round_drafts_and_executes_and_the_others_stay_without(made: Checkout) -> None:
    assert made.planned(GOAL, config=config(made)) == set()
    planned = made.planned(GOAL, "--forceall", config=config(made))
    assert {job for job in planned if job.startswith(("draft", "attempt"))} == DRAFTS | ATTEMPTS
    assert "model:converter" in planned


def test_the_rounds_are_among_the_jobs_that_the_run_lists(made: Checkout) -> None:
    assert made.listed("converted") == made.planned("--forceall", config=config(made))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sampling", {"temperature": 0.7, "max_new_tokens": 512}),
        ("candidates", 3),
        ("model", "smollm2"),
    ],
)
def test_a_changed_converter_drafts_again(made: Checkout, key: str, value: Any) -> None:
    planned = made.planned(GOAL, config=config(made, **{key: value}))
    assert planned == DRAFTS | ATTEMPTS | BELOW


def test_one_retry_more_runs_one_round_more(made: Checkout) -> None:
    planned = made.planned(GOAL, config=config(made, retries=2))
    assert planned == {f"draft:{SOURCE}-2", f"attempt:{SOURCE}-2"} | BELOW


def test_other_limits_execute_again_and_draft_what_they_failed(made: Checkout) -> None:
    raw = config(made)
    raw["sandbox"] = {"cpu_s": 4.0}
    planned = made.planned(GOAL, config=raw)
    assert f"draft:{SOURCE}-0" not in planned
    assert ATTEMPTS | {f"draft:{SOURCE}-1"} | BELOW <= planned


def test_another_prompt_drafts_again_and_leaves_the_other_converters(made: Checkout) -> None:
    made.edit("src/caco/convert/convert.j2", "Write a Python", "Write one Python")
    assert made.planned(GOAL, config=config(made)) == DRAFTS | ATTEMPTS | BELOW
    made.edit("src/caco/convert/convert.j2", "Write one Python", "Write a Python")
