"""How a prompt is framed for a model: turns of its chat template, opened and closed."""

from typing import Any

# Stands in for the user's text while the template is rendered: what comes before it is the opened
# turn. Letters only, so that no template or tokenizer rewrites it.
_MARK = "CACOUSERTEXT"


def unconditional_prefix(tokenizer: Any) -> str:
    """Returns the paper's prompt for sampling programs: an opened user turn, never closed.

    The default system turn, then the opening of a user turn. The program is the body of that turn
    and the template's end-of-turn token ends it.

    Args:
        tokenizer: A transformers tokenizer with a chat template.
    """
    text: str = tokenizer.apply_chat_template([{"role": "user", "content": _MARK}], tokenize=False)
    return text[: text.index(_MARK)]


def end_of_turn(tokenizer: Any) -> str:
    """Returns the token that closes a turn of the chat template, or the end of text without one.

    A base model's end-of-text token is often not its template's, and generation stops at either.
    """
    if not tokenizer.chat_template:
        return str(tokenizer.eos_token)
    turn: str = tokenizer.apply_chat_template([{"role": "user", "content": _MARK}], tokenize=False)
    after = turn[turn.index(_MARK) + len(_MARK) :].lstrip()
    closing = [token for token in tokenizer.all_special_tokens if after.startswith(token)]
    return max(closing, key=len, default=str(tokenizer.eos_token))


def chat_prompt(tokenizer: Any, user: str) -> str:
    """Returns a user turn followed by the opening of the assistant's.

    A template that lets its model think aloud first (Qwen3's) is told not to: thoughts are no part
    of a question or a solution. Other templates do not know the word.
    """
    text: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": user}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=False,
    )
    return text


def beginning(tokenizer: Any) -> str:
    """Returns the token that a tokenizer puts before every text of its own accord, if it does.

    A chat template writes it itself; headings alone lack it, and a model has never read a text
    without.
    """
    before: list[int] = tokenizer("")["input_ids"]
    opens = tokenizer.bos_token is not None and before[:1] == [tokenizer.bos_token_id]
    return str(tokenizer.bos_token) if opens else ""


def alpaca_prompt(instruction: str) -> str:
    """Returns Alpaca's instruction and response headings around `instruction`."""
    return (
        "Below is an instruction that describes a task. Write a response that appropriately "
        f"completes the request.\n\n### Instruction:\n{instruction}\n\n### Response:\n"
    )
