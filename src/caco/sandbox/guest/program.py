"""Execution of one program in a child, from its text to its record."""

import builtins
import io
import sys

from caco.sandbox.guest.parts import ERRORS, compiled_parts
from caco.sandbox.guest.values import Json, NotSerialisable, TooLarge, type_name
from caco.sandbox.guest.wire import CHANGED, DETAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# As in `values`: a program that patches `builtins` cannot affect what is defined below.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

_WARM_UP_PROGRAM = b"""
input = {"count": 3, "prices": [1.5, 2], "name": "a"}

def cost(count, prices, name):
    total = sum(prices)
    for price in prices:
        total += count * price
    return {name: round(total, 2), "all": [price for price in prices if price > 1]}

output = cost(**input)
print(f"{output}")
"""
_SEEDED_MODULES = ("random", "numpy.random")  # modules with a `seed`


class CapturedStdout(io.RawIOBase):
    """Standard output of a program: stores the bytes below the limit and discards the rest."""

    def __init__(self, limit: int) -> None:
        self.captured = bytearray()
        self.truncated = False
        self._limit = limit

    def writable(self) -> bool:
        """Returns True, as `io.BufferedWriter` requires."""
        return True

    def write(self, data: "Any") -> int:
        """Accepts all of `data`; stores the part below the limit."""
        remaining = self._limit - len(self.captured)
        self.captured += bytes(data[:remaining]) if remaining > 0 else b""
        self.truncated = self.truncated or len(data) > remaining
        return len(data)

    def text(self) -> str:
        """Returns the stored text, without a character that the limit truncates."""
        return self.captured.decode("utf-8", "ignore")


class SeededImports:
    """Import hook that seeds random generators on import, so that runs are reproducible."""

    def __init__(self) -> None:
        self.seed = 0

    def find_spec(self, name: str, path: "Sequence[str] | None", target: object = None) -> "Any":
        """Finds a module as the interpreter does; a seeded module is seeded once it is loaded."""
        if name not in _SEEDED_MODULES:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_seed(module: "Any") -> None:
                load(module)
                module.seed(self.seed)

            spec.loader.exec_module = load_and_seed  # type: ignore[method-assign]
        return spec


class Program:
    """Runs one program; created by the parent, used once by each child."""

    def __init__(self, limit: int) -> None:
        """Prepares the interpreter.

        Args:
            limit: Limit in bytes for each of `input`, `output` and stdout.
        """
        self._limit = limit
        self._imports = SeededImports()
        sys.meta_path.insert(0, self._imports)
        sys.set_int_max_str_digits(0)  # the stage that verifies programs limits integers

    def run(self, text: bytes | bytearray, seed: int) -> "list[bytes]":
        """Executes a program.

        Args:
            text: The program.
            seed: The seed of the random generators.

        Returns:
            The texts of its record: outcome, detail, input, output, stdout, changed.
        """
        self._imports.seed = seed
        for name in _SEEDED_MODULES:
            if name in sys.modules:
                sys.modules[name].seed(seed)
        stdout = CapturedStdout(self._limit)
        record = self._execute(text, stdout)
        # A trace function that the program has set would run in the lines below.
        sys.settrace(None)
        sys.setprofile(None)
        record["detail"] = record.get("detail", "")[:DETAIL]
        record["stdout"] = stdout.text()[: self._limit]
        names = ("outcome", "detail", "input", "output", "stdout", "changed")
        return [record.get(name, "").encode("utf-8", "replace") for name in names]

    def warm_up(self) -> None:
        """Runs a sample program in the parent, so that children start with warm caches."""
        main, stdout = sys.modules["__main__"], sys.stdout
        self.run(_WARM_UP_PROGRAM, 0)
        sys.modules["__main__"], sys.stdout = main, stdout

    def _execute(self, text: bytes | bytearray, stdout: CapturedStdout) -> "dict[str, str]":
        try:
            first, *rest = compiled_parts(text.decode("utf-8"))
        except ERRORS as e:
            return {"outcome": "syntax_error", "detail": _error_text(e)}
        main = type(sys)("__main__")
        sys.modules["__main__"] = main
        names = main.__dict__
        names["__builtins__"] = builtins
        stream = sys.stdout = io.TextIOWrapper(io.BufferedWriter(stdout), encoding="utf-8")
        recorded: dict[str, str] = {}
        try:
            exec(first, names)
            for code in rest:
                # The split may be at a line in a text, and the value may be no JSON value yet.
                if "input" in names:
                    found = self._json("input", names["input"])
                    recorded = found if "input" in found else {}
                exec(code, names)
            if not stream.closed:
                stream.flush()
        except MemoryError as e:
            # The frames refer to the objects that fill the memory, some of which the record needs.
            e.__traceback__ = None
            names.clear()
            return {"outcome": "out_of_memory", "detail": "the program ran out of memory"}
        except BaseException as e:
            return {"outcome": "exception", "detail": _error_text(e)}
        return self._results(names, stdout, recorded)

    def _results(
        self, names: "dict[str, Any]", stdout: CapturedStdout, recorded: "dict[str, str]"
    ) -> "dict[str, str]":
        """Returns the record of a program that ran to completion, from its globals.

        Args:
            names: The globals.
            stdout: What the program printed.
            recorded: The JSON text of `input` where it was assigned, if known.
        """
        limit = self._limit
        found = {name: names[name] for name in ("input", "output") if name in names}
        if "output" not in found and stdout.captured.strip():
            if stdout.truncated:
                return {
                    "outcome": "output_too_large",
                    "detail": f"`output` is not set, and more than {limit} bytes were printed",
                }
            found["output"] = stdout.text().strip()
        record = {"outcome": "ok", **recorded}
        for name in ("input", "output"):
            if name not in found:
                return {"outcome": "no_output", "detail": f"the program does not set `{name}`"}
            if name not in record:
                record |= self._json(name, found[name])
            if name not in record:
                return record
        # Without a value from its assignment, `input` may have changed before it was recorded.
        if not recorded or self._json("input", found["input"]) != recorded:
            record["changed"] = CHANGED
        return record

    def _json(self, name: str, value: object) -> "dict[str, str]":
        """Returns the JSON text of a variable under its name, or the outcome if it has none."""
        try:
            return {name: Json(self._limit).text(value)}
        except NotSerialisable as e:
            detail = f"`{name}` is not a JSON value: {e}"
        except TooLarge:
            detail = f"`{name}` takes more than {self._limit} bytes of JSON"
            return {"outcome": "output_too_large", "detail": detail}
        except MemoryError:
            detail = f"out of memory while serialising `{name}`"
            return {"outcome": "out_of_memory", "detail": detail}
        except BaseException as e:
            detail = f"`{name}`: {_error_text(e)}"
        return {"outcome": "not_serialisable", "detail": detail}


def _error_text(error: BaseException) -> str:
    """Returns type and message of an exception, also if its `__str__` raises."""
    try:
        text = str.__str__(str(error))
    except BaseException:
        text = ""
    return f"{type_name(error)}: {text}"
