"""The tokenizer of a checkpoint, its end tokens and the framing of its prompts."""

import json
from collections.abc import Callable, Iterable
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


def end_tokens(tokenizer: Any, declared: int | Iterable[int] | None) -> frozenset[int]:
    """Returns the ids of the tokens that end a completion.

    They are the end of text of the tokenizer, the tokens that the checkpoint declares, and the
    token with which the chat template ends an assistant's turn. Instruction models often declare
    only one of the first two, and a completion must not continue beyond the end of its turn.

    Args:
        tokenizer: A transformers tokenizer.
        declared: `eos_token_id` of the checkpoint's generation config.
    """
    found = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(end_of_turn(tokenizer))}
    found |= {declared} if declared is None or isinstance(declared, int) else set(declared)
    return frozenset(found - {None})


def completion_ids(tokenizer: Any, text: str, finish_reason: str) -> list[int]:
    """Returns the tokens that a completion has if its model drew them as its tokenizer encodes.

    They end with the token that ends an assistant's turn if the finish reason is `stop`.

    Args:
        tokenizer: A transformers tokenizer.
        text: The text of the completion.
        finish_reason: As in `caco.engines.protocol.Completion`.
    """
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    if finish_reason == "stop":
        ids.append(_end_id(tokenizer))
    return ids


@cache
def _end_id(tokenizer: Any) -> int:
    """Returns the id of the token that ends an assistant's turn; rendering a template is slow."""
    return int(tokenizer.convert_tokens_to_ids(end_of_turn(tokenizer)))


def completion_encoding(folder: Path) -> Callable[[str, str], list[int]] | None:
    """Returns `completion_ids` with the tokenizer in `folder`; None for a served model's folder.

    The tokenizer is loaded with the first text.
    """
    if served_model(folder) is not None:
        return None
    return partial(_completion_ids, folder)


def _completion_ids(folder: Path, text: str, finish_reason: str) -> list[int]:
    return completion_ids(load_tokenizer(folder), text, finish_reason)


def declared_ends(folder: Path) -> list[int]:
    """Returns the end tokens that a checkpoint declares, in its generation config or its config.

    Engines that load the checkpoint have them from their library. This reads the files.
    """
    for name in ("generation_config.json", "config.json"):
        if not (folder / name).is_file():
            continue
        declared = json.loads((folder / name).read_text(encoding="utf-8")).get("eos_token_id")
        if declared is not None:
            return [declared] if isinstance(declared, int) else list(declared)
    return []


def declare_end(model: Any, tokenizer: Any, end: str) -> None:
    """Declares the token with which a fine-tuned model was taught to end its completions.

    Other software stops at what a checkpoint declares and does not read the end of a turn from the
    template. The tokenizer and the config, which hold one token, declare the taught one; the
    generation config declares the earlier ones too, since the model may still write them.

    Args:
        model: The fine-tuned transformers model.
        tokenizer: Its tokenizer.
        end: The token that ends the completions of the training examples.
    """
    taught: int = tokenizer.convert_tokens_to_ids(end)
    ends = end_tokens(tokenizer, model.generation_config.eos_token_id) | {taught}
    tokenizer.eos_token = end
    model.config.get_text_config().eos_token_id = taught
    model.generation_config.eos_token_id = sorted(ends) if len(ends) > 1 else taught


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


def turns_framing(folder: Path) -> Callable[..., str] | None:
    """Returns a function that converts turns to the prompt of a model, in its chat template.

    Args:
        folder: A checkpoint, or the folder of a served model, for which there is none: its engine
            sends one turn.
    """
    if served_model(folder) is not None:
        return None
    return partial(_chat, folder)


def _alpaca(folder: Path, user: str) -> str:
    return beginning(load_tokenizer(folder)) + alpaca_prompt(user)


def _chat(folder: Path, *turns: str) -> str:
    return chat_prompt(load_tokenizer(folder), *turns)


def _unconditional(folder: Path, user: str) -> str:
    return unconditional_prefix(load_tokenizer(folder)) + user


_FRAMES: dict[str, Callable[..., str]] = {
    "alpaca": _alpaca,
    "chat": _chat,
    "unconditional": _unconditional,
}
