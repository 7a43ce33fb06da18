"""Section of the export: the corpus as a data set for publication."""

from typing import Literal

from pydantic import Field, field_validator

from caco.config.section import Section
from caco.licences import canonical, known


class Export(Section):
    """The data set for publication."""

    licences: Literal["refuse", "warn"] = Field(
        "refuse",
        description="What happens if the licences of the sources exclude each other in one data "
        "set, or one is unknown: `refuse` (no job starts) or `warn` (the card says so).",
    )
    allow: list[str] = Field(
        [],
        description="Licences of sources that are not among the known ones (docs/export.md), and "
        "that you may combine with the others.",
    )

    @field_validator("allow")
    @classmethod
    def _require_unknown(cls, value: list[str]) -> list[str]:
        names = [canonical(name) for name in value]
        for name in names:
            if licence := known(name):
                raise ValueError(
                    f"`{licence.name}` is among the known licences, whose terms apply; remove it"
                )
        return names
