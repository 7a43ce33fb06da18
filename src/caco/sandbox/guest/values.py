"""Serialisation of a program's values to canonical JSON with a size limit."""

import builtins
from _json import encode_basestring as quoted

# Functions defined below look names up in this copy, so a program that patches `builtins` cannot
# affect them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

TYPE_CHECKING = False  # as in `typing`, without importing it
if TYPE_CHECKING:
    from typing import Any


_DEPTH = 300  # of nested lists and dicts, within Python's default recursion limit
_TOO_DEEP = "it is nested too deeply or contains itself"
_name_of, _module_of = (type.__dict__[name].__get__ for name in ("__name__", "__module__"))


class NotSerialisable(Exception):
    """A value that JSON cannot represent."""


class TooLarge(Exception):
    """A value whose JSON text exceeds the limit."""


class Json:
    """Serialises one value as canonical JSON: sorted keys, no spaces, bounded length.

    Besides the types of JSON: tuples become arrays; sets become sorted arrays, numbers by value
    before other members by JSON text; keys that are no strings become their JSON text, such as
    `"[0,1]"` for `(0, 1)`; scalars and arrays of NumPy and numbers of SymPy and the standard
    library become numbers. A fraction that is not an integer becomes the string `p/q`, which is
    exact. Two keys of a dict, or members of a set, with the same JSON text are an error.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._bytes = 0
        self._depth = 0

    def text(self, value: object) -> str:
        """Returns the JSON text of `value`.

        Raises:
            NotSerialisable: The value contains a function, a complex number, NaN, itself, ...
            TooLarge: The text exceeds the limit.
        """
        try:
            self._value(value)
        except RecursionError:
            raise NotSerialisable(_TOO_DEEP) from None
        return "".join(self._parts)

    def _put(self, part: str) -> None:
        try:
            self._bytes += len(part.encode("utf-8"))
        except UnicodeEncodeError:
            raise NotSerialisable("a string contains a lone surrogate") from None
        if self._bytes > self._limit:
            raise TooLarge
        self._parts.append(part)

    def _value(self, value: "Any") -> None:
        if isinstance(value, str):
            self._put(quoted(str.__str__(value)))
        elif value is None or isinstance(value, int | float):
            self._put(self._scalar(value))
        elif self._depth > _DEPTH:
            raise NotSerialisable(_TOO_DEEP)
        else:
            self._depth += 1
            self._container(value)
            self._depth -= 1

    def _container(self, value: "Any") -> None:
        if isinstance(value, list | tuple):
            self._put("[")
            for i, item in enumerate(list(value)):
                self._put("," if i else "")
                self._value(item)
            self._put("]")
        elif isinstance(value, dict):
            self._dict(value)
        elif isinstance(value, set | frozenset):
            self._set(value)
        else:
            self._value(_plain(value))

    def _dict(self, value: "dict[Any, Any]") -> None:
        items: dict[str, Any] = {}
        for key, item in dict.items(value):
            try:
                key = _hashable(key)
            except NotSerialisable:
                raise NotSerialisable(f"a key is a {type_name(key)}") from None
            name = str.__str__(key) if isinstance(key, str) else self._part(key)
            if name in items:
                raise NotSerialisable(f"two keys have the same JSON text {name[:50]!r}")
            items[name] = item
        self._put("{")
        for i, name in enumerate(sorted(items)):
            self._put(("," if i else "") + quoted(name) + ":")
            self._value(items[name])
        self._put("}")

    def _set(self, value: "set[Any] | frozenset[Any]") -> None:
        # Not `iter`, which a subclass may override.
        items = set.__iter__(value) if isinstance(value, set) else frozenset.__iter__(value)
        members: dict[str, tuple[object, ...]] = {}  # the sort key of each JSON text
        size = self._bytes
        for item in items:
            plain = _hashable(item)
            text = self._part(plain)
            if text in members:
                raise NotSerialisable(f"two members have the same JSON text {text[:50]!r}")
            size += len(text) + 1
            if size > self._limit + 1:  # a large set is not read to its end
                raise TooLarge
            members[text] = _order(plain, text)
        self._put("[")
        for i, text in enumerate(sorted(members, key=members.__getitem__)):
            self._put(("," if i else "") + text)
        self._put("]")

    def _part(self, value: "Any") -> str:
        """Returns the JSON text of a key or a member."""
        part = Json(self._limit)
        part._depth = self._depth
        part._value(value)
        return "".join(part._parts)

    def _scalar(self, value: "Any") -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            # Converting an integer to decimal takes time quadratic in its length.
            if int.bit_length(value) * 0.30102 > self._limit:
                raise TooLarge
            return int.__repr__(value)
        plain = float.__float__(value)  # also for a subclass, which may override comparisons
        if plain != plain or plain in (float("inf"), float("-inf")):
            raise NotSerialisable(f"{plain!r} is not a JSON number")
        return repr(plain)


def type_name(value: object) -> str:
    """Returns the qualified name of a value's type; its metaclass cannot override it."""
    kind = type(value)
    name = str(_name_of(kind))
    try:
        module = str(_module_of(kind))
    except Exception:
        return name
    return name if module == "builtins" else f"{module}.{name}"


def _hashable(value: "Any") -> "Any":
    """Returns a key of a dict or a member of a set, a library's number as a built-in one.

    Raises:
        NotSerialisable: JSON cannot represent it.
    """
    known = isinstance(value, str | int | float | tuple | frozenset | type(None))
    return value if known else _plain(value)


def _order(value: "Any", text: str) -> "tuple[object, ...]":
    """Returns the sort key of a member of a set."""
    # Conversions that a subclass cannot override, and neither can it override comparisons.
    if isinstance(value, float):
        return 0, float.__float__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return 0, int.__int__(value)
    return 1, text


def _plain(value: "Any") -> "Any":
    """Converts a number or array of a library to built-in types.

    Raises:
        NotSerialisable: The value is neither.
    """
    library = type_name(value).partition(".")[0]
    plain: Any = value
    if library == "numpy" and hasattr(value, "tolist"):
        plain = value.tolist()
    elif library == "fractions" or (library == "sympy" and getattr(value, "is_Rational", False)):
        p, q = int(value.numerator), int(value.denominator)
        plain = p if q == 1 else f"{p}/{q}"
    elif library == "decimal" or (library == "sympy" and getattr(value, "is_Float", False)):
        plain = float(value)
    elif library == "sympy" and value in (True, False):
        plain = bool(value)
    if type(plain) is type(value):
        raise NotSerialisable(f"it contains a {type_name(value)}")
    return plain
