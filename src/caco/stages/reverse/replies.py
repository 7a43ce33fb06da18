"""The replies of a model, kept beside the rows of a job: `caco.proof` scores them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from caco.engines.protocol import Completion, GeneratingModel
from caco.rows.reply import Reply
from caco.rows.table import rows_added


@contextmanager
def kept_replies(model: GeneratingModel, path: Path) -> Iterator[GeneratingModel]:
    """Returns a model whose completions are written to a file, in the order of their requests.

    Args:
        model: The model.
        path: The file of Reply rows. It is written atomically, after the last completion.
    """
    with rows_added(path, Reply) as add:

        def keep(completion: Completion) -> None:
            add(
                Reply(
                    request_id=completion.request_id,
                    reply=completion.text,
                    tokens=completion.tokens,
                    finish_reason=completion.finish_reason,
                    token_ids=model.kept_ids(completion.text, completion),
                )
            )

        yield replace(model, keep=keep)
