"""Padding-free attention: equal to padded rows, and no token attends to another row."""

from types import SimpleNamespace

import pytest
import torch
from tests.training.ragged import CONFIGS, model, padded, padding_free, rows
from transformers import LlamaConfig
from transformers.models.gpt_oss import GptOssConfig

from caco.training import attention
from caco.training.attention import padding_free_attention, rows_apart, varlen


def _varlen_attn(q, k, v, cu_seq_q, cu_seq_k, max_q, max_k, *, scale=None, window_size=(-1, -1)):
    """The interface of `torch.nn.attention.varlen.varlen_attn` on a CPU, with a dense mask."""
    assert q.shape == k.shape == v.shape and q.is_contiguous() and k.is_contiguous()
    assert cu_seq_q.dtype == torch.int32 and torch.equal(cu_seq_q, cu_seq_k)
    assert max_q == max_k == int(cu_seq_q.diff().max())
    assert int(cu_seq_q[-1]) == len(q)
    row = torch.bucketize(torch.arange(len(q)), cu_seq_q, right=True)
    distance = torch.arange(len(q))[:, None] - torch.arange(len(q))
    left, right = window_size
    seen = (row[:, None] == row) & (distance >= -right)
    if left >= 0:
        seen &= distance <= left
    scores = torch.einsum("qhd,khd->hqk", q, k) * (q.shape[2] ** -0.5 if scale is None else scale)
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return torch.einsum("hqk,khd->qhd", weights, v)


@pytest.fixture(params=["rows apart", "varlen"])
def implementation(request, monkeypatch):
    """The name of an implementation; the kernel of CUDA has a stand-in."""
    padding_free_attention(CONFIGS["llama"], bf16=False)  # registers both
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", _varlen_attn)
    return {"rows apart": attention._ROWS_APART, "varlen": attention._VARLEN}[request.param]


def _gradients(name, implementation, batch):
    trained = model(name, implementation)
    logits = trained(**{k: v for k, v in batch.items() if k != "labels"}, use_cache=False).logits
    labels = batch["labels"][:, 1:]
    loss = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels.flatten(), reduction="sum"
    )
    loss.backward()
    return loss.item(), {n: p.grad for n, p in trained.named_parameters()}


@pytest.mark.parametrize("name", [name for name in CONFIGS if "experts" not in name])
def test_gradients_equal_those_of_padded_rows(name, implementation):
    if "softcap" in name and implementation == attention._VARLEN:
        pytest.skip("varlen_attn has no softcap")
    batch = rows(7, [3, 17, 1, 9, 26, 2, 12])
    loss, own = _gradients(name, implementation, padding_free(batch))
    reference = "eager" if "softcap" in name else "sdpa"
    same, expected = _gradients(name, reference, padded(batch))
    assert loss == pytest.approx(same, rel=1e-5)
    for parameter, gradient in expected.items():
        difference = (own[parameter] - gradient).norm() / gradient.norm().clamp(min=1e-6)
        assert difference < 1e-5, parameter


@pytest.mark.parametrize("name", ["llama", "mistral, window"])
def test_no_token_attends_to_another_row(name, implementation):
    tested = model(name, implementation)
    first, second, third = rows(1, [9, 11, 6])
    batch = padding_free([first, second, third])
    inputs = tested.get_input_embeddings()(batch.pop("input_ids")).detach().requires_grad_()
    batch.pop("labels")
    logits = tested(inputs_embeds=inputs, **batch, use_cache=False).logits
    logits[0, 9:20].square().sum().backward()
    influence = inputs.grad[0].abs().sum(1)
    assert (influence[9:20] > 0).all()
    assert (influence[:9] == 0).all() and (influence[20:] == 0).all()


def test_the_window_counts_the_token_itself():
    q, k, v = torch.randn(3, 1, 2, 6, 8).unbind(0)
    cut = torch.tensor([0, 6], dtype=torch.int32)
    whole, _ = rows_apart(None, q, k, v, None, cut, sliding_window=6)
    none, _ = rows_apart(None, q, k, v, None, cut)
    torch.testing.assert_close(whole, none)
    own, _ = rows_apart(None, q, k, v, None, cut, sliding_window=1)
    torch.testing.assert_close(own, v.transpose(1, 2))


def test_the_card_and_the_model_choose_the_implementation(monkeypatch):
    def choice(config=CONFIGS["llama"], card=(9, 0), bf16=True, installed=()):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: card is not None)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: card)
        for version in (2, 3, 4):
            monkeypatch.setattr(
                attention, f"is_flash_attn_{version}_available", lambda v=version: v in installed
            )
        return padding_free_attention(config, bf16)

    own, kernel = attention._ROWS_APART, attention._VARLEN
    assert choice(card=None) == choice(bf16=False) == choice(card=(7, 5)) == own
    assert choice() == choice(CONFIGS["mistral, window"], card=(8, 0), installed=(2, 3)) == kernel
    assert choice(installed=(3,)) == "flash_attention_3"
    assert choice(card=(10, 0), installed=(3, 4)) == "flash_attention_4"
    softcap = CONFIGS["gemma2, window and softcap"]
    assert choice(softcap) == choice(LlamaConfig(attention_dropout=0.1)) == own
    assert choice(softcap, installed=(2,)) == "flash_attention_2"
    chunked = SimpleNamespace(layer_types=["chunked_attention"])
    chunked.get_text_config = lambda: chunked
    assert choice(chunked) == "sdpa"


@pytest.mark.parametrize("function", [rows_apart, varlen])
def test_attention_sinks_are_refused(function):
    assert GptOssConfig().layer_types  # the family that has them
    tensors = [torch.zeros(1, 1, 1, 8)] * 3
    with pytest.raises(NotImplementedError, match="attention sinks"):
        function(None, *tensors, None, torch.tensor([0, 1]), max_length_q=1, s_aux=torch.zeros(1))
