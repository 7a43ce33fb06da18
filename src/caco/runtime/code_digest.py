"""The code digest of a rule: a digest of the code that decides the rule's rows.

Snakemake tracks neither the modules that a script imports nor, for a shell command, the script. The
digest covers the syntax trees of the script, of every `caco` module reachable from its imports, and
of the modules that the rule's settings choose (`caco.config.section.implementations`) with their
imports; and the data files (prompts) that such a module names.

It omits what cannot change a row: comments, docstrings and layout; the modules of `OUTSIDE`; and
messages, which are the arguments of errors, `Progress` and `print`, and `help` texts.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

from caco import errors, syntax
from caco.runtime import RESULTS_VERSION
from caco.runtime.cache import cache_folder, remember, remembered

_PACKAGE = "caco"
_RECORD = "code.jsonl"  # in the cache folder
_FILE_NAME = re.compile(r"\w[\w-]*(?:\.\w+)+", re.ASCII)
# Packages and modules that decide no row.
OUTSIDE = (
    "caco.errors",  # messages
    "caco.config",  # a section's values are in the rule's spec
    "caco.runtime",  # RESULTS_VERSION covers the parts that could change rows
    "caco.workflow",  # which jobs there are, and their paths
    "caco.slurm",
    "caco.preflight",
    "caco.reports",
    "caco.engines.resumable",  # journals; covered by RESULTS_VERSION
    "caco.sandbox.self_check",  # whether a machine can run programs, not their results
    "caco.training.runtime",  # launch, checkpoints, preemption, progress
)
# Calls whose arguments are messages for users and reach no row.
_MESSAGES = frozenset(
    {"print", "Progress"}
    | {n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, Exception)}
)


def code_digest(script: Path, src: Path, chosen: Iterable[str] = ()) -> str:
    """Returns the digest, 32 hex digits, of the code that decides the rows of `script`.

    Args:
        script: The script.
        src: The folder that contains the package `caco`.
        chosen: Modules that the rule's settings choose, by dotted name.
    """
    return digest_of_files(file_digests(script, src, chosen), RESULTS_VERSION)


def digest_of_files(files: Mapping[str, str], results_version: int) -> str:
    """Returns the code digest that consists of these files.

    Args:
        files: The digest of each file, as `file_digests` returns them.
        results_version: `caco.runtime.RESULTS_VERSION`.
    """
    total = hashlib.sha256(f"{results_version};".encode())
    for name in sorted(files):
        total.update(f"{name}:{files[name]};".encode())
    return total.hexdigest()[:32]


def file_digests(script: Path, src: Path, chosen: Iterable[str] = ()) -> dict[str, str]:
    """Returns the digest of each file that the code digest covers, by its name in `src`.

    The script is named without its folder.

    Args:
        script: As in `code_digest`.
        src: As in `code_digest`.
        chosen: As in `code_digest`.
    """
    src = src.resolve()
    files = code_files(script, src, chosen)
    return {
        str(f.relative_to(src)) if f.is_relative_to(src) else f.name: _file_digest(f) for f in files
    }


def code_files(script: Path, src: Path, chosen: Iterable[str] = ()) -> set[Path]:
    """Returns the files that the digest covers: script, modules and data files.

    Args:
        script: As in `code_digest`.
        src: As in `code_digest`.
        chosen: As in `code_digest`.
    """
    script, src = script.resolve(), src.resolve()
    todo = [script, *(f for module in chosen for f in _files(src, module))]
    files = set(todo)
    while todo:
        for module in _source(todo.pop()).imports:
            for file in _files(src, module):
                if file not in files:
                    files.add(file)
                    todo.append(file)
    return files.union(*(_data_named_in(file) for file in files))


# Each Snakemake inside a job computes every rule's digest. Without these caches that is most of the
# time to parse the Snakefile (2.5 of 3.5 s), with 35,000 calls to a network file system.
@cache
def _files(src: Path, module: str) -> tuple[Path, ...]:
    """Returns the files that an import of `module` executes: its packages' and its own."""
    package, _, name = module.rpartition(".")
    if _is_outside(module) or (not package and name != _PACKAGE):
        return ()
    before = _files(src, package) if package else ()
    folder = src.joinpath(*package.split("."))
    beside = _names_in(folder)
    own = [folder / f"{name}.py"] if f"{name}.py" in beside else []
    if name in beside and "__init__.py" in _names_in(folder / name):
        own.insert(0, folder / name / "__init__.py")
    return (*before, *own)


