"""The layer `embedding`: planted vectors, the edge of the threshold, shards, missing vectors."""

import tracemalloc

import numpy as np
import pytest

from caco.config.checks import Corpus
from caco.errors import UserError
from caco.overlap.embeddings import EmbeddedItems
from caco.rows.embedding import Embedding
from caco.rows.rejected import Rejected
from caco.rows.table import write_rows
from caco.stages.corpus.assemble import filter_rows
from caco.stages.corpus.embedded import Embedded
from caco.vectors import stored


def of(*cosines):
    """Returns a vector with these cosines to the axes."""
    rest = 1 - sum(cosine**2 for cosine in cosines)
    return stored([*cosines, max(rest, 0.0) ** 0.5])


def row(name, vector, model="m"):
    return Embedding(name, model, 3, False, vector)


@pytest.fixture
def embedded(tmp_path):
    """Compares named shards with a benchmark of the two axes, or other problems."""

    def make(shards, problems=None, threshold=0.9):
        files = [tmp_path / "embeddings" / f"{name}.parquet" for name in shards]
        for file, rows in zip(files, shards.values(), strict=True):
            write_rows(file, Embedding, rows)
        benchmark = tmp_path / "gsm8k.parquet"
        axes = [row("p1", of(1.0, 0.0)), row("p2", of(0.0, 1.0))]
        write_rows(benchmark, Embedding, axes if problems is None else problems)
        return Embedded(files, [benchmark], threshold)

    return make


def test_a_planted_paraphrase_of_any_shard_is_found_with_problem_layer_and_score(
    embedded, solution
):
    shards = {
        "00000": [row("q0", of(0.1, 0.2)), row("q1", of(0.3, 0.95))],
        "00001": [],
        "00002": [row("q2", of(0.97, 0.1)), row("q3", of(0.8, 0.1))],
    }
    rows = [solution(0), solution(1), solution(2), solution(2, solution_variant=1), solution(3)]
    settings = Corpus(deduplicate=False)
    found = list(filter_rows(rows, settings, (), embedded=embedded(shards)))
    rejected = [one for one in found if isinstance(one, Rejected)]
    assert [(one.row_id, one.verdict) for one in rejected] == [
        ("q1", "contaminated"), ("q2", "contaminated"), ("q2.1", "contaminated"),
    ]  # fmt: skip
    assert rejected[0].reason == "0.950 is the cosine to problem p2 of gsm8k (layer embedding)"
    kept = [one.question_id for one in found if not isinstance(one, Rejected)]
    assert kept == ["q0", "q3"]


@pytest.mark.parametrize(("cosine", "found"), [(0.9, True), (0.8990, False), (1.0, True)])
def test_the_threshold_is_included(cosine, found):
    items = EmbeddedItems([("p", of(1.0))])
    ((_, nearest),) = items.nearest([("q", of(cosine))], 0.9)
    assert (nearest is not None) == found
    ((_, same),) = items.nearest([("q", of(1.0))], 1.0)
    assert same is not None and same.cosine == 1.0


def test_a_row_without_a_vector_is_rejected_and_others_are_compared(embedded, solution):
    compared = embedded({"00000": [row("q0", None), row("q1", of(0.99))]}, [row("p1", of(1.0))])
    found = list(filter_rows([solution(0), solution(1)], Corpus(), (), embedded=compared))
    verdicts = [one.verdict for one in found if isinstance(one, Rejected)]
    assert verdicts == ["no_vector", "contaminated"]


def test_vectors_of_other_rows_are_an_error(embedded, solution):
    with pytest.raises(UserError, match="no file of vectors has the question q1"):
        embedded({"00000": [row("q0", of(1.0))]}, []).verdict(solution(1))


def test_vectors_of_two_models_are_an_error(embedded):
    with pytest.raises(UserError, match="vectors are of the model other, others are of m"):
        embedded({"00000": [row("q0", of(0.0, 1.0), model="other")]})


def test_a_problem_without_a_vector_is_a_warning_and_a_benchmark_of_them_an_error(
    embedded, solution, capsys
):
    one = embedded({"00000": [row("q0", of(1.0))]}, [row("p1", None), row("p2", of(1.0))])
    assert "1 of 2 problems have no vector" in capsys.readouterr().err
    rejection = one.verdict(solution(0))
    assert rejection and "problem p2 of gsm8k" in rejection.reason
    with pytest.raises(UserError, match="no vector for any of the 2 problems"):
        embedded({"00000": []}, [row("p1", None), row("p2", None)])


def test_rows_are_streamed_in_blocks_with_the_result_of_one_product():
    rng = np.random.default_rng(3)
    items = rng.normal(size=(50, 8))
    rows = rng.normal(size=(5_000, 8))
    named = [(f"p{n}", vector) for n, item in enumerate(items) if (vector := stored(item))]
    vectors = ((str(n), vector) for n, one in enumerate(rows) if (vector := stored(one)))
    tracemalloc.start()
    found = {
        name: nearest
        for name, nearest in EmbeddedItems(named).nearest(vectors, 0.8)
        if nearest is not None
    }
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ (items / np.linalg.norm(items, axis=1, keepdims=True)).T
    clear = np.abs(cosines.max(axis=1) - 0.8) > 1e-3  # the others depend on the rounding
    expected = {str(n) for n in np.flatnonzero((cosines.max(axis=1) >= 0.8) & clear)}
    assert 100 < len(expected) < 4_000
    assert {name for name in found if clear[int(name)]} == expected
    assert all(abs(one.cosine - cosines[int(n)].max()) < 1e-3 for n, one in found.items())
    assert peak < 4_000_000  # all cosines at once take 2 MB more
