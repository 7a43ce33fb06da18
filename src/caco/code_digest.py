"""A digest of the code that a script runs, so that a changed statement re-runs its rule.

Snakemake tracks neither the modules that a script imports nor, for a shell command, the script.
The digest covers the syntax trees of the script and of every `caco` module reachable from its
imports, and the bytes of the data files (prompts) beside those modules. Comments, blank lines and
docstrings are no part of a syntax tree's meaning, so changing them re-runs nothing.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

from caco.syntax import normal_form

_PACKAGE = "caco"


def code_digest(script: Path, src: Path) -> str:
    """Returns 32 hex digits that name what `script` executes.

    Args:
        script: The script.
        src: The folder that holds the package `caco`.
    """
    script, src = script.resolve(), src.resolve()
    files = {script}
    todo = [script]
    while todo:
        for module in _imports(todo.pop()):
            for file in _files(src, module):
                if file not in files:
                    files.add(file)
                    todo.append(file)
    files.update(*(_data_in(folder) for folder in {f.parent for f in files if f != script}))
    named = {str(f.relative_to(src)) if f.is_relative_to(src) else f.name: f for f in files}
    total = hashlib.sha256()
    for name in sorted(named):
        total.update(f"{name}:{_file_digest(named[name])};".encode())
    return total.hexdigest()[:32]


# Each Snakemake inside a job works out every rule's digest: without these caches that was most of
# its parse of the Snakefile, and 35,000 questions to what is a network file system there.
@cache
def _files(src: Path, module: str) -> tuple[Path, ...]:
    """Returns the files that importing `module` executes: its packages' and its own."""
    parts = module.split(".")
    if parts[0] != _PACKAGE:
        return ()
    found = []
    for end in range(1, len(parts) + 1):
        stem = src.joinpath(*parts[:end])
        found += [f for f in (stem / "__init__.py", stem.with_suffix(".py")) if f.is_file()]
    return tuple(found)


@cache
def _data_in(folder: Path) -> tuple[Path, ...]:
    """Returns a folder's data files."""
    return tuple(
        data
        for data in folder.iterdir()
        if data.suffix not in (".py", ".pyc", ".typed") and data.is_file()
    )


@cache
def _imports(file: Path) -> tuple[str, ...]:
    """Returns the dotted names that `file` imports anywhere, also inside functions.

    `from a import b` yields `a.b` too: b may be a module. Data files name no imports.
    """
    if file.suffix != ".py":
        return ()
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


@cache
def _file_digest(file: Path) -> str:
    raw = file.read_bytes()
    if file.suffix == ".py":
        raw = normal_form(raw.decode("utf-8")).encode("utf-8")
    return hashlib.sha256(raw).hexdigest()
