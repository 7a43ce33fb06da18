"""Embedding with transformers: batches of texts of similar length."""

from collections.abc import Sequence
from pathlib import Path

import torch

from caco.config.embedding import Embedder as Settings
from caco.engines.embedder import Tokenization, embedded, without_tokens
from caco.engines.protocol import Embedded
from caco.engines.transformers_model import OnTransformers, load_model


def open_embedder(folder: Path, section: Settings) -> "TransformersEmbedder":
    """Returns an embedder on the first GPU of the job; the checkpoint is loaded on first use."""
    return TransformersEmbedder(folder, section)


class TransformersEmbedder(OnTransformers[Settings]):
    """An embedder for a local checkpoint, on the GPU if there is one."""

    def embed(self, texts: Sequence[str]) -> list[Embedded]:
        """Returns the vector of each text, in order; see `caco.engines.protocol.Embedder`."""
        if not texts:
            return []
        self._load()
        tokens = [self._tokenization.ids(text) for text in texts]
        found = without_tokens(tokens)
        # Of similar length, because padding costs as much as tokens.
        rest = [i for i in range(len(texts)) if i not in found]
        order = sorted(rest, key=lambda i: len(tokens[i][0]))
        size = self._section.engine.batch
        assert size is not None  # only vLLM chooses one
        for at in range(0, len(order), size):
            batch = order[at : at + size]
            with torch.inference_mode():
                vectors = self._vectors([tokens[i][0] for i in batch])
            for i, vector in zip(batch, vectors.cpu().numpy(), strict=True):
                found[i] = embedded(vector, *tokens[i])
        return [found[i] for i in range(len(texts))]

    def _vectors(self, texts: list[list[int]]) -> torch.Tensor:
        """Returns [texts, dimensions] float32: the pooled hidden states of token ids.

        Padding is on the right, where causal attention does not see it, and is masked for others.
        """
        columns = max(map(len, texts))
        ids = torch.tensor([ids + [0] * (columns - len(ids)) for ids in texts])
        mask = torch.tensor([[1] * len(ids) + [0] * (columns - len(ids)) for ids in texts])
        ids, mask = ids.to(self._device), mask.to(self._device)
        states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        lengths = mask.sum(dim=1)
        if self._section.pooling == "last":
            return states[torch.arange(len(texts), device=self._device), lengths - 1]
        # A product with 0 would keep what is not finite in the padding.
        states = states.masked_fill(~mask.bool().unsqueeze(2), 0.0)
        return states.sum(dim=1) / lengths.unsqueeze(1)

    def _load(self) -> None:
        """Loads the checkpoint unless it is loaded already.

        Raises:
            UserError: transformers cannot load the checkpoint.
            ClusterError: torch cannot use the GPUs of the job.
        """
        if self._model is not None:
            return
        model, self._device = load_model(
            "AutoModel",
            self._folder,
            self._section.engine.dtype,
            "delete its manifest and run again",
        )
        context: int = getattr(model.config, "max_position_embeddings", 1 << 30)
        self._tokenization = Tokenization(self._folder, self._section, context)
        self._model = model
