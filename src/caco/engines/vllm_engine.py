"""Generation with vLLM's offline engine, on GPUs or on a CPU."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from caco.config.engines import VllmEngineConfig as Settings
from caco.engines.data_parallel import over_gpus
from caco.engines.protocol import Completion, Engine, Request, before_stop, deadline
from caco.engines.vllm_start import OnVllm, start
from caco.errors import UserError
from caco.models.tokenizer import end_tokens, load_tokenizer


@dataclass(slots=True)
class _Running:
    """A running request, and the token ids generated so far."""

    request: Request
    deadline: float
    tokens: list[int] = field(default_factory=list)


def open_engine(folder: Path, section: Settings) -> Engine:
    """Returns an engine on every GPU of the job; the checkpoint is loaded on first use."""
    return over_gpus(folder, section, VllmEngine)


class VllmEngine(OnVllm[Settings]):
    """An engine for a local checkpoint that steps vLLM itself, to yield rows as they finish."""

    _chosen = 1  # vLLM's choice of the batch, once it has started
    _last: tuple[str, tuple[int, ...]] = "", ()  # the last prompt and its tokens

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, as they finish; see `caco.engines.protocol`."""
        queue, live = iter(requests), {}  # type: Iterator[Request], dict[str, _Running]
        try:
            while True:
                for request in islice(queue, (self._section.batch or self._chosen) - len(live)):
                    too_long = self._start(request, live)
                    if too_long is not None:
                        yield too_long
                if not live:
                    return
                yield from self._step(live)
                yield from self._expired(live)
        finally:
            if live:  # the caller has closed the generator early: leave an idle engine
                self._engine.abort_request(list(live))

    def _start(self, request: Request, live: dict[str, _Running]) -> Completion | None:
        """Passes a request to vLLM; returns its completion if its prompt fills the context.

        Raises:
            UserError: vLLM's proposals would change the distribution of its tokens.
        """
        self._load()
        if self._section.speculative and request.temperature and self._older_runner:
            # vLLM 0.32 on a CPU: after a rejected proposal the tokens are no samples of the model.
            raise UserError(
                "`engine.speculative` is set, but vLLM uses its older model runner here, as it "
                "does on CPUs, with which sampled tokens are wrong after a rejected proposal; "
                "remove it, or set `sampling.temperature: 0`"
            )
        ids = self._prompt_ids(request.prompt)
        limit = min(request.max_new_tokens, self._context - len(ids))
        if limit <= 0:
            return Completion(request.request_id, "", 0, "length", ())
        prompt = {"prompt_token_ids": ids}
        self._engine.add_request(request.request_id, prompt, self._sampling(request, limit))
        live[request.request_id] = _Running(request, deadline(self._section.request_s))
        return None

    def _prompt_ids(self, prompt: str) -> list[int]:
        """Returns the tokens of a prompt; several in a row may be equal, as in the sample stage."""
        if self._last[0] != prompt:
            ids = self._tokenizer(prompt, add_special_tokens=False)["input_ids"]
            self._last = prompt, tuple(ids)
        return list(self._last[1])

    def _step(self, live: dict[str, _Running]) -> Iterator[Completion]:
        """Runs one step of vLLM; yields the requests that it finished."""
        for output in self._engine.step():
            (result,) = output.outputs
            row = live[output.request_id]
            row.tokens += result.token_ids
            if output.finished:
                del live[output.request_id]
                yield self._completion(row, result.finish_reason)

    def _expired(self, live: dict[str, _Running]) -> Iterator[Completion]:
        """Yields partial completions of the requests past their deadline, oldest first."""
        now = time.monotonic()
        expired = []
        for row in live.values():
            if row.deadline > now:
                break
            expired.append(row)
        if expired:
            self._engine.abort_request([row.request.request_id for row in expired])
        for row in expired:
            del live[row.request.request_id]
            yield self._completion(row, "time")

    def _completion(self, row: _Running, reason: str) -> Completion:
        """Returns the completion of a request, decoded as by the other engines.

        vLLM's own text omits special tokens everywhere, and a character that the length limit
        truncates.
        """
        has_end = reason == "stop" and row.tokens[-1] in self._ends
        ids = row.tokens[:-1] if has_end else row.tokens
        text: str = self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        if reason == "stop" and not has_end:
            cut = before_stop(text, row.request.stop)
            assert cut is not None  # vLLM has found a stop string
            text = cut
        return Completion(row.request.request_id, text, len(row.tokens), reason, tuple(row.tokens))

    def _sampling(self, request: Request, limit: int) -> Any:
        """Returns the vLLM sampling parameters of a request."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        # Partial outputs are slower and needed only if a time limit can end a request.
        timed = self._section.request_s is not None
        return SamplingParams(
            seed=request.seed,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=request.top_k,
            max_tokens=limit,
            stop=list(request.stop),
            stop_token_ids=self._ends,
            detokenize=bool(request.stop),  # needed only to find stop strings
            skip_special_tokens=False,
            output_kind=RequestOutputKind.DELTA if timed else RequestOutputKind.FINAL_ONLY,
        )

    def _load(self) -> None:
        """Starts vLLM unless it is running; raises as `caco.engines.vllm_start.start`."""
        if self._engine is not None:
            return
        self._tokenizer = load_tokenizer(self._folder)
        self._engine = start(self._folder, self._section)
        self._chosen = self._engine.vllm_config.scheduler_config.max_num_seqs
        self._older_runner = not self._engine.vllm_config.use_v2_model_runner
        config = self._engine.model_config
        self._context: int = config.max_model_len
        declared = config.try_get_generation_config().get("eos_token_id")
        self._ends = sorted(end_tokens(self._tokenizer, declared))
