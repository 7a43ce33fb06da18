"""Attention of padding-free micro-batches: rows apart on any device, one kernel on CUDA.

TRL concatenates the rows of a micro-batch and passes their boundaries. The implementations of
transformers without flash attention would then compute the scores of all pairs of tokens and mask
those across rows. Both functions here compute the same sums without the masked scores. They have
the arguments of transformers' flash attention, which passes them the window of each layer.
"""

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.utils import (
    is_flash_attn_2_available,
    is_flash_attn_3_available,
    is_flash_attn_4_available,
)

_ROWS_APART, _VARLEN = "caco_rows_apart", "caco_varlen"
_CAUSAL_LAYERS = {"full_attention", "sliding_attention"}


def padding_free_attention(config: Any, bf16: bool) -> str:
    """Returns the name of the attention of a model, for transformers' `attn_implementation`.

    On a card of compute capability 8 or higher, bf16 runs in one kernel: FlashAttention 3 or 4
    where it is installed for the card, else torch's `varlen_attn`, which is FlashAttention 2.
    Everything else runs row by row. Layers that are neither causal nor causal with a sliding window
    keep the masks of transformers.

    Args:
        config: The model's config.
        bf16: Whether the model computes in bf16.
    """
    text = config.get_text_config()
    if not set(getattr(text, "layer_types", None) or ()) <= _CAUSAL_LAYERS:
        return "sdpa"
    # Without a registered mask, transformers creates none.
    AttentionInterface.register(_ROWS_APART, rows_apart)
    AttentionInterface.register(_VARLEN, varlen)
    if not (bf16 and torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)):
        return _ROWS_APART
    generation = torch.cuda.get_device_capability()[0]
    if generation == 9 and is_flash_attn_3_available():
        return "flash_attention_3"
    if generation >= 10 and is_flash_attn_4_available():
        return "flash_attention_4"
    if getattr(text, "attn_logit_softcapping", None) is not None:  # varlen_attn has none
        return "flash_attention_2" if is_flash_attn_2_available() else _ROWS_APART
    return _ROWS_APART if getattr(text, "attention_dropout", 0) else _VARLEN


def rows_apart(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    cu_seq_lens_q: torch.Tensor,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Returns the output of the attention, [1, tokens, heads, head size], computed row by row.

    Args:
        module: The attention layer.
        query: [1, heads, tokens, head size].
        key: [1, key heads, tokens, head size].
        value: As `key`.
        attention_mask: None.
        cu_seq_lens_q: Start of each row, and the end of the last, from TRL's collator.
        dropout: Dropout probability of the attention weights.
        scaling: Factor of the scores.
        sliding_window: Number of tokens to which a token attends, itself included; None for all.
        softcap: Bound of the scores, by a hyperbolic tangent.
        s_aux: None.
        kwargs: Further arguments for flash attention, unused.

    Raises:
        NotImplementedError: The model has attention sinks.
    """
    _require_no_sinks(s_aux)
    lengths = cu_seq_lens_q.diff().tolist()
    rows = [
        _row(q, k, v, dropout, scaling, sliding_window, softcap)
        for q, k, v in zip(
            query.split(lengths, 2), key.split(lengths, 2), value.split(lengths, 2), strict=True
        )
    ]
    return torch.cat(rows, 2).transpose(1, 2).contiguous(), None


def _row(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    dropout: float,
    scaling: float | None,
    window: int | None,
    softcap: float | None,
) -> torch.Tensor:
    """Returns the attention of one row, [1, heads, tokens, head size]."""
    length = query.shape[2]
    if softcap is None and (window is None or window >= length):
        return scaled_dot_product_attention(
            query, key, value, dropout_p=dropout, scale=scaling, is_causal=True, enable_gqa=True
        )
    mask = torch.ones(length, length, dtype=torch.bool, device=query.device).tril()
    if window is not None:
        mask = mask.triu(1 - window)
    if softcap is None:
        return scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling, enable_gqa=True
        )
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = query @ key.mT * (query.shape[3] ** -0.5 if scaling is None else scaling)
    scores = (torch.tanh(scores / softcap) * softcap).masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    return torch.dropout(weights, dropout, train=True) @ value


def varlen(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    cu_seq_lens_q: torch.Tensor,
    max_length_q: int,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    s_aux: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Returns the output of the attention, computed in one kernel by torch's `varlen_attn`.

    Args:
        module: The attention layer.
        query: [1, heads, tokens, head size].
        key: [1, key heads, tokens, head size].
        value: As `key`.
        attention_mask: None.
        cu_seq_lens_q: Start of each row, and the end of the last, as int32.
        max_length_q: Length of the longest row.
        dropout: 0.
        scaling: Factor of the scores.
        sliding_window: Number of tokens to which a token attends, itself included; None for all.
        s_aux: None.
        kwargs: Further arguments for flash attention, unused.

    Raises:
        NotImplementedError: The model has attention sinks.
    """
    from torch.nn.attention.varlen import varlen_attn

    _require_no_sinks(s_aux)
    q, k, v = (tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value))
    groups = q.shape[1] // k.shape[1]
    if groups > 1:
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    # The kernel counts the tokens to the left of a token, without itself.
    left = -1 if sliding_window is None else sliding_window - 1
    out = varlen_attn(
        q, k, v, cu_seq_lens_q, cu_seq_lens_q, max_length_q, max_length_q,
        scale=scaling, window_size=(left, 0),
    )  # fmt: skip
    return out[None], None


def _require_no_sinks(s_aux: torch.Tensor | None) -> None:
    if s_aux is not None:
        raise NotImplementedError("models with attention sinks cannot be fine-tuned")