@cache
def _names_in(folder: Path) -> frozenset[str]:
    """Returns the names in a folder; none if it does not exist."""
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError:
        return frozenset()


def _is_outside(module: str) -> bool:
    return any(f"{module}.".startswith(f"{outside}.") for outside in OUTSIDE)


class _Source(NamedTuple):
    """What the digest needs of a module or a script.

    Attributes:
        digest: The digest of its syntax tree without messages.
        imports: The dotted names that it imports, also inside functions. `from a import b` counts
            as `a.b` too: `b` may be a module.
        names: The texts in it that may be names of data files.
    """

    digest: str
    imports: list[str]
    names: list[str]


@cache
def _source(file: Path) -> _Source:
    """Returns what the digest needs of a file, from the cache folder if its bytes are known."""
    contents = file.read_bytes()
    key = hashlib.sha256(_version() + contents).hexdigest()
    known = _known_sources(cache_folder().resolve())
    if key not in known:
        known[key] = _parsed(contents)
        remember(_RECORD, [key, *known[key]])
    return known[key]


@cache
def _known_sources(folder: Path) -> dict[str, _Source]:
    """Returns the remembered sources of a cache folder."""
    return {key: _Source(*values) for key, *values in remembered(_RECORD) if len(values) == 3}


@cache
def _version() -> bytes:
    """Returns the versions of what reads a source: of this code, and of Python's parser."""
    code = b"".join(
        Path(file).read_bytes() for file in (__file__, errors.__file__, syntax.__file__)
    )
    return hashlib.sha256(sys.version.encode() + code).digest()


def _parsed(contents: bytes) -> _Source:
    tree = ast.parse(contents)
    imports: dict[str, None] = {}
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imports[node.module] = None
            imports |= dict.fromkeys(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and _is_file_name(node.value):
            names.add(node.value)
    form = syntax.tree_form(_WithoutMessages().visit(tree))
    return _Source(hashlib.sha256(form.encode("utf-8")).hexdigest(), list(imports), sorted(names))


def definitions(contents: bytes) -> dict[str, str]:
    """Returns the normal form, as the digest has it, of each top-level part of a module.

    Functions, classes and constants have their names; the rest is under `imports` and `statements`.

    Raises:
        SyntaxError: `contents` is not valid Python.
    """
    found: dict[str, str] = {}
    for node in _WithoutMessages().visit(ast.parse(contents)).body:
        for name in _names_of(node):
            found[name] = found.get(name, "") + syntax.tree_form(node)
    return found


def _names_of(node: ast.stmt) -> list[str]:
    """Returns the names under which a top-level statement counts; a docstring has none."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return ["imports"]
        case ast.Expr(ast.Constant(str())):
            return []
        case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
            return [name]
    return ["statements"]


def _is_file_name(value: object) -> TypeGuard[str]:
    if not isinstance(value, str) or value.endswith(".py"):
        return False
    return _FILE_NAME.fullmatch(value) is not None


@cache
def _data_named_in(file: Path) -> tuple[Path, ...]:
    """Returns the data files next to a module that it names."""
    beside = (file.with_name(name) for name in _source(file).names)
    return tuple(path for path in beside if path.is_file())


@cache
def _file_digest(file: Path) -> str:
    if file.suffix != ".py":
        return hashlib.sha256(file.read_bytes()).hexdigest()
    return _source(file).digest


class _WithoutMessages(ast.NodeTransformer):
    """Removes messages for users from a syntax tree."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Removes `help` texts, and all arguments of errors, progress and `print`."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _MESSAGES:
            node.args, node.keywords = [], []
        node.keywords = [keyword for keyword in node.keywords if keyword.arg != "help"]
        return node
