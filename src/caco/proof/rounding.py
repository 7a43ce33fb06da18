"""What could have been drawn if every logit is rounded otherwise, by up to a margin.

Two computations of the same logits differ: other kernels and other batches round differently. With
each logit off by up to the margin, the odds of any set of tokens change by a factor of at most
`exp(2 * margin / temperature)`, in the whole vocabulary and within the most likely k tokens. All
bounds here follow from that.
"""

from dataclasses import dataclass
from math import exp

import torch

from caco.config.generation import Sampling
from caco.engines.decoding import lowest_probability

_EXACT = 1e-6  # of a cumulative probability: what sums in float32 differ by without any margin


@dataclass(frozen=True, slots=True)
class Kept:
    """The tokens that top-k and nucleus keep.

    Attributes:
        exactly: [tokens, vocabulary]: for these logits.
        surely: [tokens, vocabulary]: for any logits within the margin.
        possibly: [tokens, vocabulary]: for some logits within the margin.
    """

    exactly: torch.Tensor
    surely: torch.Tensor
    possibly: torch.Tensor


def kept_tokens(probabilities: torch.Tensor, sampling: Sampling, margin: float) -> Kept:
    """Returns the tokens that can be sampled.

    Args:
        probabilities: [tokens, vocabulary] at the temperature of `sampling`, not truncated.
        sampling: Temperature above 0, top-p, top-k.
        margin: By how much each logit may be off.
    """
    factor = exp(2 * margin / sampling.temperature)
    exact = _lowest(probabilities, sampling.top_p, sampling.top_k)
    fewer = _lowest(probabilities, _times_odds(sampling.top_p, 1 / factor), sampling.top_k)
    more = _lowest(probabilities, _times_odds(sampling.top_p, factor), sampling.top_k)
    return Kept(
        probabilities >= exact, probabilities >= fewer * factor, probabilities >= more / factor
    )


def drawn_range(
    probabilities: torch.Tensor, kept: Kept, drawn: torch.Tensor, temperature: float, margin: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the random numbers for which `caco.engines.decoding.sample_tokens` draws a token.

    It inverts the cumulative distribution in the order of the vocabulary.

    Args:
        probabilities: As in `kept_tokens`.
        kept: The tokens that it returns; with a margin of 0, only `kept.exactly` counts.
        drawn: [tokens, 1] int64: the drawn tokens, which count as kept.
        temperature: Above 0.
        margin: By how much each logit may be off.

    Returns:
        [tokens] float64, [tokens] float64: the lowest and the highest of these numbers.
    """
    factor = exp(2 * margin / temperature)
    least, most = (kept.surely, kept.possibly) if margin else (kept.exactly, kept.exactly)
    order = torch.arange(probabilities.shape[1], device=drawn.device).unsqueeze(0)
    before, after = order < drawn, order > drawn
    own = probabilities.gather(1, drawn).squeeze(1).double()

    def mass(tokens: torch.Tensor) -> torch.Tensor:
        return torch.where(tokens, probabilities, 0.0).sum(dim=-1, dtype=torch.float64)

    below, above = mass(before & least), own + mass(after & most)
    low = below / (below + above * factor)
    below, above = own + mass(before & most), mass(after & least)
    high = below * factor / (below * factor + above)
    return low - _EXACT, high + _EXACT


def _lowest(probabilities: torch.Tensor, top_p: float, top_k: int) -> torch.Tensor:
    """Returns [tokens, 1]: the lowest probability that can be sampled."""
    count, device = len(probabilities), probabilities.device
    found = lowest_probability(
        probabilities,
        torch.full((count,), top_p, device=device, dtype=torch.float64),
        torch.full((count,), top_k, device=device),
    )
    return torch.zeros(count, 1, device=device) if found is None else found.unsqueeze(1)


def _times_odds(probability: float, factor: float) -> float:
    """Returns the probability whose odds are `factor` times those of `probability`."""
    if probability >= 1:
        return 1.0
    return probability * factor / (probability * factor + 1 - probability)
