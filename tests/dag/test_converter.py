"""A source with the converter `llm`: its rounds, and the jobs that re-run when a key changes."""

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
TARGET = "results/converted/codegen/manifest.json"
DRAFTS = {f"draft:{SOURCE}-{r}" for r in (0, 1)}
ATTEMPTS = {f"attempt:{SOURCE}-{r}" for r in (0, 1)}
DOWNSTREAM = {f"unify:{SOURCE}", "codegen"}


def config(checkout: Checkout, **unify: Any) -> dict[str, Any]:
    raw = checkout.config()
    raw["run"] = "converted"
    raw["models"]["converter"] = copy.deepcopy(raw["models"]["smollm2"])
    raw["sources"][SOURCE]["unify"] = LLM | unify
    return raw


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after a run up to `codegen`, with the converter `llm`."""
    checkout = Checkout(tmp_path_factory.mktemp("converter"))
    checkout.snakemake(TARGET, config=config(checkout))
    return checkout


def test_each_round_drafts_and_executes_only_for_this_source(finished: Checkout) -> None:
    assert finished.planned(TARGET, config=config(finished)) == set()
    planned = finished.planned(TARGET, "--forceall", config=config(finished))
    assert {job for job in planned if job.startswith(("draft", "attempt"))} == DRAFTS | ATTEMPTS
    assert "model:converter" in planned


def test_jobs_json_contains_the_rounds(finished: Checkout) -> None:
    assert finished.listed("converted") == finished.planned("--forceall", config=config(finished))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sampling", {"temperature": 0.7, "max_new_tokens": 512}),
        ("candidates", 3),
        ("model", "smollm2"),
    ],
)
def test_a_changed_converter_re_runs_all_rounds(finished: Checkout, key: str, value: Any) -> None:
    planned = finished.planned(TARGET, config=config(finished, **{key: value}))
    assert planned == DRAFTS | ATTEMPTS | DOWNSTREAM


def test_one_more_retry_runs_one_more_round(finished: Checkout) -> None:
    planned = finished.planned(TARGET, config=config(finished, retries=2))
    assert planned == {f"draft:{SOURCE}-2", f"attempt:{SOURCE}-2"} | DOWNSTREAM


def test_changed_limits_re_run_attempts_and_later_drafts(finished: Checkout) -> None:
    raw = config(finished)
    raw["sandbox"] = {"cpu_s": 4.0}
    planned = finished.planned(TARGET, config=raw)
    assert f"draft:{SOURCE}-0" not in planned
    assert ATTEMPTS | {f"draft:{SOURCE}-1"} | DOWNSTREAM <= planned


def test_a_changed_prompt_re_runs_only_this_converter(finished: Checkout) -> None:
    finished.edit("src/caco/stages/unify/convert.j2", "Write a Python", "Write one Python")
    assert finished.planned(TARGET, config=config(finished)) == DRAFTS | ATTEMPTS | DOWNSTREAM
    finished.edit("src/caco/stages/unify/convert.j2", "Write one Python", "Write a Python")
