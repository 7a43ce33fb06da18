"""Diversity by vectors: values of hand-made sets, and where the report shows them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.reports.page_reader import read

from caco.errors import UserError
from caco.reports.page.build import build_report
from caco.reports.quality.embedding_diversity import (
    NO_VECTORS,
    VectorFiles,
    embedding_diversity,
    vendi_score,
)
from caco.rows.corpus import CorpusRow
from caco.rows.embedding import Embedding
from caco.rows.table import read_rows, write_rows
from caco.runtime.checksums import read_checked
from caco.vectors import stored


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def write(path, vectors, model="m", first=0):
    rows = [
        Embedding(f"t{n}", model, 3, False, None if v is None else stored(v))
        for n, v in enumerate(vectors, first)
    ]
    write_rows(path, Embedding, rows)
    return path


@pytest.mark.parametrize("dimensions", [8, 64])  # fewer and more than texts
def test_the_vendi_score_counts_the_different_texts(dimensions):
    axes: NDArray[np.float32] = np.eye(dimensions, dtype=np.float32)
    assert vendi_score(np.repeat(axes[:1], 40, axis=0)) == pytest.approx(1)
    assert vendi_score(np.repeat(axes[:4], 10, axis=0)) == pytest.approx(4)
    assert vendi_score(axes) == pytest.approx(dimensions)
    # Of two texts with the cosine 0.6: eigenvalues 0.8 and 0.2.
    two = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)
    assert vendi_score(two) == pytest.approx(1 / (0.8**0.8 * 0.2**0.2))


def test_sets_of_different_sizes_compare_and_the_corpus_is_part_of_the_questions(tmp_path):
    rng = np.random.default_rng(0)
    seeds = unit(rng.normal(size=(300, 16)))
    few = unit(np.repeat(np.eye(16)[:2], 30, axis=0) + rng.normal(size=(60, 16)) / 1e3)
    files = VectorFiles(
        seeds=[write(tmp_path / "a.parquet", seeds)],
        questions=[
            write(tmp_path / "b.parquet", [*seeds[:200], None]),
            write(tmp_path / "c.parquet", few, first=500),
        ],
    )
    found = embedding_diversity(files, {f"t{n}" for n in range(500, 560)})
    assert [(one.stage, one.rows, one.drawn) for one in found] == [
        ("seeds", 300, 60), ("check", 260, 60), ("corpus", 60, 60),
    ]  # fmt: skip
    of_seeds, checked, corpus = found
    assert of_seeds.vendi and checked.vendi and corpus.vendi
    assert of_seeds.of_seeds == 1
    # The same 60 rows of a set have the same score, whatever its size.
    part = [write(tmp_path / "d.parquet", seeds[:100]), write(tmp_path / "e.parquet", few)]
    (less, _) = embedding_diversity(VectorFiles(part[:1], part[1:]), set())
    assert less.vendi == pytest.approx(of_seeds.vendi, rel=0.03)
    assert corpus.vendi == pytest.approx(2, rel=0.01)
    assert corpus.of_seeds == pytest.approx(2 / of_seeds.vendi, rel=0.01)
    assert corpus.nearest == pytest.approx(1, abs=1e-3)
    assert corpus.alike == pytest.approx((29 + 0) / 59, abs=0.01)
    assert corpus.vendi < checked.vendi < of_seeds.vendi
    assert of_seeds.alike == pytest.approx(0, abs=0.02)


def test_small_sets_have_no_score(tmp_path):
    file = write(tmp_path / "a.parquet", np.eye(3))
    (found,) = embedding_diversity(VectorFiles([file]), set())
    assert (found.rows, found.drawn, found.vendi, found.of_seeds) == (3, None, None, None)
    assert found.cells == ["3", "-", "-", "-", "0.000"]
    (one,) = embedding_diversity(VectorFiles([write(file, np.eye(1))]), set())
    assert one.alike is None
    assert embedding_diversity(NO_VECTORS, {"t1"}) == []


def test_vectors_of_two_models_are_refused(tmp_path):
    files = [write(tmp_path / f"{n}.parquet", np.eye(3), model=f"m{n}") for n in range(2)]
    with pytest.raises(UserError, match=r"1\.parquet: its vectors are of the model m1, others"):
        embedding_diversity(VectorFiles(files[:1], files[1:]), set())


def test_the_numbers_are_in_report_and_funnel(fake_run, tmp_path):
    corpus = Path(fake_run.paths.corpus())
    rows = [replace(row, question_id=f"t{n}") for n, row in enumerate(read_rows(corpus, CorpusRow))]
    write_rows(corpus, CorpusRow, rows)
    seeds = write(tmp_path / "seeds.parquet", np.eye(16))
    questions = write(tmp_path / "questions.parquet", np.repeat(np.eye(16)[:4], 4, axis=0))
    funnel, report = tmp_path / "funnel.json", tmp_path / "report.html"
    build_report("tiny", fake_run.files(), funnel, report)
    assert "Vendi" not in report.read_text() and "vectors" not in funnel.read_text()
    files = replace(fake_run.files(), vectors=VectorFiles([seeds], [questions]))
    build_report("tiny", files, funnel, report)
    stages = {stage["stage"]: stage["diversity"] for stage in read_checked(funnel)["stages"]
              if "vectors" in stage.get("diversity", {})}  # fmt: skip
    assert {name: one["vectors"]["vendi"] for name, one in stages.items()} == {
        "seeds": 16, "check": 4, "corpus": None,
    }  # fmt: skip
    assert stages["check"]["vectors"]["of_seeds"] == 0.25
    assert "problems" in stages["seeds"]
    rows = read(report.read_text()).table("Diversity of the problems by their vectors")
    assert ["check", "16", "4.0", "25%", "1.000", "0.200"] in rows
