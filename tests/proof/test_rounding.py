"""What is drawn from logits that are rounded otherwise lies in the range that is computed here."""

import pytest
import torch

from caco.config.generation import Sampling
from caco.engines.decoding import sample_tokens
from caco.proof.rounding import drawn_range, kept_tokens

ROWS, VOCABULARY, MARGIN = 400, 60, 0.1
SETTINGS = [(1.0, 0), (0.8, 0), (1.0, 7), (0.6, 12), (0.05, 0), (1.0, 1)]


def _drawn(logits, sampling, uniform):
    count = len(logits)
    return sample_tokens(
        logits,
        torch.full((count,), sampling.temperature),
        torch.full((count,), sampling.top_p),
        torch.full((count,), sampling.top_k),
        uniform,
    ).unsqueeze(1)


def _case(top_p, top_k):
    torch.manual_seed(3)
    sampling = Sampling(temperature=0.7, top_p=top_p, top_k=top_k, max_new_tokens=1)
    logits = 2 * torch.randn(ROWS, VOCABULARY)
    return sampling, logits, torch.rand(ROWS, dtype=torch.float64)


@pytest.mark.parametrize(("top_p", "top_k"), SETTINGS)
def test_tokens_of_the_same_logits_are_drawn_again(top_p, top_k):
    sampling, logits, uniform = _case(top_p, top_k)
    drawn = _drawn(logits, sampling, uniform)
    probabilities = (logits / sampling.temperature).softmax(-1)
    kept = kept_tokens(probabilities, sampling, MARGIN)
    low, high = drawn_range(probabilities, kept, drawn, sampling.temperature, 0.0)
    assert kept.exactly.gather(1, drawn).all()
    assert ((low <= uniform) & (uniform <= high)).all()
    assert not (kept.surely & ~kept.exactly).any()
    assert not (kept.exactly & ~kept.possibly).any()
    if top_k != 1 and top_p > 0.1:  # else one token has the whole range
        other = (uniform + 0.5) % 1
        assert ((other < low) | (other > high)).float().mean() > 0.5


@pytest.mark.parametrize(("top_p", "top_k"), SETTINGS)
@pytest.mark.parametrize("worst", [False, True])
def test_tokens_of_logits_within_the_margin_are_never_excluded(top_p, top_k, worst):
    sampling, logits, uniform = _case(top_p, top_k)
    for _ in range(20):
        noise = (2 * torch.rand_like(logits) - 1) * MARGIN
        if worst:  # each logit is off by the whole margin
            noise = noise.sign() * MARGIN
        drawn = _drawn(logits + noise, sampling, uniform)
        probabilities = (logits / sampling.temperature).softmax(-1)
        kept = kept_tokens(probabilities, sampling, MARGIN)
        low, high = drawn_range(probabilities, kept, drawn, sampling.temperature, MARGIN)
        assert kept.possibly.gather(1, drawn).all()
        assert ((low <= uniform) & (uniform <= high)).all()
