"""What runs inside the jail: one program, from its text to one record of what became of it.

The host runs nothing of this module: it compiles it once and starts it as a script for each
program, under a bare interpreter (`-S`: no site, whose work costs more than most programs). Only
modules that the interpreter has loaded anyway, or that are built in, are imported: a cold start is
the price of every program.

Descriptors: 0 holds the program's text; 1 is the channel to the host; 2 is /dev/null. The channel
is moved away before the program runs, so nothing that it prints can be taken for a record. First
comes the line `ready`: whatever happens after it is the program's doing and not the sandbox's.

Arguments: the output limit in bytes, then the folders to import from.
"""

import builtins
import io
import os
import sys
from _json import encode_basestring as quoted

TYPE_CHECKING = False  # as in `typing`, whose import costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_DETAIL = 500  # characters of an exception's text that are kept
_SEEDED = {"random": "seed", "numpy.random": "seed"}


class NotSerialisable(Exception):
    """A value that JSON has no word for."""


class TooLarge(Exception):
    """A value whose JSON is longer than the limit."""


class Printed(io.RawIOBase):
    """Standard output: keeps what fits the limit and lets the rest fall."""

    def __init__(self, limit: int) -> None:
        self.kept = bytearray()
        self.cut = False
        self._limit = limit

    def writable(self) -> bool:
        """Tells the buffers above that this can be written."""
        return True

    def write(self, data: "Any") -> int:
        """Takes `data` whole; keeps the part below the limit."""
        room = self._limit - len(self.kept)
        self.kept += bytes(data[:room]) if room > 0 else b""
        self.cut = self.cut or len(data) > room
        return len(data)

    def text(self) -> str:
        """Returns what was kept; a character that the limit cut in two is left out."""
        return self.kept.decode("utf-8", "ignore")


class SeededImports:
    """Seeds the generators of random numbers as they are imported: a run can be repeated."""

    def find_spec(self, name: str, path: "Sequence[str] | None", target: object = None) -> "Any":
        """Finds a module as the interpreter would; `random` is seeded once it is loaded."""
        if name not in _SEEDED:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_seed(module: "Any") -> None:
                load(module)
                getattr(module, _SEEDED[name])(0)

            spec.loader.exec_module = load_and_seed  # type: ignore[method-assign]
        return spec


class Json:
    """Writes one value as canonical JSON: sorted keys, no spaces, bounded length.

    Beyond JSON's own types: tuples are lists; keys that are numbers, booleans or None are their
    JSON text; NumPy's scalars and arrays, and SymPy's and the standard library's numbers, are plain
    numbers, except that a fraction that is no integer is the string `p/q`, which loses nothing.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._bytes = 0

    def text(self, value: object) -> str:
        """Returns the JSON text of `value`.

        Raises:
            NotSerialisable: It holds a set, a function, NaN, itself, ...
            TooLarge: The text exceeds the limit.
        """
        try:
            self._value(value)
            return "".join(self._parts)
        except RecursionError:
            raise NotSerialisable("it is nested too deeply, or holds itself") from None

    def _put(self, part: str) -> None:
        try:
            self._bytes += len(part.encode("utf-8"))
        except UnicodeEncodeError:
            raise NotSerialisable("a text holds half a surrogate pair") from None
        if self._bytes > self._limit:
            raise TooLarge
        self._parts.append(part)

    def _value(self, value: "Any") -> None:
        if isinstance(value, str):
            self._put(quoted(str.__str__(value)))
        elif value is None or isinstance(value, int | float):
            self._put(self._scalar(value))
        elif isinstance(value, list | tuple):
            self._put("[")
            for i, item in enumerate(list(value)):
                self._put("," if i else "")
                self._value(item)
            self._put("]")
        elif isinstance(value, dict):
            self._dict(value)
        else:
            self._value(_plain(value))

    def _dict(self, value: "dict[Any, Any]") -> None:
        items: dict[str, Any] = {}
        for key, item in dict.items(value):
            if not isinstance(key, str | int | float | type(None)):
                try:
                    key = _plain(key)
                except NotSerialisable:
                    raise NotSerialisable(f"a key is a {_kind(key)}") from None
            name = str.__str__(key) if isinstance(key, str) else self._scalar(key)
            if name in items:
                raise NotSerialisable(f"two keys are both written {name[:50]!r}")
            items[name] = item
        self._put("{")
        for i, name in enumerate(sorted(items)):
            self._put(("," if i else "") + quoted(name) + ":")
            self._value(items[name])
        self._put("}")

    def _scalar(self, value: "Any") -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            # Writing out an integer takes time that grows with the square of its length.
            if int.bit_length(value) * 0.30102 > self._limit:
                raise TooLarge
            return int.__repr__(value)
        if value != value or value in (float("inf"), float("-inf")):
            raise NotSerialisable(f"{float.__repr__(value)} is no JSON number")
        return float.__repr__(value)


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _plain(value: "Any") -> "Any":
    """Returns a number or array of a library as plain values.

    Raises:
        NotSerialisable: It is neither.
    """
    library = type(value).__module__.partition(".")[0]
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
        raise NotSerialisable(f"it holds a {_kind(value)}")
    return plain


def _said(error: BaseException) -> str:
    """Returns an exception's type and text, whatever its `__str__` does."""
    try:
        text = str(error)
    except BaseException:
        text = ""
    return f"{_kind(error)}: {text}"[:_DETAIL]


