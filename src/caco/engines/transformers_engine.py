"""Generation with transformers: continuous batching, with one random generator per request."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from caco.config.engines import TransformersEngineConfig as Settings
from caco.engines.data_parallel import over_gpus
from caco.engines.decoding import (
    Batch,
    RunningRequest,
    joined_batches,
    new_cache,
    random_numbers,
    sample_tokens,
    select_rows,
)
from caco.engines.protocol import Completion, Engine, Request, before_stop, deadline
from caco.engines.transformers_model import OnTransformers, load_model
from caco.models.tokenizer import end_tokens, load_tokenizer

# Prompts per prefill; they are sorted by length because padding costs as much as tokens.
_PREFILL = 16
_REFILL = 4  # refill when a quarter of the batch is free: a prefill interrupts decoding
_COMPACT = 8  # remove finished rows when they are an eighth: removal copies the remaining cache
_TAIL = 24  # tokens at the end of a completion that are searched for a stop string
_ATTENTION = "caco_grouped"  # the name under which transformers knows it


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine on every GPU of the job; the checkpoint is loaded on first use."""
    return over_gpus(folder, section, TransformersEngine)


class TransformersEngine(OnTransformers[Settings]):
    """An engine for a local checkpoint, on the GPU if there is one."""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, as they finish; see `caco.engines.protocol`."""
        queue, more, live = iter(requests), True, None
        while True:
            free = self._section.batch - (len(live.running) - live.finished if live else 0)
            if more and (live is None or free * _REFILL >= self._section.batch):
                drawn = list(islice(queue, free))
                more = len(drawn) == free
                live = live.without_finished() if live else None
                new, too_long = self._tokenize(drawn)
                yield from too_long
                if new:
                    with torch.inference_mode():
                        prefilled = self._prefill(new)
                    yield from self._finish(prefilled)
                    live = joined_batches([live, *prefilled] if live else prefilled)
            elif live is None:
                return
            else:
                with torch.inference_mode():
                    self._step(live)
                yield from self._finish([live])
            if live and live.finished * _COMPACT >= len(live.running):
                live = live.without_finished()

    def _load(self) -> None:
        """Loads the checkpoint unless it is loaded already.

        Raises:
            UserError: transformers cannot load the checkpoint.
            ClusterError: torch cannot use the GPUs of the job.
        """
        if self._model is not None:
            return
        self._tokenizer = load_tokenizer(self._folder)
        model, self._device = load_model(
            "AutoModelForCausalLM",
            self._folder,
            self._section.dtype,
            "delete its manifest and run again",
            attn_implementation=_register_attention(),
        )
        self._model = model
        self._context: int = getattr(model.config, "max_position_embeddings", 1 << 30)
        self._ends = end_tokens(self._tokenizer, model.generation_config.eos_token_id)

    def _tokenize(self, requests: list[Request]) -> tuple[list[RunningRequest], list[Completion]]:
        """Returns running requests, and completions of those whose prompt fills the context."""
        if requests:
            self._load()
        expires = deadline(self._section.request_s)
        running, too_long = [], []
        for request in requests:
            ids = self._tokenizer(request.prompt, add_special_tokens=False)["input_ids"]
            limit = min(request.max_new_tokens, self._context - len(ids))
            if limit > 0:
                numbers = random_numbers(request.seed)
                running.append(RunningRequest(request, ids, limit, numbers, deadline=expires))
            else:
                too_long.append(Completion(request.request_id, "", 0, "length", ()))
        return running, too_long

    def _prefill(self, running: list[RunningRequest]) -> list[Batch]:
        """Computes the caches of the prompts and samples the first token of each row.

        Equal prompts are computed once: unconditional sampling has only one.
        """
        prompts = sorted({tuple(row.prompt) for row in running}, key=lambda p: (len(p), p))
        parts = []
        for at in range(0, len(prompts), _PREFILL):
            chunk = prompts[at : at + _PREFILL]
            rows = [row for row in running if tuple(row.prompt) in set(chunk)]
            columns = len(chunk[-1])
            ids = torch.tensor([[0] * (columns - len(p)) + list(p) for p in chunk])
            mask = torch.tensor([[0] * (columns - len(p)) + [1] * len(p) for p in chunk])
            ids, mask = ids.to(self._device), mask.to(self._device)
            cache = new_cache(self._model.config.num_hidden_layers)
            logits = self._forward(ids, mask, (mask.cumsum(1) - 1).clamp(min=0), cache)
            source = torch.tensor(
                [chunk.index(tuple(row.prompt)) for row in rows], device=self._device
            )
            select_rows(cache, source, 0)
            part = Batch(rows, cache, mask[source], source)
            self._sample(part, logits[source])
            parts.append(part)
        return parts

    def _step(self, live: Batch) -> None:
        """Appends the last token of each row to the cache and samples the next."""
        positions = live.mask.sum(dim=1, keepdim=True)
        live.mask = torch.nn.functional.pad(live.mask, (0, 1), value=1)
        self._sample(live, self._forward(live.last.unsqueeze(1), live.mask, positions, live.cache))

    def _forward(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any
    ) -> torch.Tensor:
        """Returns the logits of the last column, [rows, vocabulary]; no others are computed."""
        out = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return out.logits[:, -1]

    def _sample(self, live: Batch, logits: torch.Tensor) -> None:
        live.last = sample_tokens(logits, live.temperature, live.top_p, live.top_k, live.uniform())
        for row, token in zip(live.running, live.last.tolist(), strict=True):
            if not row.finished:
                row.tokens.append(token)

    def _finish(self, parts: list[Batch]) -> Iterator[Completion]:
        """Yields the completions of rows that reached an end, their length or their deadline."""
        now = time.monotonic()
        for row in (row for part in parts for row in part.running if not row.finished):
            text = None
            if row.tokens[-1] in self._ends:
                text = self._text(row.tokens[:-1])
            elif row.request.stop:
                text = self._text_before_stop(row)
            full = len(row.tokens) >= row.limit
            if text is None and not full and now < row.deadline:
                continue
            row.finished = True
            reason = "stop" if text is not None else "length" if full else "time"
            text = self._text(row.tokens) if text is None else text
            ids = tuple(row.tokens)
            yield Completion(row.request.request_id, text, len(ids), reason, ids)

    def _text_before_stop(self, row: RunningRequest) -> str | None:
        """Returns the text before the first stop string, or None if the tail contains none."""
        tail = self._text(row.tokens[-_TAIL:])
        if not any(stop in tail for stop in row.request.stop):
            return None
        return before_stop(self._text(row.tokens), row.request.stop)

    def _text(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
        return text


def _grouped_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Returns the output of grouped-query attention, [rows, tokens, heads, head size].

    With a mask, transformers repeats keys and values for every query head of a group: for SmolLM2
    it copies three times the whole cache for each token. For a single new token, the query heads of
    a group are instead passed as if they were tokens, which computes the same sums.
    """
    rows, heads, tokens, size = query.shape
    groups = key.shape[1]
    if tokens > 1 or heads == groups:
        return sdpa_attention_forward(  # type: ignore[no-any-return]
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    out = torch.nn.functional.scaled_dot_product_attention(
        query.reshape(rows, groups, heads // groups, size),
        key,
        value,
        attn_mask=attention_mask,
        scale=scaling,
    )
    return out.reshape(rows, 1, heads, size), None


def _register_attention() -> str:
    """Registers the grouped-query attention with transformers and returns its name."""
    AttentionInterface.register(_ATTENTION, _grouped_attention)
    AttentionMaskInterface.register(_ATTENTION, sdpa_mask)
    return _ATTENTION
