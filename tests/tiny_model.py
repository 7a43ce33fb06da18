"""A model that trains in seconds: a random Llama of 100,000 parameters with a ChatML tokenizer."""

from pathlib import Path

# Simplified template of SmolLM2: a default system message, then the messages.
_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful AI assistant.<|im_end|>\n"
    "{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_TEXT = [
    'input = {"first": 12, "second": 34}\n\n\n',
    "def solve(first, second):\n    return first * second\n",
    "output = solve(**input)\nprint(output)\nThe answer is \\boxed{408}.",
    "Write the word problem that this program solves. Solve the problem step by step.",
    "You are a helpful AI assistant.\nsystem\nuser\nassistant\n",
]


def make_tiny_model(folder: Path, head: int = 16) -> Path:
    """Writes the checkpoint to `folder` and returns `folder`; every call writes the same bytes.

    Args:
        folder: The folder.
        head: Size of an attention head; vLLM's kernels need 64.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    bpe.train_from_iterator(
        _TEXT,
        trainers.BpeTrainer(
            vocab_size=384,
            special_tokens=special,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = _TEMPLATE
    tokenizer.save_pretrained(folder)

    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=4 * head,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    torch.random.set_rng_state(state)
    model.save_pretrained(folder)
    return folder
