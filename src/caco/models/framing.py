"""How a stage frames its prompts for a model: by the checkpoint's template, or the server's."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from caco.chat import alpaca_prompt, beginning, chat_prompt
from caco.models.served import served_model
from caco.models.tokenizer import load_tokenizer


def framing(folder: Path, style: str = "chat") -> Callable[[str], str]:
    """Returns what makes a prompt of a user's text.

    Args:
        folder: A checkpoint, or the folder of a served model. A served model's prompt is the text
            itself: the server frames it. A tokenizer is loaded with the first text.
        style: `chat`, or `alpaca` for Alpaca's headings.
    """
    if served_model(folder) is not None:
        return alpaca_prompt if style == "alpaca" else str
    return partial(_alpaca if style == "alpaca" else _chat, folder)


def _alpaca(folder: Path, user: str) -> str:
    return beginning(load_tokenizer(folder)) + alpaca_prompt(user)


def _chat(folder: Path, user: str) -> str:
    return chat_prompt(load_tokenizer(folder), user)
