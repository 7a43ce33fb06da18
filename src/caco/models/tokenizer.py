"""A checkpoint's tokenizer, and the tokens that end its turns."""

from functools import cache
from pathlib import Path
from typing import Any

from caco.chat import end_of_turn
from caco.errors import UserError
from caco.quiet import quiet_transformers


@cache
def load_tokenizer(folder: Path) -> Any:
    """Returns the tokenizer in `folder`, loaded once a process.

    Raises:
        UserError: The folder holds none that transformers can read.
    """
    quiet_transformers()
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as e:
        raise UserError(
            f"{folder}: no tokenizer that transformers can load ({str(e).splitlines()[0]}); "
            "the folder must hold an ordinary checkpoint with tokenizer.json"
        ) from None


def end_tokens(tokenizer: Any, declared: int | list[int] | None) -> frozenset[int]:
    """Returns the ids of the tokens that end a completion.

    The tokenizer's own end of text, those that the checkpoint declares, and the token with which
    the chat template closes a turn: instruction models often declare only one of the first two,
    and a completion that runs past the end of its turn is not what was asked for.

    Args:
        tokenizer: A transformers tokenizer.
        declared: `eos_token_id` of the checkpoint's generation config.
    """
    found = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(end_of_turn(tokenizer))}
    found |= set(declared) if isinstance(declared, list) else {declared}
    return frozenset(found - {None})
