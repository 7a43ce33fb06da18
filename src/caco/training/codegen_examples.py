"""Training examples of the code generator; in a module of their own for its code digest."""

from collections.abc import Iterable, Iterator

from caco.rows.code_cot import CodeCoT
from caco.training.examples import Example


def codegen_examples(rows: Iterable[CodeCoT], prefix: str, end: str) -> Iterator[Example]:
    """Yields the programs as completions of the unconditional prompt, without questions (paper).

    Args:
        rows: Accepted Code CoTs.
        prefix: `caco.text.chat.unconditional_prefix` of the model.
        end: The token that ends a turn.
    """
    for row in rows:
        yield Example(prefix, row.program.strip() + end)
