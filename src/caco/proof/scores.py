"""Scores of drawn tokens: what the recorded model says about each, by one forward pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from caco.config.generation import Sampling
from caco.engines.decoding import random_numbers
from caco.engines.transformers_model import load_model
from caco.proof.rounding import drawn_range, kept_tokens
from caco.runtime.progress import Progress

# Temperatures, relative to the recorded one, with which the evidence compares it.
TEMPERATURES = (0.5, 0.7, 0.85, 0.93, 1.08, 1.2, 1.5, 2.5)
# By how much the logit of a token may differ between two computations of it: other kernels and
# other batches round differently. bfloat16 has steps of 0.125 between 16 and 32.
MARGINS = {"float32": 0.005, "bfloat16": 0.25}
_BATCH = 1024  # tokens of a forward pass, with padding
_CHUNK = 256  # tokens whose logits are in float32 at a time: 50 MB for a vocabulary of 49,152


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """What a row was drawn from, and what was drawn.

    Attributes:
        prompt: Token ids of the prompt.
        tokens: Token ids that were drawn, including the end token.
        seed: The seed of its random numbers, where `caco.engines.decoding` drew them; None where
            another engine did.
    """

    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class RowScores:
    """The scores of the tokens of a row, under the distribution that they were drawn from.

    It is that of the model at the temperature, truncated to top-k and nucleus, and renormalised. A
    greedy token has surprisal, entropy and variance 0.

    Attributes:
        surprisal: [tokens]: -log p of the drawn token, in nats.
        entropy: [tokens]: its expectation.
        variance: [tokens]: its variance.
        tail: [tokens]: the probability of a token that is at most as probable as the drawn one.
        log_moments: [tokens, len(TEMPERATURES)]: the logarithm of the sum of p ** (1 / t).
        outside: Tokens that cannot have been drawn, however the logits are rounded: outside of
            top-k or nucleus, not the one that the seed draws, or not the most likely one of a
            greedy row.
        near: Tokens that cannot have been drawn from these logits, but from others within the
            margin.
    """

    surprisal: np.ndarray
    entropy: np.ndarray
    variance: np.ndarray
    tail: np.ndarray
    log_moments: np.ndarray
    outside: int
    near: int


class Scorer:
    """A checkpoint that scores rows, on the GPU if there is one."""

    def __init__(self, folder: Path, dtype: str) -> None:
        """Loads the checkpoint.

        Args:
            folder: A transformers checkpoint.
            dtype: Data type of the weights, a key of `MARGINS`.

        Raises:
            UserError: transformers cannot load the checkpoint.
            ClusterError: torch cannot use the GPUs of the job.
        """
        self._model, self._device = load_model(
            "AutoModelForCausalLM", folder, dtype, "restore it from the run"
        )
        self._margin = MARGINS[dtype]

    def score(
        self, rows: Sequence[DrawnRow], sampling: Sampling, progress: Progress | None = None
    ) -> list[RowScores]:
        """Returns the scores of each row.

        Args:
            rows: The rows.
            sampling: The recorded temperature, top-p and top-k.
            progress: Advances with each row.
        """
        scores: dict[int, RowScores] = {}
        for batch in _batches(rows):
            for number, logits in zip(batch, self._logits([rows[n] for n in batch]), strict=True):
                scores[number] = _row_scores(logits, rows[number], sampling, self._margin)
                if progress is not None:
                    progress.add()
        return [scores[number] for number in range(len(rows))]

    def _logits(self, rows: Sequence[DrawnRow]) -> Iterator[torch.Tensor]:
        """Yields for each row [drawn tokens, vocabulary]: the logits that each was drawn from."""
        sequences = [[*row.prompt, *row.tokens[:-1]] for row in rows]
        width = max(map(len, sequences))
        ids = torch.tensor([s + [0] * (width - len(s)) for s in sequences], device=self._device)
        mask = torch.tensor(
            [[1] * len(s) + [0] * (width - len(s)) for s in sequences], device=self._device
        )
        # Logits of the common part of all prompts are not computed.
        first = min(len(row.prompt) for row in rows) - 1
        with torch.inference_mode():
            logits = self._model(
                input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=width - first
            ).logits
        for row, kept in zip(rows, logits, strict=True):
            start = len(row.prompt) - 1 - first
            yield kept[start : start + len(row.tokens)]


def _batches(rows: Sequence[DrawnRow]) -> Iterator[list[int]]:
    """Yields the numbers of the rows of each forward pass: of similar length, `_BATCH` tokens."""
    lengths = [len(row.prompt) + len(row.tokens) for row in rows]
    batch: list[int] = []
    for number in sorted(range(len(rows)), key=lambda n: (lengths[n], n)):
        if batch and lengths[number] * (len(batch) + 1) > _BATCH:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _row_scores(
    logits: torch.Tensor, row: DrawnRow, sampling: Sampling, margin: float
) -> RowScores:
    """Returns the scores of a row, from its logits [tokens, vocabulary]."""
    drawn = torch.tensor(row.tokens, device=logits.device).split(_CHUNK)
    uniform: Sequence[torch.Tensor | None] = [None] * len(drawn)
    if row.seed is not None:
        numbers = list(islice(random_numbers(row.seed), len(row.tokens)))
        uniform = torch.tensor(numbers, dtype=torch.float64, device=logits.device).split(_CHUNK)
    of_chunk = _greedy_scores if sampling.temperature == 0 else _sampled_scores
    with torch.inference_mode():
        parts = [
            of_chunk(part.float(), ids.unsqueeze(1), numbers, sampling, margin)
            for part, ids, numbers in zip(logits.split(_CHUNK), drawn, uniform, strict=True)
        ]
    values, outside, near = (np.concatenate(found) for found in zip(*parts, strict=True))
    surprisal, entropy, variance, tail = values[:, :4].T
    return RowScores(
        surprisal, entropy, variance, tail, values[:, 4:], int(outside.sum()), int(near.sum())
    )


_Scores = tuple[np.ndarray, np.ndarray, np.ndarray]  # values, outside, near of each token


def _greedy_scores(
    logits: torch.Tensor, drawn: torch.Tensor, _: object, sampling: Sampling, margin: float
) -> _Scores:
    gap = logits.max(dim=-1).values - logits.gather(1, drawn).squeeze(1)
    values = np.zeros((len(logits), 4 + len(TEMPERATURES)))
    values[:, 3] = 1.0
    outside = gap > 2 * margin
    return values, outside.cpu().numpy(), ((gap > 0) & ~outside).cpu().numpy()


def _sampled_scores(
    logits: torch.Tensor,
    drawn: torch.Tensor,
    uniform: torch.Tensor | None,
    sampling: Sampling,
    margin: float,
) -> _Scores:
    scaled = logits / sampling.temperature
    probabilities = scaled.softmax(dim=-1)
    kept = kept_tokens(probabilities, sampling, margin)
    exact, possible = (
        tokens.gather(1, drawn).squeeze(1) for tokens in (kept.exactly, kept.possibly)
    )
    if uniform is not None:
        for given, within in ((exact, 0.0), (possible, margin)):
            low, high = drawn_range(probabilities, kept, drawn, sampling.temperature, within)
            given &= (low <= uniform) & (uniform <= high)
    # A token within the margin may have been drawn, so it has a probability.
    scaled = scaled.masked_fill(~kept.exactly.scatter(1, drawn, True), -torch.inf)
    log_p = scaled.log_softmax(dim=-1)
    p = log_p.exp()
    surprisal = -log_p.gather(1, drawn)
    information = torch.where(p > 0, -log_p, 0.0)
    entropy = (p * information).sum(dim=-1)
    variance = (p * (information - entropy.unsqueeze(1)).square()).sum(dim=-1)
    tail = torch.where(p <= p.gather(1, drawn), p, 0.0).sum(dim=-1)
    moments = [(log_p / t).logsumexp(dim=-1) for t in TEMPERATURES]
    columns = [surprisal.squeeze(1), entropy, variance, tail, *moments]
    values = torch.stack(columns, dim=1).double().cpu().numpy()
    return values, (~possible).cpu().numpy(), (possible & ~exact).cpu().numpy()
