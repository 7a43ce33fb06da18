"""The code digest of a rule: it names the code that decides the rule's rows, and nothing else.

Snakemake tracks neither the modules that a script imports nor, for a shell command, the script. The
digest covers the syntax trees of the script, of every `caco` module reachable from its imports, and
of the modules that the rule's own settings choose (`caco.config.section.implementations`), with
what these import; and the data files (prompts) that such a module names.

It leaves out what cannot change a row: comments, docstrings and layout; the modules of `OUTSIDE`;
and messages, which are the arguments of errors, `Progress` and `print`, and `help` texts.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from caco import errors
from caco.runtime import RESULTS_VERSION
from caco.syntax import tree_form

_PACKAGE = "caco"
_FILE_NAME = re.compile(r"\w[\w-]*(?:\.\w+)+", re.ASCII)
# Packages and modules that decide no row.
OUTSIDE = (
    "caco.errors",  # sentences
    "caco.config",  # what a section says is in the rule's spec
    "caco.runtime",  # RESULTS_VERSION stands for what little of it could change rows
    "caco.workflow",  # which jobs there are, and their paths
    "caco.slurm",
    "caco.preflight",
    "caco.reports",
    "caco.engines.resumable",  # journals; RESULTS_VERSION likewise
    "caco.sandbox.self_check",  # whether a machine may run programs, not what they give
    "caco.training.runtime",  # launch, checkpoints, preemption, progress
)
# Calls whose arguments are said to people and reach no row.
_SAID = frozenset(
    {"print", "Progress"}
    | {n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, Exception)}
)


def code_digest(script: Path, src: Path, chosen: Iterable[str] = ()) -> str:
    """Returns 32 hex digits that name the code that decides what `script` makes.

    Args:
        script: The script.
        src: The folder that holds the package `caco`.
        chosen: Modules that the rule's settings choose, by dotted name.
    """
    script, src = script.resolve(), src.resolve()
    files = {script}
    todo = [script, *(f for module in chosen for f in _files(src, module))]
    files.update(todo)
    while todo:
        for module in _imports(todo.pop()):
            for file in _files(src, module):
                if file not in files:
                    files.add(file)
                    todo.append(file)
    files.update(*(_data_named_in(file) for file in files))
    named = {str(f.relative_to(src)) if f.is_relative_to(src) else f.name: f for f in files}
    total = hashlib.sha256(f"{RESULTS_VERSION};".encode())
    for name in sorted(named):
        total.update(f"{name}:{_file_digest(named[name])};".encode())
    return total.hexdigest()[:32]


# Each Snakemake inside a job works out every rule's digest: without these caches that was most of
# its parse of the Snakefile, and 35,000 questions to what is a network file system there.
@cache
def _files(src: Path, module: str) -> tuple[Path, ...]:
    """Returns the files that importing `module` executes: its packages' and its own."""
    parts = module.split(".")
    if parts[0] != _PACKAGE or _is_outside(module):
        return ()
    found = []
    for end in range(1, len(parts) + 1):
        stem = src.joinpath(*parts[:end])
        found += [f for f in (stem / "__init__.py", stem.with_suffix(".py")) if f.is_file()]
    return tuple(found)


def _is_outside(module: str) -> bool:
    return any(f"{module}.".startswith(f"{outside}.") for outside in OUTSIDE)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _imports(file: Path) -> tuple[str, ...]:
    """Returns the dotted names that `file` imports anywhere, also inside functions.

    `from a import b` yields `a.b` too: b may be a module.
    """
    names: list[str] = []
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


@cache
def _data_named_in(file: Path) -> tuple[Path, ...]:
    """Returns the data files beside a module that it names."""
    texts = {
        node.value
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return tuple(file.with_name(name) for name in texts if _is_data(file, name))


def _is_data(file: Path, name: str) -> bool:
    plain = _FILE_NAME.fullmatch(name) and not name.endswith(".py")
    return bool(plain) and file.with_name(name).is_file()


@cache
def _file_digest(file: Path) -> str:
    if file.suffix != ".py":
        return hashlib.sha256(file.read_bytes()).hexdigest()
    form = tree_form(_WithoutSaid().visit(ast.parse(file.read_text(encoding="utf-8"))))
    return hashlib.sha256(form.encode("utf-8")).hexdigest()


class _WithoutSaid(ast.NodeTransformer):
    """Takes out of a syntax tree what is only said to people."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Drops `help` texts, and all arguments of errors, progress and `print`."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _SAID:
            node.args, node.keywords = [], []
        node.keywords = [keyword for keyword in node.keywords if keyword.arg != "help"]
        return node
