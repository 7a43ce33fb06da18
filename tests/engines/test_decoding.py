"""Sampling of a token: the correct distribution, and no token that a setting excludes."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from caco.engines.decoding import sample_tokens


def _sample(logits, uniform, temperature=1.0, top_p=1.0, top_k=0):
    rows = len(uniform)
    return sample_tokens(
        torch.tensor(logits).expand(rows, -1),
        torch.full((rows,), temperature),
        torch.full((rows,), top_p),
        torch.full((rows,), top_k),
        torch.tensor(uniform, dtype=torch.float64),
    ).tolist()


def _shares(tokens, vocabulary):
    return torch.bincount(torch.tensor(tokens), minlength=vocabulary) / len(tokens)


EVEN = [(i + 0.5) / 4000 for i in range(4000)]


def test_shares_follow_the_softmax_at_the_temperature():
    torch.manual_seed(0)
    logits = torch.randn(700)  # several blocks, the last one incomplete
    for temperature in (0.5, 1.0, 2.0):
        shares = _shares(_sample(logits.tolist(), EVEN, temperature), 700)
        wanted = torch.softmax(logits / temperature, -1)
        assert torch.allclose(shares, wanted, atol=2 / 4000)


def test_temperature_zero_selects_the_most_likely_token():
    assert _sample([0.1, 3.0, 2.9], [0.0, 0.5, 0.999], temperature=0.0) == [1, 1, 1]


def test_each_row_has_its_own_settings():
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0]]).expand(4, -1)
    tokens = sample_tokens(
        logits,
        torch.tensor([0.0, 1.0, 1.0, 1.0]),
        torch.tensor([1.0, 1.0, 0.01, 1.0]),
        torch.tensor([0, 2, 0, 0]),
        torch.zeros(4, dtype=torch.float64),
    )
    # Greedy; the second of the top two; a nucleus of one token; the first of all tokens.
    assert tokens.tolist() == [3, 2, 3, 0]


def test_top_k_renormalises_the_k_most_likely_tokens():
    shares = _shares(_sample([0.0, 1.0, 2.0, 3.0], EVEN, top_k=2), 4)
    wanted = torch.softmax(torch.tensor([-torch.inf, -torch.inf, 2.0, 3.0]), -1)
    assert torch.allclose(shares, wanted, atol=2 / 4000)


def test_the_nucleus_is_the_smallest_set_with_its_mass():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().tolist()
    assert set(_sample(logits, EVEN, top_p=0.45)) == {0}
    assert set(_sample(logits, EVEN, top_p=0.75)) == {0, 1}
    assert set(_sample(logits, EVEN, top_p=0.85)) == {0, 1, 2}
    # The top three renormalised: 0.526, 0.316 and 0.158.
    assert set(_sample(logits, EVEN, top_p=0.83, top_k=3)) == {0, 1}


def test_a_flat_nucleus_covers_the_whole_vocabulary():
    tokens = set(_sample([0.0] * 2000, EVEN, top_p=0.999))
    assert len(tokens) > 1990


@given(
    st.lists(st.floats(-30, 30), min_size=2, max_size=600),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 5),
)
def test_a_token_outside_the_top_k_is_never_sampled(logits, uniform, k):
    (token,) = _sample(logits, [uniform], top_k=k)
    floats = torch.tensor(logits)
    probabilities = torch.softmax(floats, -1)
    assert probabilities[token] >= probabilities.sort(descending=True).values[:k][-1]


def test_the_ends_of_the_unit_interval_sample_tokens_with_mass():
    logits = [-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf]
    assert _sample(logits, [0.0, 1 - 2**-53]) == [1, 3]
