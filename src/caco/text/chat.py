"""Framing of prompts: the turns of a chat template and the headings of Alpaca."""

from typing import Any

# Placeholder for the user's text in a rendered template; the text before it opens the turn. It
# consists of letters only, so that no template or tokenizer changes it.
_PLACEHOLDER = "CACOUSERTEXT"


def unconditional_prefix(tokenizer: Any) -> str:
    """Returns the prompt for unconditional sampling of programs (paper): an opened user turn.

    It consists of the default system turn and the opening of a user turn. The program is the
    content of that turn and ends with the end-of-turn token of the template.

    Args:
        tokenizer: A transformers tokenizer with a chat template.
    """
    text: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": _PLACEHOLDER}], tokenize=False
    )
    return text[: text.index(_PLACEHOLDER)]


def end_of_turn(tokenizer: Any) -> str:
    """Returns the token that ends a turn of the chat template, or the end of text without one.

    The two tokens often differ in base models; generation stops at either.
    """
    if not tokenizer.chat_template:
        return str(tokenizer.eos_token)
    turn: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": _PLACEHOLDER}], tokenize=False
    )
    after = turn[turn.index(_PLACEHOLDER) + len(_PLACEHOLDER) :].lstrip()
    closing = [token for token in tokenizer.all_special_tokens if after.startswith(token)]
    return max(closing, key=len, default=str(tokenizer.eos_token))


def chat_prompt(tokenizer: Any, user: str) -> str:
    """Returns a user turn followed by the opening of the assistant's.

    It disables thinking in templates that support it (Qwen3), because reasoning traces are no part
    of a question or a solution. Other templates ignore the parameter.
    """
    text: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": user}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=False,
    )
    return text


def beginning(tokenizer: Any) -> str:
    """Returns the BOS token if the tokenizer adds it to every text, otherwise an empty string.

    Chat templates contain the token. A prompt without a template needs it as well, because the
    model was trained on texts that begin with it.
    """
    before: list[int] = tokenizer("")["input_ids"]
    adds_bos = tokenizer.bos_token is not None and before[:1] == [tokenizer.bos_token_id]
    return str(tokenizer.bos_token) if adds_bos else ""


def alpaca_prompt(instruction: str) -> str:
    """Returns Alpaca's instruction and response headings around `instruction`."""
    return (
        "Below is an instruction that describes a task. Write a response that appropriately "
        f"completes the request.\n\n### Instruction:\n{instruction}\n\n### Response:\n"
    )
