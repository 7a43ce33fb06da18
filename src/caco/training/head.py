"""The loss of a model without the logits of all its tokens.

The logits of 32,768 tokens over a vocabulary of 152,000 would need 20 GB in float32, and their
gradient as much again. Here they exist for a chunk of tokens at a time: the gradients of the chunk
are computed at once, in the forward pass, so nothing is computed twice. Positions without a label
are skipped. The sums are the same.
"""

import functools
import types
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import cross_entropy, linear
from trl.trainer.utils import maybe_gather_lm_head_ctx

from caco.training.examples import IGNORED

# Logits at a time: 0.5 GiB in float32, and about 2 GiB with all that is derived from them.
_CHUNK_LOGITS = 1 << 27


class _SummedLoss(torch.autograd.Function):  # type: ignore[misc]
    """The negative log-likelihood of labels, summed over tokens."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        labels: torch.Tensor,
        logits_of: Callable[[torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        """Computes the sum and its gradients, chunk by chunk."""
        total = torch.zeros((), device=hidden.device)
        d_hidden = torch.empty_like(hidden)
        head = [tensor.detach().requires_grad_() for tensor in (weight, bias) if tensor is not None]
        d_head = [torch.zeros_like(tensor) for tensor in head]
        size = max(1, _CHUNK_LOGITS // weight.shape[0])
        for start in range(0, len(labels), size):
            part = slice(start, start + size)
            with torch.enable_grad():
                chunk = hidden[part].detach().requires_grad_()
                logits = logits_of(linear(chunk, *head)).float()
                loss = cross_entropy(logits, labels[part], reduction="sum")
            d_hidden[part], *gradients = torch.autograd.grad(loss, (chunk, *head))
            total += loss.detach()
            if start == 0:
                d_head = gradients
            else:  # in float32: many small terms
                d_head = [
                    sums.float().add_(gradient)
                    for sums, gradient in zip(d_head, gradients, strict=True)
                ]
        ctx.dtype = weight.dtype
        ctx.save_for_backward(d_hidden, *d_head)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Scales the gradients of the forward pass."""
        d_hidden, d_weight, *d_bias = (tensor * gradients[0] for tensor in ctx.saved_tensors)
        return (
            d_hidden,
            d_weight.to(ctx.dtype),
            d_bias[0].to(ctx.dtype) if d_bias else None,
            None,
            None,
        )


def add_summed_loss(model: Any) -> None:
    """Replaces the forward pass of a causal language model by one that returns its summed loss.

    With `labels`, the model then returns the sum of the losses of the labelled tokens. The
    load-balancing loss of a mixture of experts counts once for each of them, so that the sum over
    all micro-batches, divided by the labelled tokens, holds its mean. Without `labels`, the forward
    pass is the original one.
    """
    original = model.forward
    logits_of = _logits_of(model.config.get_text_config())

    @functools.wraps(original)
    def forward(self: Any, *args: Any, labels: Any = None, **kwargs: Any) -> Any:
        if labels is None:
            return original(*args, **kwargs)
        balanced = getattr(self.config.get_text_config(), "output_router_logits", False)
        if balanced:
            kwargs["output_router_logits"] = True
        outputs = self.base_model(*args, use_cache=False, **kwargs)
        labels = labels[:, 1:]
        labelled = labels != IGNORED
        head = self.get_output_embeddings()
        bias = getattr(head, "bias", None)
        with maybe_gather_lm_head_ctx(head.weight, bias):
            loss = _SummedLoss.apply(
                outputs.last_hidden_state[:, :-1][labelled],
                head.weight,
                bias,
                labels[labelled],
                logits_of,
            )
        if balanced:
            loss = loss + labelled.sum() * _load_balancing_loss(self, outputs.router_logits)
        return loss

    model.forward = types.MethodType(forward, model)


def _logits_of(config: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """Returns what a model does with the output of its head."""
    softcap = getattr(config, "final_logit_softcapping", None)
    scale = getattr(config, "logit_scale", None)
    if scale is None and getattr(config, "logits_scaling", None) is not None:  # Granite
        scale = 1 / config.logits_scaling

    def logits_of(logits: torch.Tensor) -> torch.Tensor:
        if scale is not None:
            logits = logits * scale
        return logits if softcap is None else torch.tanh(logits / softcap) * softcap

    return logits_of


def _load_balancing_loss(model: Any, router_logits: Any) -> torch.Tensor:
    from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

    loss = load_balancing_loss_func(router_logits, model.num_experts, model.num_experts_per_tok)
    return loss * float(model.config.get_text_config().router_aux_loss_coef)
