"""Prompts: versioned Jinja templates, whose digest is recorded in the rows made with them."""

from functools import cached_property
from pathlib import Path

import jinja2

from caco.identity import digest


class Prompt:
    """One prompt template."""

    def __init__(self, file: Path) -> None:
        """Reads a prompt template.

        Args:
            file: The Jinja template. A rule re-runs when the template changes if its code depends
                on a module next to it that names the file.
        """
        self._text = file.read_text(encoding="utf-8")

    def render(self, **values: object) -> str:
        """Returns the prompt with `values` inserted; a missing value is an error."""
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
