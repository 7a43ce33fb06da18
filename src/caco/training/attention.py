"""Padding-free attention on a CPU: computed per row, without a mask over the whole batch."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_NAME = "caco_rows_apart"


def cpu_attention(config: Any) -> str:
    """Returns the name of the attention for a model that is fine-tuned on a CPU.

    TRL concatenates the rows of a micro-batch (or of a packed block) and passes their boundaries.
    Without flash attention, transformers then computes the scores of all pairs of tokens and masks
    those across rows. Computing row by row gives the same sums without the masked scores. A model
    with sliding-window attention keeps the implementation of transformers.
    """
    if getattr(config, "sliding_window", None) is not None:
        return "sdpa"
    from transformers import AttentionInterface

    # Without a registered mask, transformers creates none.
    AttentionInterface.register(_NAME, _rows_apart)
    return _NAME


def _rows_apart(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: "torch.Tensor | None",
    cu_seq_lens_q: "torch.Tensor",
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> "tuple[torch.Tensor, None]":
    """Returns the output of the attention, [1, tokens, heads, head size].

    Args:
        module: The attention layer.
        query: [1, heads, tokens, head size].
        key: [1, key heads, tokens, head size].
        value: As `key`.
        attention_mask: None.
        cu_seq_lens_q: Start of each row, and the end of the last, from TRL's collator.
        dropout: Dropout probability of the attention weights.
        scaling: Factor of the scores.
        kwargs: Further arguments for flash attention, unused.
    """
    import torch

    lengths = cu_seq_lens_q.diff().tolist()
    rows = [
        torch.nn.functional.scaled_dot_product_attention(
            q, k, v, dropout_p=dropout, scale=scaling, is_causal=True, enable_gqa=True
        )
        for q, k, v in zip(
            query.split(lengths, 2), key.split(lengths, 2), value.split(lengths, 2), strict=True
        )
    ]
    return torch.cat(rows, 2).transpose(1, 2).contiguous(), None
