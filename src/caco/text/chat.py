"""Framing of prompts: the turns of a chat template and the headings of Alpaca."""

import re
from typing import Any

import jinja2

from caco.errors import UserError

# Placeholders for texts in a rendered template. They consist of letters only, so that no template
# or tokenizer changes them.
_USER, _ASSISTANT = "CACOUSERTEXT", "CACOASSISTANTTEXT"

# Variables with which templates disable thinking: Qwen3's, and that of DeepSeek-V3.1 and Granite.
NO_THINKING = {"enable_thinking": False, "thinking": False}
_OPENED_THOUGHTS = re.compile(r"<(think(?:ing)?)>\s*\Z")


def unconditional_prefix(tokenizer: Any) -> str:
    """Returns the prompt for unconditional sampling of programs (paper): an opened user turn.

    It consists of the default system turn and the opening of a user turn. The program is the
    content of that turn and ends with the token that ends an assistant's turn.

    Args:
        tokenizer: A transformers tokenizer with a chat template.

    Raises:
        UserError: The tokenizer has no chat template that renders a user turn.
    """
    before, _ = _around_last(tokenizer, [_USER])
    return before


def end_of_turn(tokenizer: Any) -> str:
    """Returns the token that ends an assistant's turn.

    It is the token that the chat template writes after the content of the turn, and the end of text
    without a template, or if the template writes no token there. A user's turn may end differently
    (Mistral's `[/INST]`). The token need not be among `all_special_tokens`, which lacks Llama 3's.

    Args:
        tokenizer: A transformers tokenizer.

    Raises:
        UserError: The template cannot be rendered, or there is no such token.
    """
    found: list[str] = []
    if tokenizer.chat_template:
        _, after = _around_last(tokenizer, [_USER, _ASSISTANT])
        added = map(str, tokenizer.added_tokens_decoder.values())
        found = [token for token in added if after.lstrip().startswith(token)]
    if not found and tokenizer.eos_token is None:
        raise UserError(
            f"{tokenizer.name_or_path}: the tokenizer has no `eos_token`, and no chat template "
            "ends a turn with a token, so no completion would end; add `eos_token` to its "
            "tokenizer_config.json"
        )
    return max(found, key=len, default=str(tokenizer.eos_token))


def chat_prompt(tokenizer: Any, *turns: str) -> str:
    """Returns a user turn followed by the opening of the assistant's.

    It disables thinking, because a model's thoughts are no part of a question or a solution: by the
    variables of templates that have some, and by an empty block in templates that always begin one.

    Args:
        tokenizer: A transformers tokenizer with a chat template.
        turns: The contents of turns of user and assistant, alternately; the last is the user's.

    Raises:
        UserError: The tokenizer has no chat template that renders such turns.
    """
    text = _rendered(tokenizer, list(turns), add_generation_prompt=True, **NO_THINKING)
    opened = _OPENED_THOUGHTS.search(text)
    return f"{text.rstrip()}\n\n</{opened[1]}>\n\n" if opened else text


def _around_last(tokenizer: Any, contents: list[str]) -> tuple[str, str]:
    """Returns what the chat template writes before and after the content of the last turn.

    Raises:
        UserError: There is no template, or it does not render these turns.
    """
    before, found, after = _rendered(tokenizer, contents).rpartition(contents[-1])
    if not found:
        raise _unusable(tokenizer, "it leaves out the content of a turn")
    return before, after


def _rendered(tokenizer: Any, contents: list[str], **variables: bool) -> str:
    """Returns turns of user and assistant, alternately, in the chat template of the tokenizer.

    Raises:
        UserError: There is no template, or it does not render these turns.
    """
    if not tokenizer.chat_template:
        raise UserError(
            f"{tokenizer.name_or_path}: the model has no chat template, in which its prompts are "
            "written; name a model that has one"
        )
    roles = ("user", "assistant")
    turns = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    try:
        text: str = tokenizer.apply_chat_template(turns, tokenize=False, **variables)
    except (jinja2.TemplateError, ValueError, TypeError, KeyError) as e:
        raise _unusable(tokenizer, str(e).partition("\n")[0]) from None
    return text


def _unusable(tokenizer: Any, why: str) -> UserError:
    return UserError(
        f"{tokenizer.name_or_path}: the chat template of the model cannot render turns of user and "
        f"assistant ({why}); correct the template, or name another model"
    )


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
