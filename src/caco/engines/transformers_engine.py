"""Generation with transformers: continuous batching, and a random generator for each request."""

import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self

import torch

from caco.config.engines import TransformersEngineConfig as Settings
from caco.engines import attention
from caco.engines.batch import Batch, RunningRequest, joined_batches, keep_rows, new_cache
from caco.engines.data_parallel import over_gpus
from caco.engines.protocol import Completion, Engine, Request, before_stop, deadline
from caco.engines.sampler import sample_tokens
from caco.errors import UserError
from caco.models.tokenizer import end_tokens, load_tokenizer
from caco.runtime.gpus import require_usable_gpus
from caco.runtime.logging_setup import silence_libraries

# Prompts of like length prefilled side by side: padding of a longer neighbour is work for nothing.
_PREFILL = 16
_REFILL = 4  # new requests are drawn when a quarter of the batch is free: prefill stops decoding
_COMPACT = 8  # finished rows leave when they are an eighth: leaving copies the cache of the rest
_TAIL = 24  # tokens at the end of a completion among which a stop text is looked for


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine over a checkpoint, on every GPU of the job; nothing is loaded yet."""
    return over_gpus(folder, section, TransformersEngine)


class TransformersEngine:
    """An engine over a local checkpoint, on the GPU if there is one."""

    def __init__(self, folder: Path, section: Settings) -> None:
        """Loads nothing yet.

        Args:
            folder: An ordinary checkpoint with its tokenizer.
            section: Precision, rows side by side, seconds for one.
        """
        self._folder, self._section = folder, section
        self._model: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion a request, as they finish; see `caco.engines.protocol`."""
        queue, more, live = iter(requests), True, None
        while True:
            free = self._section.batch - (len(live.writing) - live.finished if live else 0)
            if more and (live is None or free * _REFILL >= self._section.batch):
                drawn = list(islice(queue, free))
                more = len(drawn) == free
                live = live.without_finished() if live else None
                writing, unfit = self._read(drawn)
                yield from unfit
                if writing:
                    with torch.inference_mode():
                        fresh = self._prefill(writing)
                    yield from self._finish(fresh)
                    live = joined_batches([live, *fresh] if live else fresh)
            elif live is None:
                return
            else:
                with torch.inference_mode():
                    self._step(live)
                yield from self._finish([live])
            if live and live.finished * _COMPACT >= len(live.writing):
                live = live.without_finished()

    def _load(self) -> None:
        """Loads the checkpoint if it is not loaded yet.

        Raises:
            UserError: transformers cannot load it.
            ClusterError: There are GPUs that torch cannot use.
        """
        if self._model is not None:
            return
        silence_libraries()
        from transformers import AutoModelForCausalLM

        self._tokenizer = load_tokenizer(self._folder)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        require_usable_gpus(device == "cuda", f"torch {torch.__version__}")
        try:
            model = AutoModelForCausalLM.from_pretrained(
                self._folder,
                dtype=getattr(torch, self._section.dtype),
                attn_implementation=attention.register(),
                local_files_only=True,
            )
        except (OSError, ValueError, KeyError) as e:
            raise UserError(
                f"{self._folder}: not a checkpoint that transformers can load "
                f"({str(e).splitlines()[0]}); delete its manifest and run again"
            ) from None
        self._model = model.to(device).eval()
        self._device = torch.device(device)
        self._context: int = getattr(model.config, "max_position_embeddings", 1 << 30)
        self._ends = end_tokens(self._tokenizer, model.generation_config.eos_token_id)

    def _read(self, requests: list[Request]) -> tuple[list[RunningRequest], list[Completion]]:
        """Returns requests as rows, and completions of those whose prompt fills the context."""
        if requests:
            self._load()
        until = deadline(self._section.request_s)
        writing, unfit = [], []
        for asked in requests:
            ids = self._tokenizer(asked.prompt, add_special_tokens=False)["input_ids"]
            limit = min(asked.max_new_tokens, self._context - len(ids))
            if limit > 0:
                luck = random.Random(asked.seed)
                writing.append(RunningRequest(asked, ids, limit, luck, until=until))
            else:
                unfit.append(Completion(asked.request_id, "", 0, "length"))
        return writing, unfit

    def _prefill(self, writing: list[RunningRequest]) -> list[Batch]:
        """Reads prompts into caches and draws each row's first token.

        Equal prompts are read once: unconditional sampling has only one.
        """
        prompts = sorted({tuple(w.prompt) for w in writing}, key=lambda p: (len(p), p))
        parts = []
        for at in range(0, len(prompts), _PREFILL):
            chunk = prompts[at : at + _PREFILL]
            mine = [w for w in writing if tuple(w.prompt) in set(chunk)]
            columns = len(chunk[-1])
            ids = torch.tensor([[0] * (columns - len(p)) + list(p) for p in chunk])
            held = torch.tensor([[0] * (columns - len(p)) + [1] * len(p) for p in chunk])
            ids, held = ids.to(self._device), held.to(self._device)
            cache = new_cache(self._model.config.num_hidden_layers)
            logits = self._forward(ids, held, (held.cumsum(1) - 1).clamp(min=0), cache)
            where = torch.tensor([chunk.index(tuple(w.prompt)) for w in mine], device=self._device)
            keep_rows(cache, where, 0)
            part = Batch(mine, cache, held[where], where)
            self._draw(part, logits[where])
            parts.append(part)
        return parts

    def _step(self, live: Batch) -> None:
        """Puts each row's last token into the cache and draws the next."""
        positions = live.mask.sum(dim=1, keepdim=True)
        live.mask = torch.nn.functional.pad(live.mask, (0, 1), value=1)
        self._draw(live, self._forward(live.last.unsqueeze(1), live.mask, positions, live.cache))

    def _forward(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any
    ) -> torch.Tensor:
        """Returns the last column's logits, [rows, vocabulary]; only they are worked out."""
        out = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return out.logits[:, -1]

    def _draw(self, live: Batch, logits: torch.Tensor) -> None:
        live.last = sample_tokens(logits, live.temperature, live.top_p, live.top_k, live.luck())
        for row, token in zip(live.writing, live.last.tolist(), strict=True):
            if not row.finished:
                row.tokens.append(token)

    def _finish(self, parts: list[Batch]) -> Iterator[Completion]:
        """Yields the completions of rows that their last token ended, or whose time is over."""
        now = time.monotonic()
        for row in (row for part in parts for row in part.writing if not row.finished):
            ended = row.tokens[-1] in self._ends
            text = None
            if ended:
                text = self._text(row.tokens[:-1])
            elif row.request.stop:
                text = self._stopped(row)
            full = len(row.tokens) >= row.limit
            if text is None and not full and now < row.until:
                continue
            row.finished = True
            reason = "stop" if text is not None else "length" if full else "time"
            text = self._text(row.tokens) if text is None else text
            yield Completion(row.request.request_id, text, len(row.tokens), reason)

    def _stopped(self, row: RunningRequest) -> str | None:
        """Returns the text before the first stop text, if one has just been written."""
        tail = self._text(row.tokens[-_TAIL:])
        if not any(stop in tail for stop in row.request.stop):
            return None
        return before_stop(self._text(row.tokens), row.request.stop)

    def _text(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
        return text
