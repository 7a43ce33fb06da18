"""Fine-tuning on a CPU: attention per row, and logits only for the tokens that have a loss."""

import functools
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_ATTENTION = "caco_rows_apart"


def cpu_attention(config: Any) -> str:
    """Returns the name of a padding-free attention for a model that is fine-tuned on a CPU.

    TRL concatenates the rows of a micro-batch (or of a packed block) and passes their boundaries.
    Without flash attention, transformers then computes the scores of all pairs of tokens and masks
    those across rows. Computing row by row gives the same sums without the masked scores. A model
    with sliding-window attention keeps the implementation of transformers.
    """
    if getattr(config, "sliding_window", None) is not None:
        return "sdpa"
    from transformers import AttentionInterface

    # Without a registered mask, transformers creates none.
    AttentionInterface.register(_ATTENTION, _rows_apart)
    return _ATTENTION


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


def score_labelled_only(model: Any) -> None:
    """Replaces the fused head of TRL in `model` by one that skips unlabelled positions.

    TRL's head skips them on GPUs only. Elsewhere it computes the logits of every position, and
    again in the backward pass. With a vocabulary of 49,152 the head is a fifth of the arithmetic of
    SmolLM2-135M, and half of a prompt-completion row has no loss. The sums are the same.
    """
    import torch
    from trl.trainer.utils import FusedCausalLMOutput

    fused = model.forward

    @functools.wraps(fused)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.pop("fused_lm_head", False):
            return fused(*args, **kwargs)
        labels = kwargs.pop("labels")[:, 1:]
        kwargs.pop("num_items_in_batch", None)
        kwargs["use_cache"] = False
        hidden = self.base_model(*args, **kwargs).last_hidden_state[:, :-1]
        mask = labels != -100
        logits = self.get_output_embeddings()(hidden[mask]).float()
        chosen = -torch.nn.functional.cross_entropy(logits, labels[mask], reduction="none")
        log_probs = chosen.new_zeros(mask.shape).masked_scatter(mask, chosen)
        unused = torch.zeros_like(log_probs)  # for metrics that are not read
        return FusedCausalLMOutput(
            loss=-log_probs.sum() / mask.sum().clamp(min=1),
            log_probs=log_probs,
            entropy=unused,
            is_top1=unused,
            label_mask=mask,
        )

    model.forward = types.MethodType(forward, model)
