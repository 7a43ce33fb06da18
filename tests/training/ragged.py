"""Random rows of different lengths, and tiny random models of several families."""

from typing import Any

import torch
from transformers import AutoModelForCausalLM
from transformers.models.gemma2 import Gemma2Config
from transformers.models.llama import LlamaConfig
from transformers.models.mistral import MistralConfig
from transformers.models.mixtral import MixtralConfig
from transformers.models.qwen2 import Qwen2Config
from transformers.models.qwen3 import Qwen3Config
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

VOCABULARY = 101
_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0,
}  # fmt: skip
CONFIGS = {
    "llama": LlamaConfig(**_SIZES),
    "qwen2": Qwen2Config(**_SIZES),
    "qwen3": Qwen3Config(**_SIZES, tie_word_embeddings=True),
    "mistral, window": MistralConfig(**_SIZES, sliding_window=5),
    "qwen2, window in one layer": Qwen2Config(
        **_SIZES, use_sliding_window=True, sliding_window=4, max_window_layers=1
    ),
    "gemma2, window and softcap": Gemma2Config(**_SIZES, sliding_window=5, query_pre_attn_scalar=8),
    "mixtral, experts": MixtralConfig(
        **_SIZES, num_local_experts=4, output_router_logits=True, sliding_window=None
    ),
}


def model(name: str, attention: str) -> Any:
    """Returns a model with weights that do not depend on the attention."""
    torch.manual_seed(3)
    return AutoModelForCausalLM.from_config(CONFIGS[name], attn_implementation=attention).train()


def rows(seed: int, lengths: list[int]) -> list[dict[str, list[int]]]:
    """Returns random rows, of whose labels a third is ignored."""
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for length in lengths:
        ids = torch.randint(1, VOCABULARY, (length,), generator=generator)
        ignored = torch.rand(length, generator=generator) < 1 / 3
        drawn.append({"input_ids": ids.tolist(), "labels": ids.masked_fill(ignored, -100).tolist()})
    return drawn


def padding_free(batch: list[dict[str, list[int]]]) -> dict[str, Any]:
    """Returns the micro-batch of TRL's collator."""
    return DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(batch)


def padded(batch: list[dict[str, list[int]]]) -> dict[str, Any]:
    """Returns a batch with padding and a mask."""
    return DataCollatorForLanguageModeling(pad_token_id=0)(batch)
