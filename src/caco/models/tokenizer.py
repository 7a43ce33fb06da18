"""The tokenizer of a checkpoint, its end tokens and the framing of its prompts."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.models.served import served_model
from caco.runtime.progress import silence_libraries
from caco.text.chat import (
    alpaca_prompt,
    beginning,
    chat_prompt,
    end_of_turn,
    unconditional_prefix,
)


@cache
def load_tokenizer(folder: Path) -> Any:
    """Returns the tokenizer in `folder`, loaded once per process.

    Raises:
        UserError: The folder has no tokenizer that transformers can load.
    """
    silence_libraries()
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as e:
        raise UserError(
            f"{folder}: no tokenizer that transformers can load ({str(e).splitlines()[0]}); "
            "the folder must contain a transformers checkpoint with tokenizer.json"
        ) from None


def end_tokens(tokenizer: Any, declared: int | list[int] | None) -> frozenset[int]:
    """Returns the ids of the tokens that end a completion.

    They are the end of text of the tokenizer, the tokens that the checkpoint declares, and the
    token with which the chat template ends a turn. Instruction models often declare only one of the
    first two, and a completion must not continue beyond the end of its turn.

    Args:
        tokenizer: A transformers tokenizer.
        declared: `eos_token_id` of the checkpoint's generation config.
    """
    found = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(end_of_turn(tokenizer))}
    found |= set(declared) if isinstance(declared, list) else {declared}
    return frozenset(found - {None})


def framing(folder: Path, style: str = "chat") -> Callable[[str], str]:
    """Returns a function that converts a user's text to the prompt of a model.

    Args:
        folder: A checkpoint, or the folder of a served model. The prompt of a served model is the
            text itself: the server applies its template. A tokenizer is loaded with the first text.
        style: `chat`; `alpaca` for the headings of Alpaca; `unconditional` for the opening of a
            user turn (`caco.text.chat.unconditional_prefix`).
    """
    if served_model(folder) is not None:
        return alpaca_prompt if style == "alpaca" else str
    return partial(_FRAMES[style], folder)


def _alpaca(folder: Path, user: str) -> str:
    return beginning(load_tokenizer(folder)) + alpaca_prompt(user)


def _chat(folder: Path, user: str) -> str:
    return chat_prompt(load_tokenizer(folder), user)


def _unconditional(folder: Path, user: str) -> str:
    return unconditional_prefix(load_tokenizer(folder)) + user


_FRAMES = {"alpaca": _alpaca, "chat": _chat, "unconditional": _unconditional}
