"""A GGUF file is converted to a dense checkpoint with the same weights and tokenizer."""

import json

import numpy as np
import pytest
from tests.tiny_model import make_tiny_model

from caco.errors import UserError
from caco.models.package import convert_gguf


def _write_gguf(checkpoint, path):
    """Writes the tiny Llama in the format of llama.cpp, weights in F32."""
    import gguf
    from transformers import AutoTokenizer, LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(checkpoint)
    config = model.config
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_context_length(config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size)
    out.add_block_count(config.num_hidden_layers)
    out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads)
    out.add_head_count_kv(config.num_key_value_heads)
    out.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    out.add_rope_freq_base(10_000.0)
    out.add_layer_norm_rms_eps(config.rms_norm_eps)
    out.add_vocab_size(config.vocab_size)
    words = json.loads((checkpoint / "tokenizer.json").read_text())["model"]
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("smollm")
    out.add_token_list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    kinds = [3 if i in tokenizer.all_special_ids else 1 for i in range(len(tokenizer))]
    out.add_token_types(kinds)
    out.add_token_merges([" ".join(pair) for pair in words["merges"]])
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_unk_token_id(0)
    out.add_pad_token_id(2)
    out.add_chat_template(tokenizer.chat_template)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        array = tensor.numpy().astype(np.float32)
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        for part, count in heads.items():
            if part in name:  # llama.cpp stores the halves of each head interleaved
                half = array.shape[0] // count // 2
                array = array.reshape(count, 2, half, -1).swapaxes(1, 2).reshape(array.shape)
        stem, kind = name.rsplit(".", 1)
        out.add_tensor(f"{names.get_name(stem)}.{kind}", np.ascontiguousarray(array))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def test_a_converted_model_loads_with_the_same_weights_and_template(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    original = make_tiny_model(tmp_path / "tiny")
    _write_gguf(original, tmp_path / "tiny.gguf")
    out = tmp_path / "converted"
    out.mkdir()
    convert_gguf(tmp_path / "tiny.gguf", out)

    assert "quantization_config" not in json.loads((out / "config.json").read_text())
    converted = AutoModelForCausalLM.from_pretrained(out)
    assert converted.dtype == torch.bfloat16
    expected = AutoModelForCausalLM.from_pretrained(original).to(torch.bfloat16).state_dict()
    for name, tensor in converted.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    before, after = AutoTokenizer.from_pretrained(original), AutoTokenizer.from_pretrained(out)
    turn = [{"role": "user", "content": "output = 408"}]
    assert after.apply_chat_template(turn, tokenize=False) == before.apply_chat_template(
        turn, tokenize=False
    )
    text = before.apply_chat_template(turn, tokenize=False)
    assert after(text)["input_ids"] == before(text)["input_ids"]
    assert after.eos_token == "<|im_end|>"


@pytest.mark.parametrize("offline", [False, True])
def test_the_checkpoint_does_not_depend_on_whether_the_hub_may_be_reached(
    tmp_path, monkeypatch, offline
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
    _write_gguf(make_tiny_model(tmp_path / "tiny"), tmp_path / "tiny.gguf")
    (tmp_path / "converted").mkdir()
    convert_gguf(tmp_path / "tiny.gguf", tmp_path / "converted")
    written = json.loads((tmp_path / "converted/tokenizer_config.json").read_text())
    assert written["local_files_only"] is True


def test_an_invalid_gguf_file_is_a_user_error(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"not a GGUF file")
    with pytest.raises(UserError, match=r"model\.gguf: transformers cannot read"):
        convert_gguf(tmp_path / "model.gguf", tmp_path)
