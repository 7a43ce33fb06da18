"""One program, from its text to the record of what became of it; in a child, which then ends."""

import builtins
import io
import sys

from caco.sandbox.guest.values import Json, NotSerialisable, TooLarge, kind_of
from caco.sandbox.guest.wire import DETAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# As in `values`: what a program does to `builtins` is nothing to what is defined from here on.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

_REHEARSED = b"""
input = {"count": 3, "prices": [1.5, 2], "name": "a"}

def cost(count, prices, name):
    total = sum(prices)
    for price in prices:
        total += count * price
    return {name: round(total, 2), "all": [price for price in prices if price > 1]}

output = cost(**input)
print(f"{output}")
"""
_RANDOM = ("random", "numpy.random")  # modules with a `seed`


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

    def __init__(self) -> None:
        self.seed = 0

    def find_spec(self, name: str, path: "Sequence[str] | None", target: object = None) -> "Any":
        """Finds a module as the interpreter would; `random` is seeded once it is loaded."""
        if name not in _RANDOM:
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
    """Runs one program; made by the parent, used by each of its children once."""

    def __init__(self, limit: int) -> None:
        """Prepares the interpreter.

        Args:
            limit: Bytes of `input`, of `output` and of printed text.
        """
        self._limit = limit
        self._imports = SeededImports()
        sys.meta_path.insert(0, self._imports)
        sys.set_int_max_str_digits(0)  # how long an integer may be is verification's to say

    def run(self, text: bytes | bytearray, seed: int) -> "list[bytes]":
        """Executes a program.

        Args:
            text: The program.
            seed: Of the generators of random numbers.

        Returns:
            The texts of its record: outcome, detail, input, output, what it printed.
        """
        self._imports.seed = seed
        for name in _RANDOM:
            if name in sys.modules:
                sys.modules[name].seed(seed)
        printed = Printed(self._limit)
        record = self._execute(text, printed)
        # What the program may have set would go on to run in the lines that follow.
        sys.settrace(None)
        sys.setprofile(None)
        record["detail"] = record.get("detail", "")[:DETAIL]
        record["stdout"] = printed.text()[: self._limit]
        names = ("outcome", "detail", "input", "output", "stdout")
        return [record.get(name, "").encode("utf-8", "replace") for name in names]

    def rehearse(self) -> None:
        """Runs a program in the parent: what its children would each do first is then done."""
        main, stdout = sys.modules["__main__"], sys.stdout
        self.run(_REHEARSED, 0)
        sys.modules["__main__"], sys.stdout = main, stdout

    def _execute(self, text: bytes | bytearray, printed: Printed) -> "dict[str, str]":
        try:
            code = compile(text.decode("utf-8"), "<program>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as e:
            return {"outcome": "syntax_error", "detail": _said(e)}
        main = type(sys)("__main__")
        sys.modules["__main__"] = main
        names = main.__dict__
        names["__builtins__"] = builtins
        stream = sys.stdout = io.TextIOWrapper(io.BufferedWriter(printed), encoding="utf-8")
        try:
            exec(code, names)
            if not stream.closed:
                stream.flush()
        except MemoryError as e:
            # The frames hold what filled the memory; the record needs a little of it.
            e.__traceback__ = None
            names.clear()
            return {"outcome": "out_of_memory", "detail": "the program ran out of memory"}
        except BaseException as e:
            return {"outcome": "exception", "detail": _said(e)}
        return self._results(names, printed)

    def _results(self, names: "dict[str, Any]", printed: Printed) -> "dict[str, str]":
        """Returns the record of a program that ran to its end, from its globals."""
        limit = self._limit
        found = {name: names[name] for name in ("input", "output") if name in names}
        if "output" not in found and printed.kept.strip():
            if printed.cut:
                return {
                    "outcome": "output_too_large",
                    "detail": f"there is no `output`, and more than {limit} bytes were printed",
                }
            found["output"] = printed.text().strip()
        record = {"outcome": "ok"}
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


def _said(error: BaseException) -> str:
    """Returns an exception's type and text, whatever its `__str__` does."""
    try:
        text = str.__str__(str(error))
    except BaseException:
        text = ""
    return f"{kind_of(error)}: {text}"
