"""The trainer of micro-batches by tokens, with the loss of `caco.training.head`."""

import contextlib
from typing import Any

import torch

from caco.training.head import add_summed_loss
from caco.training.micro_batches import StepLoader, StepRows, Steps, TokenRows
from caco.training.runtime.trainer import CheckpointingTrainer


class TokenTrainer(CheckpointingTrainer):
    """A trainer whose loader yields whole optimiser steps.

    The loss is the mean over the labelled tokens of a step, over all ranks, however the step is
    divided. TRL would compute the entropy and the accuracy of the tokens as well, and wait for the
    device four times per micro-batch to record them.
    """

    def __init__(self, global_batch: int, micro_tokens: int, **settings: Any) -> None:
        """Creates the trainer.

        Args:
            global_batch: Rows of a step, over all ranks.
            micro_tokens: Maximum tokens of a micro-batch.
            settings: Arguments of `CheckpointingTrainer`.
        """
        super().__init__(**settings)
        self._global_batch, self._micro_tokens = global_batch, micro_tokens
        add_summed_loss(self.model)

    def get_train_dataloader(self) -> StepLoader:
        """Returns the loader of the steps of this rank."""
        rows = TokenRows(self.train_dataset.data)
        steps = Steps(
            rows,
            self._global_batch,
            self._micro_tokens,
            self.args.seed,
            self.args.process_index,
            self.args.world_size,
        )
        return StepLoader(
            rows,
            batch_sampler=steps,
            collate_fn=self._collate,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def _collate(self, step: StepRows) -> dict[str, Any]:
        return {
            "micro_batches": [self.data_collator(rows) for rows in step.micro_batches],
            "tokens": step.tokens,
            "labelled": step.labelled,
        }

    def training_step(
        self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Computes the gradients of a step and, under DeepSpeed, updates the weights."""
        model.train()
        # DeepSpeed averages the gradients of the ranks.
        factor = self.args.world_size / max(1, inputs["labelled"])
        total = torch.zeros((), device=self.args.device)
        micro_batches = inputs["micro_batches"]
        for number, micro_batch in enumerate(micro_batches, 1):
            is_last = number == len(micro_batches)
            self.accelerator.gradient_state._set_sync_gradients(is_last)
            # Under DeepSpeed its engine decides when the ranks exchange gradients.
            apart = not is_last and not self.is_deepspeed_enabled
            with self.accelerator.no_sync(model) if apart else contextlib.nullcontext():
                with self.compute_loss_context_manager():
                    loss = model(**self._prepare_inputs(micro_batch)) * factor
                self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Returns 0: the estimate of transformers, which nothing reads, needs tensors."""
        return 0

    def _track_num_input_tokens(self, inputs: dict[str, Any]) -> None:
        self.state.num_input_tokens_seen += inputs["tokens"]
