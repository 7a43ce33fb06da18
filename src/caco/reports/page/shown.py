"""Text of rows as the page shows it: what a browser would hide or obey is made visible."""

import unicodedata
from typing import TypeVar

from markupsafe import Markup

T = TypeVar("T")

# Controls, formats (bidirectional ones among them), surrogates, and separators of lines.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT = "\n\t"


def visible(text: str) -> str:
    """Returns a text in which each hidden character but newline and tab is shown by its number.

    A null character is `<U+0000>`, a bidirectional override `<U+202E>`. The pictures of control
    characters (U+2400 and following) are not in every font.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(c):04X}>" if unicodedata.category(c) in _HIDDEN and c not in _KEPT else c
        for c in text
    )


def finalized(value: T) -> T | str:
    """Returns what a template prints for a value: text is made visible, markup stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def cut(text: str, most: int) -> str:
    """Returns a text, of one longer than `most` characters the beginning and how much is left."""
    if len(text) <= most:
        return text
    return f"{text[:most]} [{len(text) - most:,} more characters]"
