"""Tables of the page: each has a caption, heads with a scope, and the row's name as first cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

Cell = str | Markup
NONE = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: Its head.
        is_number: Whether its cells are aligned to the right.
    """

    title: str
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `macros.html.j2` draws it; on a narrow screen each row of a wide one is a card.

    Attributes:
        caption: What it shows.
        columns: Its columns.
        rows: Its rows, as many cells as there are columns.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def text(title: str) -> Column:
    """Returns a column of text."""
    return Column(title, is_number=False)


def numbers(*titles: str) -> list[Column]:
    """Returns columns of numbers."""
    return [Column(title) for title in titles]


def columns(first: str, *titles: str) -> list[Column]:
    """Returns a column of text, and columns of numbers."""
    return [text(first), *numbers(*titles)]


def items(parts: Sequence[str]) -> Cell:
    """Returns a cell of several short texts, each of which stays on one line."""
    spans = Markup(" ").join(Markup("<span>{}</span>").format(part) for part in parts)
    return Markup('<span class="items">{}</span>').format(spans) if parts else NONE
