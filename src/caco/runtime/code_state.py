"""The definitions behind a run's code digests, so that a changed digest can be explained.

A code digest tells that code has changed, not which. When a run starts, one file in its folder
keeps the digest of every function, method, class and variable that its rules' digests cover; each
state of the code has one file, whatever the number of jobs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from caco.runtime import RESULTS_VERSION
from caco.runtime.checksums import json_sha256, read_checked, write_checked
from caco.runtime.code_digest import definitions

_VERSION = "src/caco/runtime/__init__.py"  # in every digest


@dataclass(frozen=True, slots=True)
class CodeState:
    """One state of the code.

    Attributes:
        rules: The files that each code digest covers, by digest.
        files: The digest of each definition, by file and name.
    """

    rules: Mapping[str, list[str]]
    files: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, covered: Mapping[str, set[Path]], root: Path) -> "CodeState":
        """Returns the state of the files that code digests cover, which are below `root`."""
        root = root.resolve()
        version = {_VERSION: {"RESULTS_VERSION": str(RESULTS_VERSION)}}
        files = {file for each in covered.values() for file in each}
        return cls(
            {
                code: [_VERSION, *sorted(str(file.relative_to(root)) for file in each)]
                for code, each in covered.items()
            },
            version | {str(file.relative_to(root)): definitions(file) for file in sorted(files)},
        )

    def write(self, folder: Path) -> None:
        """Writes the state into a folder, if it is not there yet."""
        values = {"rules": self.rules, "files": self.files}
        path = folder / f"{json_sha256(values)[:32]}.json"
        if not path.exists():
            write_checked(path, values)

    def of_rule(self, code: str) -> dict[str, Mapping[str, str]] | None:
        """Returns the definitions behind a code digest, by file; None if it is not known."""
        names = self.rules.get(code)
        return None if names is None else {name: self.files[name] for name in names}


def read_states(folder: Path) -> list[CodeState]:
    """Returns the states in a folder; a file that cannot be read is left out."""
    states = []
    for path in sorted(folder.glob("*.json")):
        try:
            values = read_checked(path)
        except (FileNotFoundError, ValueError):
            continue
        states.append(CodeState(values["rules"], values["files"]))
    return states


def changed_definitions(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Returns the definitions and files that differ, in words: `FILE: NAME changed`."""
    words = []
    for file in sorted(old.keys() | new.keys()):
        if file not in old or file not in new:
            words.append(f"{file} {'added' if file in new else 'removed'}")
            continue
        before, after = old[file], new[file]
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) == after.get(name):
                continue
            kind = "changed" if name in before and name in after else "removed"
            kind = "added" if name not in before else kind
            words.append(f"{file}: {name} {kind}" if name else f"{file} {kind}")
    return words
