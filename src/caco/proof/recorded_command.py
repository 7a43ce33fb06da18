"""The command line of a job, from its record."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from caco.identity import canonical_json
from caco.rows.table import read_all
from caco.runtime.chain import located


class JobOfRecord:
    """The arguments of a job, and its files where they are now.

    Attributes:
        rule: The rule.
        spec: The settings as JSON.
        identity: The identity.
    """

    def __init__(self, record: Mapping[str, Any], run: Path) -> None:
        self.rule: str = record["rule"]
        self.spec = canonical_json(record["spec"])
        self.identity: str = record["identity"]
        self._record, self._run = record, run
        self._values: dict[str, list[str]] = {}
        flag = ""
        for word in record["command"][1:]:
            if word.startswith("--"):
                flag = word
                self._values[flag] = []
            else:
                self._values.setdefault(flag, []).append(word)

    def text(self, flag: str) -> str:
        """Returns the value of an argument."""
        return self._values[flag][0]

    def optional(self, flag: str) -> str | None:
        """Returns the value of an argument that may have been omitted."""
        return next(iter(self._values.get(flag, [])), None)

    def files(self, flag: str) -> list[Path]:
        """Returns the files of an argument, where they are now."""
        names = self._values.get(flag, [])
        return [located(self._record, name, self._run) for name in names]

    def file(self, flag: str) -> Path:
        """Returns the file of an argument."""
        return self.files(flag)[0]

    def rows(self, flag: str, row_type: type[Any]) -> Iterator[Any]:
        """Yields the rows of the files of an argument, in order."""
        return read_all(self.files(flag), row_type)
