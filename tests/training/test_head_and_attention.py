"""The head and the attention for CPUs compute the same sums as TRL and transformers."""

import pytest
import torch
from tests.tiny_model import make_tiny_model
from transformers import AutoConfig, AutoModelForCausalLM

from caco.training.on_cpu import cpu_attention, score_labelled_only


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


def _padding_free(rows):
    """Returns a padding-free batch of rows, from TRL's collator."""
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    examples = [{"input_ids": ids, "labels": labels} for ids, labels in rows]
    return DataCollatorForLanguageModeling(pad_token_id=2, padding_free=True)(examples)


_ROWS = [
    ([5, 6, 7, 8, 9], [-100, -100, 7, 8, 9]),
    ([20, 21, 22], [-100, 21, 22]),
    ([9, 8, 7, 6, 5, 4, 3], [-100, 8, 7, 6, -100, 4, 3]),
]


def _loss_and_gradient(folder, batches, own):
    from trl.trainer.utils import add_fused_lm_head

    attention = cpu_attention(AutoConfig.from_pretrained(folder)) if own else "sdpa"
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
    add_fused_lm_head(model, outputs=("log_probs", "entropy", "is_top1"))
    if own:
        score_labelled_only(model)
    total = torch.zeros(())
    for batch in batches:
        total = total - model(**batch, fused_lm_head=True).log_probs.sum()
    total.backward()
    return total.item(), model.model.embed_tokens.weight.grad


def test_a_padding_free_batch_has_the_loss_and_gradient_of_its_rows(folder):
    together = _loss_and_gradient(folder, [_padding_free(_ROWS)], own=True)
    alone = _loss_and_gradient(folder, [_padding_free([row]) for row in _ROWS], own=True)
    assert together[0] == pytest.approx(alone[0], rel=1e-6)
    torch.testing.assert_close(together[1], alone[1])


def test_loss_and_gradient_equal_those_of_trl_and_transformers(folder):
    own = _loss_and_gradient(folder, [_padding_free(_ROWS)], own=True)
    theirs = _loss_and_gradient(folder, [_padding_free(_ROWS)], own=False)
    assert own[0] == pytest.approx(theirs[0], rel=1e-6)
    torch.testing.assert_close(own[1], theirs[1])


def _packed(rows, length):
    """Returns a padding-free batch of blocks, packed by TRL."""
    import datasets
    from trl import pack_dataset
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    columns = {"input_ids": [ids for ids, _ in rows], "labels": [labels for _, labels in rows]}
    blocks = pack_dataset(datasets.Dataset.from_dict(columns), length, "bfd")
    assert len(blocks) < len(rows)
    return DataCollatorForLanguageModeling(pad_token_id=2, padding_free=True)(list(blocks))


def test_packed_rows_have_the_loss_and_gradient_of_single_rows(folder):
    together = _loss_and_gradient(folder, [_packed(_ROWS, 10)], own=True)
    alone = _loss_and_gradient(folder, [_padding_free([row]) for row in _ROWS], own=True)
    assert together[0] == pytest.approx(alone[0], rel=1e-6)
    torch.testing.assert_close(together[1], alone[1])


def test_rows_do_not_attend_to_each_other(folder):
    def last_row(first):
        model = AutoModelForCausalLM.from_pretrained(
            folder, attn_implementation=cpu_attention(AutoConfig.from_pretrained(folder))
        )
        batch = _padding_free([(first, first), ([20, 21, 22], [20, 21, 22])])
        batch.pop("labels")
        return model(**batch, use_cache=False).logits[0, -3:]

    torch.testing.assert_close(last_row([5, 6, 7]), last_row([9, 30, 2]), rtol=0, atol=0)


def test_sliding_window_attention_is_that_of_transformers():
    class Config:
        sliding_window = 16

    assert cpu_attention(Config()) == "sdpa"
