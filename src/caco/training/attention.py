"""Attention over rows laid end to end, on a CPU: each row by itself, nothing masked or padded."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_NAME = "caco_rows_apart"


def cpu_attention(config: Any) -> str:
    """Returns the name of the attention for a model that is fine-tuned on a CPU.

    TRL lays the rows of a micro-batch (or of a packed block) end to end and says where each begins.
    Without flash attention, transformers then scores every token against every other and masks what
    is not of its own row. Row by row the sums are the same, and nothing is scored in vain. A model
    whose attention slides keeps transformers' own.
    """
    if getattr(config, "sliding_window", None) is not None:
        return "sdpa"
    from transformers import AttentionInterface

    # No mask is registered beside it: transformers then makes none.
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
    """Returns attention's output, [1, tokens, heads, head size].

    Args:
        module: The attention layer.
        query: [1, heads, tokens, head size].
        key: [1, key heads, tokens, head size].
        value: As `key`.
        attention_mask: None.
        cu_seq_lens_q: Where each row begins, and the end of the last; TRL's collator gives it.
        dropout: Share of the weights dropped.
        scaling: Factor of the scores.
        kwargs: What flash attention would need.
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
