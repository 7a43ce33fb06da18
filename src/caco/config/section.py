"""The base class of config sections, the `spec` of a rule, and the messages for invalid keys."""

import json
import re
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError, model_validator

from caco.errors import UserError
from caco.identity import canonical_json

_EXPONENT = re.compile(r"[-+]?\d+[eE][-+]?\d+")


class Section(BaseModel):
    """A part of the config: frozen, strictly typed; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _read_exponents(cls, values: Any) -> Any:
        """Returns `4e-4` as a number where one is expected; for YAML 1.1 it is a text."""
        if not isinstance(values, dict):
            return values
        numbers = {
            name
            for name, field in cls.model_fields.items()
            if float in (field.annotation, *get_args(field.annotation))
        }
        return {
            key: float(value)
            if key in numbers and isinstance(value, str) and _EXPONENT.fullmatch(value)
            else value
            for key, value in values.items()
        }

    @property
    def implementation(self) -> str | None:
        """The module that implements the section's kind; None where kinds share their code."""
        return None


def implementations(section: object) -> list[str]:
    """Returns the modules that a section and its nested sections choose, in order.

    A job imports these in addition to its script's imports, so they are part of its code digest.
    """
    if not isinstance(section, BaseModel):
        return []
    own = section.implementation if isinstance(section, Section) else None
    modules = [own] if own else []
    for name in type(section).model_fields:
        value = getattr(section, name)
        for inner in value.values() if isinstance(value, dict) else [value]:
            modules += implementations(inner)
    return list(dict.fromkeys(modules))


def load_implementation(section: Section) -> ModuleType:
    """Imports and returns the module of a section's kind.

    The import is deferred, because the module's libraries may be missing in other environments.

    Raises:
        UserError: The kind is not implemented.
    """
    module = section.implementation
    if module is None:
        raise UserError(f"{type(section).__name__} is not implemented yet; choose another kind")
    return import_module(module)


M = TypeVar("M", bound=BaseModel)


def section_of_spec(kind: type[M], spec: str, option: str = "--spec") -> M:
    """Returns the section that a rule's `spec` holds.

    Args:
        kind: The section's model, or a `RootModel` of several kinds.
        spec: The section as JSON.
        option: The option that holds it, for the message.

    Raises:
        UserError: The text is not a valid section; the message names the key.
    """
    try:
        return kind.model_validate_json(spec)
    except ValidationError as e:
        raise UserError(f"{option}: {explain(e, kind)}") from None


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Returns one sentence on the first problem in `error`: the key, the fault and the fix."""
    first = error.errors()[0]
    # Steps of pydantic, such as `function-after[...]`, are not keys of the file.
    loc = [str(part) for part in first["loc"] if not str(part).endswith("]")]
    key = ".".join(_locate(loc, model)[0]) or "(top level)"
    value = json.dumps(first["input"], default=str)
    if len(value) > 60:
        value = value[:57] + "..."
    if first["type"] == "extra_forbidden":
        return f"key `{key}` is unknown; {_suggestion(loc, model)}"
    if first["type"] == "missing":
        return f"key `{key}` is missing; add it"
    message = first["msg"].removeprefix("Value error, ")
    return f"key `{key}` is {value}, which is invalid: {message[0].lower()}{message[1:]}"


def _suggestion(loc: list[str], model: type[BaseModel]) -> str:
    """Returns how to fix an unknown key: the most similar key of its section, or to remove it."""
    import difflib

    _, sections, kind = _locate(loc[:-1], model)
    known = sorted({name for section in sections for name in section.model_fields})
    if near := difflib.get_close_matches(loc[-1], known, n=1, cutoff=0.7):
        return f"did you mean `{near[0]}`?"
    return f"remove it: `{kind}` has {', '.join(known)}" if kind else "remove it"


def _locate(
    loc: list[str], model: type[BaseModel]
) -> tuple[list[str], list[type[BaseModel]], str | None]:
    """Resolves pydantic's path of an error, in which the kind of a section appears like a key.

    Args:
        loc: The path.
        model: The model at its root.

    Returns:
        The path of keys in the file, the models that are possible there, and their kind, where the
        last step of `loc` is a kind.
    """
    root: Any = model.model_fields["root"].annotation if issubclass(model, RootModel) else model
    path: list[str] = []
    sections, kind, named = _sections_of(root), None, False
    for part in loc:
        of_kind = [section for section in sections if part in _kinds(section)]
        if not named and len(sections) > 1 and of_kind:
            sections, kind = of_kind, part
            continue
        path.append(part)
        fields = [s.model_fields[part] for s in sections if part in s.model_fields]
        if fields and not named:
            sections = [s for field in fields for s in _sections_of(field.annotation)]
            named = any(get_origin(field.annotation) is dict for field in fields)
        else:
            named = False  # `part` is the name of an entry in a table of sections
        kind = None
    return path, sections, kind


def _kinds(section: type[BaseModel]) -> set[str]:
    """Returns the values of a section's literal keys, which identify its kind."""
    fields = section.model_fields.values()
    literals = [f.annotation for f in fields if get_origin(f.annotation) is Literal]
    return {value for literal in literals for value in get_args(literal)}


def _sections_of(annotation: Any) -> list[type[BaseModel]]:
    """Returns the sections that an annotation contains."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [s for part in get_args(annotation) for s in _sections_of(part)]


_Plain = str | int | float | bool | list[str] | None


def spec_json(section: BaseModel | None = None, **parts: BaseModel | _Plain) -> str:
    """Returns the canonical JSON text of a section, or of an object of named parts.

    Args:
        section: The rule's section, where the spec is one section.
        parts: Otherwise the parts of the spec, by name.
    """
    if section is not None:
        return canonical_json(section.model_dump(mode="json"))
    return canonical_json(
        {k: v.model_dump(mode="json") if isinstance(v, BaseModel) else v for k, v in parts.items()}
    )
