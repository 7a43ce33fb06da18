"""The vLLM embedder with a real model: its vectors are those of the transformers embedder.

The last module of its folder: closing the embedder ends what all engines of a process share.
"""

import numpy as np
import pytest

from caco.config.embedding import Embedder, TransformersEmbedderConfig, VllmEmbedderConfig
from caco.engines.open_embedder import open_embedder
from caco.vectors import matrix

TEXTS = ["a", "The answer is 408. " * 30, "", "Solve the problem step by step.", "12 * 34"]
VLLM = VllmEmbedderConfig(
    kind="vllm", dtype="float32", batch=4, context=512, cpu_cache_gib=1, eager=True
)


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_the_vectors_are_those_of_transformers(model, pooling):
    found = []
    for engine in (VLLM, TransformersEmbedderConfig(dtype="float32")):
        section = Embedder(engine=engine, pooling=pooling, max_tokens=64, prefix="")
        with open_embedder(model.folder, section) as embedder:
            found.append(embedder.embed(TEXTS))
    ours, theirs = found
    assert [(one.tokens, one.truncated) for one in ours] == [
        (one.tokens, one.truncated) for one in theirs
    ]
    assert [one.truncated for one in ours] == [False, True, False, False, False]
    assert ours[2].vector is theirs[2].vector is None
    of_texts = [matrix([one.vector for one in side if one.vector]) for side in found]
    assert np.abs(of_texts[0] - of_texts[1]).max() < 5e-4  # stored numbers have 11 bits
