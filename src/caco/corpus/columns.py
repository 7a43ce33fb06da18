"""What the columns of a row type mean, as its docstring says."""

import inspect
import re
from dataclasses import fields

from caco.rows.table import Row, schema

_ENTRY = re.compile(r"    (\w[\w, \n]*?): (.*)", re.DOTALL)


def columns(row_type: type[Row]) -> list[tuple[str, str, str]]:
    """Returns name, Arrow type and meaning of every column, in order.

    The meanings are the entries of the docstring's `Attributes:`; one entry may name several
    columns.

    Raises:
        ValueError: The docstring says nothing about a column.
    """
    _, _, attributes = (inspect.getdoc(row_type) or "").partition("Attributes:\n")
    meanings: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \S)", attributes.rstrip()):
        if found := _ENTRY.match(entry):
            meaning = " ".join(found[2].split())
            meanings |= dict.fromkeys((n.strip() for n in found[1].split(",")), meaning)
    names = [f.name for f in fields(row_type)]
    if missing := [name for name in names if name not in meanings]:
        raise ValueError(f"the docstring of {row_type.__name__} does not explain {missing}")
    types = schema(row_type)
    return [(name, str(types.field(name).type), meanings[name]) for name in names]
