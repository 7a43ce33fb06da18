"""Templates of pages and cards: files beside the modules that render them."""

from pathlib import Path

import jinja2


def template_environment(folder: Path, *, autoescape: bool = False) -> jinja2.Environment:
    """Returns the environment of a folder's templates; an undefined name is an error.

    Args:
        folder: The folder.
        autoescape: Whether values are escaped for HTML.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
