"""What the embedders have in common: the tokens of a text, and the journal of a job."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from caco.config.embedding import Embedder as Settings
from caco.engines.protocol import Embedded, Embedder
from caco.identity import digest
from caco.models.tokenizer import load_tokenizer
from caco.runtime.journal import Journal
from caco.vectors import stored

_CHUNK = 1_024  # texts passed to an embedder at once, which sorts them by length

T = TypeVar("T")


def embed_all(
    embedder: Embedder, journal: Journal, texts: Iterable[tuple[T, str]]
) -> Iterator[tuple[T, Embedded]]:
    """Yields each row with the vector of its text, in order; those of the journal are not repeated.

    Args:
        embedder: The embedder.
        journal: The finished texts of an earlier start, to which new ones are added.
        texts: Rows, each with its complete text, drawn lazily.
    """
    queue = iter(texts)
    while chunk := list(islice(queue, _CHUNK)):
        keys = [digest("embed", text) for _, text in chunk]
        new = {k: t for k, (_, t) in zip(keys, chunk, strict=True) if journal.get(k) is None}
        for key, found in zip(new, embedder.embed(list(new.values())), strict=True):
            vector = None if found.vector is None else found.vector.hex()
            journal.add(key, {"vector": vector, "tokens": found.tokens, "cut": found.truncated})
        for key, (row, _) in zip(keys, chunk, strict=True):
            line = journal.get(key)
            assert line is not None
            read = None if line["vector"] is None else bytes.fromhex(line["vector"])
            yield row, Embedded(read, line["tokens"], line["cut"])


class Tokenization:
    """The tokens of texts, cut to what the settings and the model permit."""

    def __init__(self, folder: Path, section: Settings, context: int) -> None:
        """Loads the tokenizer.

        Args:
            folder: A transformers checkpoint with its tokenizer.
            section: Has the limit in tokens.
            context: The limit of the model.

        Raises:
            UserError: The folder has no tokenizer that transformers can load.
        """
        self._tokenizer = load_tokenizer(folder)
        # A tokenizer without a limit of its own has a number of 30 digits.
        self._limit = min(section.max_tokens, context, self._tokenizer.model_max_length)

    def ids(self, text: str) -> tuple[list[int], bool]:
        """Returns the tokens to embed, with the special ones, and whether the text has more."""
        whole: list[int] = self._tokenizer(text, truncation=False)["input_ids"]
        if len(whole) <= self._limit:
            return whole, False
        # Special tokens at the end, whose state `last` uses, are not cut off.
        cut: list[int] = self._tokenizer(text, truncation=True, max_length=self._limit)["input_ids"]
        return cut, True


def without_tokens(tokens: Sequence[tuple[list[int], bool]]) -> dict[int, Embedded]:
    """Returns the results of the texts without tokens, by their place."""
    return {place: Embedded(None, 0, False) for place, (ids, _) in enumerate(tokens) if not ids}


def embedded(vector: Any, ids: Sequence[object], truncated: bool) -> Embedded:
    """Returns the vector of a text whose tokens are `ids`.

    Args:
        vector: Numbers of any length.
        ids: The tokens.
        truncated: Whether the text has more.
    """
    return Embedded(stored(vector), len(ids), truncated)
