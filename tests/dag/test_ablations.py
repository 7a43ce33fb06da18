"""Ablations: the jobs that they add to a run, and the jobs that re-run when they change."""

from typing import Any

import pytest

from tests.dag.checkout import Checkout
from tests.dag.dependencies import BENCHMARKS, FEEDS, SOURCES, downstream, each, with_value

SCORED = {"scores", "report"}
KINDS = {"seeds": "seeds_only", "raw": "unverified"}


def trained(*names: str) -> set[str]:
    """Returns the jobs from the training of these ablations on."""
    benchmarked = tuple(f"{name}-{b}" for name in names for b in BENCHMARKS)
    return (
        each("ablation_student", names) | each("answer", benchmarked) | each("grade", benchmarked)
        | SCORED
    )  # fmt: skip


def ablated(*names: str) -> set[str]:
    """Returns all jobs of these ablations, and those that read their scores."""
    return each("ablation_corpus", names) | trained(*names)


def with_ablations(finished: Checkout, **changed: Any) -> dict[str, Any]:
    raw = finished.config()
    raw["ablations"] = {name: {"corpus": corpus} for name, corpus in KINDS.items()}
    return raw | changed


def test_ablations_add_their_jobs_to_a_finished_run_and_re_run_no_other(finished: Checkout) -> None:
    assert finished.planned(config=with_ablations(finished)) == ablated("seeds", "raw")


@pytest.fixture(scope="module")
def ablated_config(finished: Checkout) -> dict[str, Any]:
    """The config of a finished run with ablations."""
    return finished.finish(with_ablations(finished, run="ablated"))


def test_jobs_json_contains_the_jobs_of_the_ablations(
    finished: Checkout, ablated_config: dict[str, Any]
) -> None:
    assert finished.listed("ablated") == set(FEEDS) | ablated("seeds", "raw")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("ablations.raw.rows", 7, ablated("raw")),
        ("ablations.seeds.seed", 7, ablated("seeds")),
        ("student.training.epochs", 9, downstream({"student"}) | trained("seeds", "raw")),
        ("student.training.min_rows", 2, downstream({"student"})),
        ("corpus.per_program", 7, downstream({"corpus"}) | ablated("raw")),
        ("corpus.decontaminate.n", 5,
         downstream(each("unify", SOURCES) | {"corpus"}) | ablated("seeds", "raw")),
        ("writer.training.epochs", 99, downstream({"writer"}) | ablated("raw")),
    ],
)  # fmt: skip
def test_a_changed_key_re_runs_what_depends_on_it(
    finished: Checkout, ablated_config: dict[str, Any], key: str, value: Any, expected: set[str]
) -> None:
    assert finished.planned(config=with_value(ablated_config, key, value)) == expected


def test_another_shard_is_a_part_of_the_solutions_alone(
    finished: Checkout, ablated_config: dict[str, Any]
) -> None:
    planned = finished.planned(config=ablated_config | {"shards": 3})
    assert ablated("raw") <= planned
    assert not {"ablation_corpus:seeds", "ablation_student:seeds"} & planned
