"""Prompts: Jinja files under version, named by their digest in every row that they made."""

from functools import cached_property
from pathlib import Path

import jinja2

from caco.identity import digest


class Prompt:
    """One prompt's file."""

    def __init__(self, file: Path) -> None:
        """Names a prompt.

        Args:
            file: Its Jinja template. A rule whose code reaches a module beside it re-runs when it
                changes.
        """
        self._text = file.read_text(encoding="utf-8")

    def render(self, **values: str) -> str:
        """Returns the prompt with `values` in it; one that is missing is an error."""
        return self._template.render(**values)

    @cached_property
    def digest(self) -> str:
        """The digest of the template's text."""
        return digest(self._text)

    @cached_property
    def _template(self) -> jinja2.Template:
        environment = jinja2.Environment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        return environment.from_string(self._text)
