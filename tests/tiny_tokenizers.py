"""Tokenizers of three families, made on the spot, with the templates of models that use them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

_TEXT = [
    "Write the word problem that this program solves. Solve the problem step by step.",
    'input = {"a": 3}\noutput = input["a"] * 2\nprint(output)\nThe answer is \\boxed{6}.',
    "You are a helpful assistant.\nsystem\nuser\nassistant\n0123456789",
]
# SmolLM2 and Qwen2.5.
CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Llama 3; the header of the next turn follows the end of a turn without a line break.
LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}"
    "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
# Mistral 7B: `[/INST]` follows a user's turn, the end of text an assistant's.
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}"
    "{% if message['role'] == 'user' %}[INST] {{ message['content'] }} [/INST]"
    "{% else %} {{ message['content'] }}{{ eos_token }}{% endif %}"
    "{% endfor %}"
)


def chatml(folder: Path) -> Any:
    """Writes the tokenizer of a base model with a ChatML template to `folder` and returns it.

    The end of text is declared as the end, the end of a turn as one more special token.
    """
    tokenizer = _byte_level(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return _saved(folder, tokenizer, CHATML, eos_token="<|endoftext|>")


def llama3(folder: Path) -> Any:
    """Writes a tokenizer that puts BOS before every text to `folder` and returns it.

    The end of text is declared as the end. The end of a turn is a special token in `tokenizer.json`
    alone, as in Llama 3: `all_special_tokens` does not contain it.
    """
    from tokenizers.processors import TemplateProcessing

    begin, end = "<|begin_of_text|>", "<|end_of_text|>"
    rest = ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    tokenizer = _byte_level([begin, end, *rest])
    tokenizer.post_processor = TemplateProcessing(
        single=f"{begin} $A", special_tokens=[(begin, tokenizer.token_to_id(begin))]
    )
    return _saved(folder, tokenizer, LLAMA3, bos_token=begin, eos_token=end)


def mistral(folder: Path) -> Any:
    """Writes a tokenizer in the manner of SentencePiece to `folder` and returns it.

    It has no ChatML tokens, and both `[INST]` and `[/INST]` are special tokens, as in Mistral v3.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_TEXT, trainer)
    return _saved(folder, tokenizer, MISTRAL, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


# The text of the token with which each ends an assistant's turn.
FAMILIES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "chatml": (chatml, "<|im_end|>"),
    "llama3": (llama3, "<|eot_id|>"),
    "mistral": (mistral, "</s>"),
}


def _byte_level(special: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    return tokenizer


def _saved(folder: Path, tokenizer: Any, template: str, **named: str) -> Any:
    """Writes the tokenizer to `folder`, and returns it as transformers reads it from there."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **named
    )
    fast.chat_template = template
    fast.save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
