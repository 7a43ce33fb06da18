"""Embeddings: the jobs that they add to a run, and the jobs that re-run when they change."""

from typing import Any

import pytest

from tests.dag.checkout import Checkout
from tests.dag.dependencies import SOURCES, downstream, each, with_value

CORPUS = downstream({"corpus"})
PROBLEMS = {"embed_problems:benchmarks-arithmetic"} | {
    f"embed_problems:seeds-{source}" for source in SOURCES
}
EMBEDDED = {"embed:00000"} | PROBLEMS | CORPUS


def with_vectors(finished: Checkout, **changed: Any) -> dict[str, Any]:
    """Returns the config with embeddings, which the embedded run does not have."""
    raw = finished.config()
    raw["models"]["embedder"] = raw["models"]["smollm2"]
    raw["embedding"] = {"model": "embedder", "engine": {"kind": "transformers"}}
    layers = {"held_out": ["normalised", "program", "embedding"], "embedding": 0.9}
    raw.setdefault("corpus", {})["decontaminate"] = layers
    return raw | changed


def test_embeddings_add_their_jobs_and_re_run_the_corpus(finished: Checkout) -> None:
    expected = {"model:embedder"} | PROBLEMS | each("embed") | CORPUS
    assert finished.planned(config=with_vectors(finished)) == expected


def test_without_the_layer_the_vectors_are_those_of_the_report(finished: Checkout) -> None:
    raw = with_vectors(finished)
    del raw["corpus"]["decontaminate"]
    of_benchmark = {"embed_problems:benchmarks-arithmetic"}
    expected = {"model:embedder", "report"} | PROBLEMS - of_benchmark | each("embed")
    assert finished.planned(config=raw) == expected


@pytest.fixture(scope="module")
def embedded(finished: Checkout) -> dict[str, Any]:
    """The config of a finished run with embeddings and one shard."""
    return finished.finish(with_vectors(finished, run="with_vectors", shards=1))


def test_jobs_json_contains_the_jobs_of_the_embeddings(
    finished: Checkout, embedded: dict[str, Any]
) -> None:
    assert finished.listed("with_vectors") == finished.planned("--forceall", config=embedded)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("embedding.engine.dtype", "float32", EMBEDDED),
        ("embedding.pooling", "last", EMBEDDED),
        ("embedding.max_tokens", 64, EMBEDDED),
        ("embedding.prefix", "query: ", EMBEDDED),
        ("embedding.model", "smollm2", EMBEDDED),
        ("corpus.decontaminate.embedding", 0.8, CORPUS),
    ],
)
def test_a_changed_key_re_runs_what_depends_on_it(
    finished: Checkout, embedded: dict[str, Any], key: str, value: Any, expected: set[str]
) -> None:
    """A threshold neither embeds nor, although the seeds have the other layers, unifies again."""
    assert finished.planned(config=with_value(embedded, key, value)) == expected


def test_another_shard_is_embedded_alone(finished: Checkout, embedded: dict[str, Any]) -> None:
    planned = finished.planned(config=embedded | {"shards": 2})
    assert "embed:00001" in planned
    assert not {"embed:00000", *PROBLEMS} & planned
