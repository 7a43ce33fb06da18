"""The language-model head on a CPU: logits only for the tokens that have a loss."""

import functools
import types
from typing import Any


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
