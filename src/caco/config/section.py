"""What every section of the config has in common, and a rule's `spec` made from sections."""

import json
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from caco.errors import UserError
from caco.identity import canonical_json


class Section(BaseModel):
    """A part of the config: immutable once read, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @property
    def implementation(self) -> str | None:
        """The module that implements this section's kind, where each kind has its own."""
        return None


def implementations(section: object) -> list[str]:
    """Returns the modules that a section and the sections within it choose, in order.

    A job executes these beside what its script imports, so they are part of its code digest.
    """
    if not isinstance(section, BaseModel):
        return []
    own = section.implementation if isinstance(section, Section) else None
    found = [own] if own else []
    for name in type(section).model_fields:
        value = getattr(section, name)
        for inner in value.values() if isinstance(value, dict) else [value]:
            found += implementations(inner)
    return list(dict.fromkeys(found))


def load_implementation(section: Section) -> ModuleType:
    """Imports the module of a section's kind.

    Each is imported only where it is chosen: its libraries may be missing elsewhere.

    Raises:
        UserError: There is none for this kind yet.
    """
    module = section.implementation
    if module is None:
        raise UserError(f"{type(section).__name__} is not implemented yet; choose another kind")
    return import_module(module)


M = TypeVar("M", bound=BaseModel)


def section_of_spec(kind: type[M], spec: str) -> M:
    """Reads a section back from the `spec` parameter of a rule.

    Args:
        kind: The section's model, or a `RootModel` of several kinds.
        spec: The section as JSON.

    Raises:
        UserError: The text is not such a section; the sentence names the key.
    """
    try:
        return kind.model_validate_json(spec)
    except ValidationError as e:
        raise UserError(f"--spec: {explain(e, kind)}") from None


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Returns one sentence for the first problem in `error`: which key, what is wrong, the mend."""
    first = error.errors()[0]
    # Pydantic's own steps, as `function-after[...]`, are none of the file's.
    loc = [str(part) for part in first["loc"] if not str(part).endswith("]")]
    key = ".".join(_place(loc, model)[0]) or "the whole file"
    given = json.dumps(first["input"], default=str)
    if len(given) > 60:
        given = given[:57] + "..."
    if first["type"] == "extra_forbidden":
        return f"key `{key}` is unknown; {_mend(loc, model)}"
    if first["type"] == "missing":
        return f"key `{key}` is missing; add it"
    message = first["msg"].removeprefix("Value error, ")
    return f"key `{key}` is {given}, which will not do: {message[0].lower()}{message[1:]}"


def _mend(loc: list[str], model: type[BaseModel]) -> str:
    """Returns what to do about an unknown key: take the one of its section that is most like it."""
    import difflib

    _, sections, kind = _place(loc[:-1], model)
    known = sorted({name for section in sections for name in section.model_fields})
    if near := difflib.get_close_matches(loc[-1], known, n=1, cutoff=0.7):
        return f"did you mean `{near[0]}`?"
    return f"remove it: `{kind}` has {', '.join(known)}" if kind else "remove it"


def _place(
    loc: list[str], model: type[BaseModel]
) -> tuple[list[str], list[type[BaseModel]], str | None]:
    """Follows pydantic's path of an error, which names the kind of a section like a key.

    Args:
        loc: The path.
        model: Where it begins.

    Returns:
        The path as the file has it, the sections that may stand there, and their kind, if the last
        step was one.
    """
    root: Any = model.model_fields["root"].annotation if issubclass(model, RootModel) else model
    path: list[str] = []
    sections, kind, named = _mentioned(root), None, False
    for part in loc:
        of_kind = [section for section in sections if part in _kinds(section)]
        if not named and len(sections) > 1 and of_kind:
            sections, kind = of_kind, part
            continue
        path.append(part)
        fields = [s.model_fields[part] for s in sections if part in s.model_fields]
        if fields and not named:
            sections = [s for field in fields for s in _mentioned(field.annotation)]
            named = any(get_origin(field.annotation) is dict for field in fields)
        else:
            named = False  # a name in a table of sections
        kind = None
    return path, sections, kind


def _kinds(section: type[BaseModel]) -> set[str]:
    """Returns the words that a section's keys take, by which one kind is told from another."""
    fields = section.model_fields.values()
    literals = [f.annotation for f in fields if get_origin(f.annotation) is Literal]
    return {word for literal in literals for word in get_args(literal)}


def _mentioned(annotation: Any) -> list[type[BaseModel]]:
    """Returns the sections that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _mentioned(part)]


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
