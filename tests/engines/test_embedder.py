"""The transformers embedder: a vector depends on its text alone; and the journal of a job."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.fake_engine import FakeEmbedder
from tests.tiny_model import make_tiny_model
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from caco.config.embedding import Embedder, TransformersEmbedderConfig
from caco.engines.embedder import embed_all
from caco.engines.open_embedder import open_embedder
from caco.errors import UserError
from caco.runtime.journal import Journal
from caco.vectors import matrix, stored

TEXTS = ["a", "The answer is 408. " * 30, "Solve the problem step by step.", "b c", "12 * 34"]


def section(pooling="mean", max_tokens=512, batch=8):
    engine = TransformersEmbedderConfig(dtype="float32", batch=batch)
    return Embedder(engine=engine, pooling=pooling, max_tokens=max_tokens, prefix="")


def embed(folder, texts, **changed):
    with open_embedder(folder, section(**changed)) as embedder:
        return embedder.embed(texts)


def vectors(found):
    return matrix([one.vector for one in found])


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("causal"))


@pytest.fixture(scope="module")
def bidirectional(causal, tmp_path_factory):
    """A model whose tokens see those after them, and so would see padding."""
    folder = tmp_path_factory.mktemp("bidirectional")
    AutoTokenizer.from_pretrained(causal).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    BertModel(BertConfig(vocab_size=384, intermediate_size=64, **shape)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["causal", "bidirectional"])
@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_a_vector_does_not_depend_on_the_other_texts(kind, pooling, request):
    folder = request.getfixturevalue(kind)
    together = embed(folder, TEXTS, pooling=pooling)
    alone = [embed(folder, [text], pooling=pooling)[0] for text in TEXTS]
    assert [one.tokens for one in together] == [one.tokens for one in alone]
    assert len({one.tokens for one in together}) > 3
    model = AutoModel.from_pretrained(folder, dtype=torch.float32)
    assert np.abs(vectors(together) - vectors(alone)).max() < 5e-4  # stored numbers have 11 bits
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text, vector in zip(TEXTS, vectors(together), strict=True):
        with torch.inference_mode():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        pooled = states.mean(dim=0) if pooling == "mean" else states[-1]
        expected = torch.nn.functional.normalize(pooled, dim=0).numpy()
        assert np.abs(vector - expected).max() < 5e-4  # stored numbers have 11 bits


@pytest.mark.parametrize("kind", ["causal", "bidirectional"])
def test_padding_changes_no_unrounded_vector(kind, request, monkeypatch):
    folder = request.getfixturevalue(kind)
    found: dict[tuple[int, ...], list[Any]] = {}

    def keep(vector, ids, truncated):
        found.setdefault(tuple(ids), []).append(vector / np.linalg.norm(vector))

    monkeypatch.setattr("caco.engines.transformers_embedder.embedded", keep)
    embed(folder, TEXTS)
    embed(folder, TEXTS, batch=1)
    assert len(found) == len(TEXTS)
    assert max(np.abs(one - other).max() for one, other in found.values()) < 1e-5


def test_the_text_after_the_limit_is_cut_off_and_counted(causal, bidirectional):
    tokenizer = AutoTokenizer.from_pretrained(causal)
    ids = tokenizer(TEXTS[1])["input_ids"]
    (whole,) = embed(causal, TEXTS[1:2], max_tokens=len(ids))
    assert (whole.tokens, whole.truncated) == (len(ids), False)
    cut, other = embed(causal, [TEXTS[1], TEXTS[1] + " and more"], max_tokens=16)
    assert (cut.tokens, cut.truncated) == (16, True)
    assert cut.vector == other.vector != whole.vector
    (of_model,) = embed(bidirectional, ["a " * 2_000], max_tokens=5_000)
    assert (of_model.tokens, of_model.truncated) == (512, True)


def test_no_text_loads_no_model_and_an_empty_one_has_no_vector(causal, tmp_path):
    assert embed(tmp_path / "missing", []) == []
    one, empty, other = embed(causal, ["a", "", "b"])
    assert (empty.tokens, empty.vector) == (0, None)
    assert one.vector and other.vector and one != other


def test_a_folder_without_a_checkpoint_is_an_error(tmp_path):
    with pytest.raises(UserError, match="not a checkpoint that transformers can load"):
        embed(tmp_path, ["a"])


@pytest.mark.parametrize("vector", [[0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]])
def test_a_vector_without_direction_is_none(vector):
    assert stored(vector) is None


def test_a_stored_vector_has_two_bytes_a_number_and_the_length_1():
    long, one, small = stored(np.arange(384.0)), stored([3.0, 4.0]), stored([1e-9, 0.0])
    assert long and one and small and len(long) == 768
    assert matrix([one, small]) == pytest.approx(np.array([[0.6, 0.8], [1.0, 0.0]]), abs=3e-4)


def test_a_resumed_job_embeds_only_the_other_texts(tmp_path):
    rows = [(n, f"text {n % 5}") for n in range(8)]
    first, second = FakeEmbedder(lambda text: [len(text), 1.0]), FakeEmbedder(lambda text: [0, 1])
    with Journal(tmp_path / "00000.journal", {}) as journal:
        started = list(embed_all(first, journal, rows[:3]))
    with Journal(tmp_path / "00000.journal", {}) as journal:
        resumed = list(embed_all(second, journal, rows))
    assert (first.texts, second.texts) == (["text 0", "text 1", "text 2"], ["text 3", "text 4"])
    assert [row for row, _ in resumed] == list(range(8))
    assert resumed[:3] == started and resumed[5:] == [(n + 5, found) for n, found in started]


def test_a_text_without_a_vector_is_resumed_as_such(tmp_path):
    embedder = FakeEmbedder(lambda text: [float("nan")])
    with Journal(tmp_path / "00000.journal", {}) as journal:
        list(embed_all(embedder, journal, [(0, "a")]))
        ((_, found),) = embed_all(embedder, journal, [(0, "a")])
    assert embedder.texts == ["a"] and found.vector is None