def execute(text: bytes, printed: Printed, limit: int) -> dict[str, str]:
    """Executes a program and returns its record."""
    try:
        code = compile(text.decode("utf-8"), "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as e:
        return {"outcome": "syntax_error", "detail": _said(e)}
    main = type(sys)("__main__")
    sys.modules["__main__"] = main
    names = main.__dict__
    names["__builtins__"] = builtins
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(printed), encoding="utf-8")
    try:
        exec(code, names)
        sys.stdout.flush()
    except MemoryError as e:
        # The frames hold what filled the memory; the record needs a little of it.
        e.__traceback__ = None
        names.clear()
        return {"outcome": "out_of_memory", "detail": "the program ran out of memory"}
    except BaseException as e:
        return {"outcome": "exception", "detail": _said(e)}
    return results(names, printed, limit)


def results(names: "dict[str, Any]", printed: Printed, limit: int) -> dict[str, str]:
    """Returns the record of a program that ran to its end, from its globals."""
    found = {name: names[name] for name in ("input", "output") if name in names}
    if "output" not in found and printed.kept.strip():
        if printed.cut:
            return {
                "outcome": "output_too_large",
                "detail": f"there is no `output`, and more than {limit} bytes were printed",
            }
        found["output"] = printed.text().strip()
    record = {"outcome": "ok", "detail": ""}
    for name in ("input", "output"):
        if name not in found:
            return {"outcome": "no_output", "detail": f"the program sets no `{name}`"}
        try:
            record[name] = Json(limit).text(found[name])
        except NotSerialisable as e:
            return {"outcome": "not_serialisable", "detail": f"`{name}` is no JSON value: {e}"}
        except TooLarge:
            return {
                "outcome": "output_too_large",
                "detail": f"`{name}` takes more than {limit} bytes of JSON",
            }
        except MemoryError:
            return {"outcome": "out_of_memory", "detail": f"no memory left to write `{name}`"}
        except BaseException as e:
            return {"outcome": "not_serialisable", "detail": f"`{name}`: {_said(e)}"}
    return record


def main() -> None:
    """Runs the program that descriptor 0 holds and sends its record."""
    limit = int(sys.argv[1])
    sys.path.extend(sys.argv[2:])
    del sys.argv[1:]
    sys.argv[0] = "program.py"
    channel = os.dup(1)
    os.write(channel, b"ready\n")
    with open(0, "rb", closefd=False) as f:
        text = f.read()
    os.dup2(2, 0)
    os.dup2(2, 1)
    sys.set_int_max_str_digits(0)  # how long an integer may be is verification's to say
    sys.meta_path.insert(0, SeededImports())
    printed = Printed(limit)
    record = execute(text, printed, limit)
    record["stdout"] = printed.text()
    fields = ",".join(f"{quoted(k)}:{quoted(v)}" for k, v in record.items())
    raw = memoryview(f"{{{fields}}}\n".encode("utf-8", "replace"))
    while raw:
        raw = raw[os.write(channel, raw) :]
    os._exit(0)


if __name__ == "__main__":
    main()
