"""What every section of the config has in common."""

import json
from typing import Any, Self, TypeVar

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
    where = [str(part) for part in first["loc"] if not str(part).endswith("]")]
    key = ".".join(where) or "the whole file"
    given = json.dumps(first["input"], default=str)
    if len(given) > 60:
        given = given[:57] + "..."
    if first["type"] == "extra_forbidden":
        near = _nearest(where, model)
        mend = f"did you mean `{near}`?" if near else "remove it"
        return f"key `{key}` is unknown; {mend}"
    if first["type"] == "missing":
        return f"key `{key}` is missing; add it"
    message = first["msg"].removeprefix("Value error, ")
    return f"key `{key}` is {given}, which will not do: {message[0].lower()}{message[1:]}"


def _nearest(where: list[str], model: type[BaseModel]) -> str | None:
    """Returns the known key most like the last of `where`, if one is near."""
    import difflib

    known = {name for section in _sections(model, set()) for name in section.model_fields}
    match = difflib.get_close_matches(where[-1], sorted(known), n=1, cutoff=0.7)
    return match[0] if match else None


def _sections(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Returns `model` and every section model that its annotations mention."""
    if model in seen:
        return seen
    seen.add(model)
    todo: list[Any] = [f.annotation for f in model.model_fields.values()]
    while todo:
        annotation = todo.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            _sections(annotation, seen)
        todo.extend(getattr(annotation, "__args__", ()))
    return seen
