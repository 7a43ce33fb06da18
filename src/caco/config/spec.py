"""A rule's `spec`: the part of the config that it depends on, as one text."""

from pydantic import BaseModel

from caco.identity import canonical_json

_Plain = str | int | float | bool | list[str] | None


def spec_json(section: BaseModel | None = None, **parts: BaseModel | _Plain) -> str:
    """Returns the one JSON text of a section, or of an object of named parts.

    Args:
        section: The rule's own section, where there is one.
        parts: Otherwise what the rule depends on, by the names its script reads.
    """
    if section is not None:
        return canonical_json(section.model_dump(mode="json"))
    return canonical_json(
        {k: v.model_dump(mode="json") if isinstance(v, BaseModel) else v for k, v in parts.items()}
    )
