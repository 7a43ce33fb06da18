"""What every section of the config has in common."""

import json
from typing import Any, Literal, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from caco.errors import UserError


class Section(BaseModel):
    """A part of the config: immutable once read, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def from_spec(cls, spec: str) -> Self:
        """Reads a section back from the `spec` parameter of a rule.

        Raises:
            UserError: The text is not such a section; the sentence names the key.
        """
        try:
            return cls.model_validate_json(spec)
        except ValidationError as e:
            raise UserError(f"--spec: {explain(e, cls)}") from None


T = TypeVar("T")


def one_from_spec(kinds: type[RootModel[T]], spec: str) -> T:
    """As `Section.from_spec`, for a section that is one of several kinds.

    Raises:
        UserError: The text is none of them; the sentence names the key.
    """
    try:
        return kinds.model_validate_json(spec).root
    except ValidationError as e:
        raise UserError(f"--spec: {explain(e, kinds)}") from None


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
