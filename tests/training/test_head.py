"""The summed loss: the sums of transformers, without the logits of all tokens."""

import pytest
import torch
from tests.training.ragged import CONFIGS, model, padding_free, rows
from torch.utils._python_dispatch import TorchDispatchMode

from caco.training import head
from caco.training.attention import padding_free_attention
from caco.training.head import _SummedLoss, add_summed_loss


@pytest.mark.parametrize(
    "name", ["llama", "qwen3", "gemma2, window and softcap", "mixtral, experts"]
)
@pytest.mark.parametrize("chunk", [7, 1000])
def test_loss_and_gradients_equal_those_of_transformers(name, chunk, monkeypatch):
    monkeypatch.setattr(head, "_CHUNK_LOGITS", chunk * CONFIGS[name].vocab_size)
    batch = padding_free(rows(2, [5, 14, 8, 21]))
    labelled = int((batch["labels"] != -100).sum())
    attention = padding_free_attention(CONFIGS[name], bf16=False)
    theirs, own = model(name, attention), model(name, attention)
    expected = theirs(**batch, use_cache=False).loss
    expected.backward()
    add_summed_loss(own)
    loss = own(**batch) / labelled
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    for (parameter, ours), other in zip(own.named_parameters(), theirs.parameters(), strict=True):
        difference = (ours.grad - other.grad).norm() / other.grad.norm().clamp(min=1e-6)
        assert difference < 1e-5, parameter


def test_a_head_with_a_bias_and_without_labelled_tokens():
    torch.manual_seed(0)
    hidden, weight, bias = torch.randn(9, 4), torch.randn(11, 4), torch.randn(11)
    tensors = [tensor.requires_grad_() for tensor in (hidden, weight, bias)]
    labels = torch.randint(11, (9,))
    loss = torch.nn.functional.cross_entropy(hidden @ weight.T + bias, labels, reduction="sum")
    expected = torch.autograd.grad(2 * loss, tensors)
    own = torch.autograd.grad(2 * _SummedLoss.apply(*tensors, labels, lambda x: x), tensors)
    torch.testing.assert_close(own, expected)
    nothing = _SummedLoss.apply(hidden[:0], weight, bias, labels[:0], lambda x: x)
    assert nothing == 0
    # A rank without rows must still take part in the exchange of every gradient.
    assert all((g == 0).all() for g in torch.autograd.grad(nothing, tensors))


class _Largest(TorchDispatchMode):  # type: ignore[misc]
    """Records the elements of the largest tensor that an operation returns."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.numel())
        return out


def test_the_logits_of_150_000_words_are_never_whole(monkeypatch):
    words, tokens, limit = 150_000, 200, 1 << 21
    monkeypatch.setattr(head, "_CHUNK_LOGITS", limit)
    hidden = torch.randn(tokens, 8, requires_grad=True)
    weight = torch.randn(words, 8, requires_grad=True)
    labels = torch.randint(words, (tokens,))
    with _Largest() as largest:
        _SummedLoss.apply(hidden, weight, None, labels, lambda x: x).backward()
    assert largest.elements <= limit < words * tokens / 10
    reference = torch.nn.functional.cross_entropy(hidden @ weight.T, labels, reduction="sum")
    expected = torch.autograd.grad(reference, (hidden, weight))
    torch.testing.assert_close((hidden.grad, weight.grad), expected, rtol=1e-4, atol=1e-5)
