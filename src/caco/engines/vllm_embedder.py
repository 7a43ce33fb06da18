"""Embedding with vLLM's offline engine, on GPUs or on a CPU."""

from collections.abc import Sequence
from pathlib import Path

from caco.config.embedding import Embedder as Settings
from caco.config.embedding import VllmEmbedderConfig
from caco.engines.embedder import Tokenization, embedded, without_tokens
from caco.engines.protocol import Embedded
from caco.engines.vllm_start import OnVllm, start
from caco.errors import CacoError


def open_embedder(folder: Path, section: Settings) -> "VllmEmbedder":
    """Returns an embedder on the first GPUs of the job; the checkpoint is loaded on first use."""
    return VllmEmbedder(folder, section)


class VllmEmbedder(OnVllm[Settings]):
    """An embedder for a local checkpoint, which vLLM runs as a pooling model."""

    def embed(self, texts: Sequence[str]) -> list[Embedded]:
        """Returns the vector of each text, in order; see `caco.engines.protocol.Embedder`."""
        if not texts:
            return []
        self._load()
        from vllm import PoolingParams

        params = PoolingParams(task="embed", use_activation=True)
        tokens = [self._tokenization.ids(text) for text in texts]
        found = without_tokens(tokens)
        for number, (ids, _) in enumerate(tokens):
            if number not in found:
                self._engine.add_request(str(number), {"prompt_token_ids": ids}, params)
        while self._engine.has_unfinished_requests():
            for output in self._engine.step():
                if output.finished:
                    number = int(output.request_id)
                    if output.error is not None:
                        raise CacoError(f"vLLM could not embed a text: {output.error}")
                    vector = output.outputs.data.float().cpu().numpy()
                    found[number] = embedded(vector, *tokens[number])
        return [found[number] for number in range(len(texts))]

    def _load(self) -> None:
        """Starts vLLM unless it is running; raises as `caco.engines.vllm_start.start`."""
        if self._engine is not None:
            return
        engine = self._section.engine
        assert isinstance(engine, VllmEmbedderConfig)
        self._engine = start(self._folder, engine, self._section.pooling)
        context: int = self._engine.model_config.max_model_len
        self._tokenization = Tokenization(self._folder, self._section, context)
