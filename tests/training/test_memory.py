"""The memory of a training: what its backward pass keeps, and what ZeRO partitions."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.training.ragged import padding_free
from transformers import AutoModelForCausalLM
from transformers.models.qwen2 import Qwen2Config

from caco.config.training import Training
from caco.training import attention
from caco.training.rank import trainer_settings
from caco.training.runtime.memory import training_memory


def _training(**changed):
    keys = {"epochs": 1, "learning_rate": 0.1, "global_batch": 8, "cutoff": 64}
    return Training(**{**keys, **changed})


def _kept(model, tokens):
    """Returns the bytes that the layers keep for the backward pass."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)  # alive, so no pointer recurs
        return tensor

    batch = padding_free([{"input_ids": [5] * tokens, "labels": [5] * tokens}])
    batch.pop("labels")
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model.base_model(**batch, use_cache=False)
    return sum(size for size, _ in kept.values())


@pytest.mark.parametrize(("hidden", "intermediate"), [(128, 512), (256, 512), (128, 1024)])
def test_activations_are_what_the_backward_pass_keeps(tmp_path, monkeypatch, hidden, intermediate):
    def kept_by_kernel(q, k, v, *args, **kwargs):
        return q * 1 + 0 * (k * v)  # q, k, v are kept, and the output by the next layer

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", kept_by_kernel)
    config = Qwen2Config(
        vocab_size=64, hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=2,
    )  # fmt: skip
    attention.padding_free_attention(config, bf16=True)
    model = AutoModelForCausalLM.from_config(
        config, dtype=torch.bfloat16, attn_implementation=attention._VARLEN
    )
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict() | {"dtype": "bfloat16"}))
    needed = training_memory(tmp_path, _training(micro_tokens=256), ranks=1)
    assert needed is not None
    assert needed.activations * 1e9 == pytest.approx(_kept(model, 256), rel=0.12)
    # With checkpoints, the inputs of the layers; the backward pass computes one layer at a time.
    model.gradient_checkpointing_enable()
    training = _training(micro_tokens=256, gradient_checkpointing=True)
    checkpointed = training_memory(tmp_path, training, ranks=1)
    assert checkpointed is not None
    inputs = checkpointed.activations - needed.activations / 4
    assert inputs * 1e9 <= _kept(model.train(), 256) <= checkpointed.activations * 1e9
    task: Any = SimpleNamespace(scratch=tmp_path, deepspeed=None)
    assert trainer_settings(task, training, on_gpu=False, ranks=1)["gradient_checkpointing"]


@pytest.mark.parametrize(
    ("stage", "precision", "ranks", "expected"),
    [
        (0, "bf16", 1, 16), (0, "bf16", 4, 16), (1, "bf16", 4, 7), (2, "bf16", 4, 6),
        (3, "bf16", 4, 4.5), (2, "bf16", 1, 18), (2, "fp32", 1, 16), (2, "fp32", 4, 7),
    ],
)  # fmt: skip
def test_each_stage_partitions_one_more_part(tmp_path, stage, precision, ranks, expected):
    sizes = dict.fromkeys(
        ["hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size"], 10
    )
    (tmp_path / "config.json").write_text(json.dumps({**sizes, "dtype": "bfloat16"}))
    (tmp_path / "model.safetensors").write_bytes(b"0" * 2000)
    training = _training(zero_stage=stage, precision=precision)
    needed = training_memory(tmp_path, training, ranks)
    assert needed is not None and needed.states * 1e9 == pytest.approx(expected * 1000)


@pytest.mark.parametrize(
    ("stage", "gradients", "optimizer", "ranks", "expected"),
    [
        (1, "fp32", "fp32", 1, 20), (1, None, "bf16", 1, 10), (2, "bf16", "fp32", 1, 16),
        (2, "bf16", "bf16", 1, 10), (2, None, "bf16", 1, 12), (2, "bf16", "bf16", 4, 4),
        (3, "bf16", "bf16", 4, 2.5), (3, "bf16", "fp32", 4, 4),
    ],
)  # fmt: skip
def test_precisions_of_gradients_and_optimiser(
    tmp_path, stage, gradients, optimizer, ranks, expected
):
    sizes = dict.fromkeys(
        ["hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size"], 10
    )
    (tmp_path / "config.json").write_text(json.dumps({**sizes, "dtype": "bfloat16"}))
    (tmp_path / "model.safetensors").write_bytes(b"0" * 2000)
    training = _training(
        zero_stage=stage, gradient_precision=gradients, optimizer_precision=optimizer
    )
    needed = training_memory(tmp_path, training, ranks)
    assert needed is not None and needed.states * 1e9 == pytest.approx(expected * 1000)


def test_a_model_of_unknown_sizes_has_no_estimate(tmp_path):
    assert training_memory(tmp_path, _training(), 1) is None
    (tmp_path / "config.json").write_text('{"hidden_size": 8}')
    assert training_memory(tmp_path, _training(), 1) is None
