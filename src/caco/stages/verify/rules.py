"""The rules that a program must satisfy, one verdict each, in a fixed order.

A program gets the verdict of the first rule that it violates. Rules on the text come first, so that
a program that violates one is not executed. Then come the outcomes of the sandbox, each with the
verdict of its name, the rules on the executed `input` and `output`, and the rules that need further
runs (`rerun_rules`). A program that a rule cannot handle is `unanalysable` (`analysed`).
"""

import ast
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from caco.config.checks import ProgramRules
from caco.errors import CacoError
from caco.rows.program import Program
from caco.sandbox.protocol import Execution
from caco.stages.verify.source import Source
from caco.syntax import program_id

# Names with which a program may change a variable that its text does not assign.
_REFLECTION = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "__dict__"})
_MAX_MESSAGE = 200  # characters of an exception's message in a reason

T = TypeVar("T")


def logical_lines(tree: ast.Module) -> int:
    """Returns the number of statements but imports, `pass`, docstrings and other bare constants.

    The layout does not count: a function on one line has two statements, its head and its body.
    """
    return sum(isinstance(node, ast.stmt) and not _is_idle(node) for node in ast.walk(tree))


def _is_idle(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case _:
            return False


def used_names(tree: ast.Module) -> set[str]:
    """Returns the names by which a program can use a key of `input`.

    These are identifiers of any kind (variables, parameters, arguments, attributes), as in the
    released code, and constants that are a subscript or the first argument of `.get` and `.pop`,
    because programs also use `input["key"]`. Names that only build `input`, as in `dict(key=...)`
    and `input["key"] = ...`, do not count.
    """
    excluded = {id(part) for node in ast.walk(tree) for part in _parts_building_input(node)}
    return {
        name
        for node in ast.walk(tree)
        if id(node) not in excluded
        for name in _names(node)
        if name is not None
    }


def _parts_building_input(node: ast.AST) -> list[ast.AST]:
    """Returns the parts of an assignment that only build `input`."""
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    parts: list[ast.AST] = [
        t for t in targets if isinstance(t, ast.Subscript) and _is_input(t.value)
    ]
    value = node.value
    if isinstance(value, ast.Call) and any(_is_input(t) for t in targets):
        parts += value.keywords
    return parts


def _is_input(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "input"


def _names(node: ast.AST) -> list[str | None]:
    """Returns the names in one node."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
        case ast.arg(arg=name) | ast.keyword(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Subscript(slice=ast.Constant(value=str() | int() as key)):
            return [str(key)]
        case ast.Call(
            func=ast.Attribute(attr="get" | "pop"),
            args=[ast.Constant(value=str() | int() as key), *_],
        ):
            return [str(key)]
        case _:
            return []


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a program violates.

    Attributes:
        verdict: Name of the rule.
        reason: What the rule found, in one sentence.
    """

    verdict: str
    reason: str


def analysed(analysis: Callable[[], T]) -> T | Violation:
    """Returns the result of an analysis, or the violation `unanalysable` if it raises.

    Every analysis of one program goes through this function. Syntax trees and literals have no
    bound that all rules can handle: a chain of 1,200 assignments exceeds the recursion limit, and
    Python converts no integer of more than 4,300 digits to text. Such a program costs its own row,
    not the job.

    Args:
        analysis: Applies rules or a parser to one program.

    Raises:
        CacoError: The failure is not the program's.
    """
    try:
        return analysis()
    except CacoError:
        raise
    except Exception as e:
        reason = f"the rules cannot analyse it: {type(e).__name__}: {str(e)[:_MAX_MESSAGE]}"
        return Violation("unanalysable", reason)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program to verify.

    Attributes:
        row: The sampled program.
        source: Its text and syntax tree.
    """

    row: Program
    source: Source


def shortened(text: str | None) -> str:
    """Returns a value for a message, cut to 100 characters."""
    return text if text is not None and len(text) <= 100 else f"{(text or '')[:97]}..."


def complete_program(text: str) -> Candidate:
    """Returns a program that is not from a sample, such as a Code CoT: it is not truncated."""
    name = program_id(text)
    row = Program(
        sample_id=name, program_id=name, shard="00000", index=0, program=text,
        model="", seed=0, tokens=0, finish_reason="stop",
    )  # fmt: skip
    return Candidate(row, Source(text))


# A rule returns the reason of a violation, or None for a program that satisfies it. Its docstring
# states what it requires.
TextRule = Callable[[Candidate, ProgramRules], str | None]
ResultRule = Callable[[Candidate, Execution, ProgramRules], str | None]


def truncated(program: Candidate, settings: ProgramRules) -> str | None:
    """The generation ended with the end token, not at its limit of tokens or time."""
    if program.row.finish_reason == "stop":
        return None
    limit = "time" if program.row.finish_reason == "time" else f"{program.row.tokens} tokens"
    return f"the generation ended at its limit of {limit}"


def too_few_lines(program: Candidate, settings: ProgramRules) -> str | None:
    """The program has at least `min_lines` logical lines.

    A text that does not parse satisfies this rule: its execution gives the reason.
    """
    if program.source.tree is None:
        return None
    lines = logical_lines(program.source.tree)
    if lines >= settings.min_lines:
        return None
    return f"{lines} statements besides imports; at least {settings.min_lines} required"


def trivial(program: Candidate, settings: ProgramRules) -> str | None:
    """The program computes `output` from `input`."""
    if not settings.trivial or program.source.tree is None:
        return None
    what = computes_nothing(program.source.tree)
    return f"`output` is {what}: nothing is computed" if what else None


def empty_input(program: Candidate, run: Execution, settings: ProgramRules) -> str | None:
    """The executed `input` is a non-empty dict."""
    value = _read(run.input)
    if isinstance(value, dict) and value:
        return None
    return "`input` is empty" if isinstance(value, dict) else "`input` is not a dict"


def empty_output(program: Candidate, run: Execution, settings: ProgramRules) -> str | None:
    """The executed `output` is not null, empty or blank; 0 and false are allowed."""
    value = _read(run.output)
    if value is None or value in ([], {}) or (isinstance(value, str) and not value.strip()):
        return f"`output` is {run.output}"
    return None


def too_many_digits(program: Candidate, run: Execution, settings: ProgramRules) -> str | None:
    """No integer in `input` or `output` is longer than `max_digits` (released code: 10,000)."""
    for name, text in (("input", run.input), ("output", run.output)):
        digits = longest_integer(text or "null")
        if digits > settings.max_digits:
            return (
                f"`{name}` holds an integer of {digits} digits; at most {settings.max_digits} "
                "allowed"
            )
    return None


def unused_input(program: Candidate, run: Execution, settings: ProgramRules) -> str | None:
    """The program uses every key of `input`; an unused key cannot affect the output."""
    if not settings.unused_inputs:
        return None
    if program.source.tree is None:
        return "the program cannot be parsed"
    used = used_names(program.source.tree)
    value = _read(run.input)
    unused = [key for key in value if key not in used] if isinstance(value, dict) else []
    return f"the key {unused[0]!r} of `input` is not used" if unused else None


TEXT_RULES: dict[str, TextRule] = {
    "truncated": truncated,
    "too_few_lines": too_few_lines,
    "trivial": trivial,
}  # followed by `duplicate`, which depends on the shard, and the outcomes of the sandbox
RESULT_RULES: dict[str, ResultRule] = {
    "empty_input": empty_input,
    "empty_output": empty_output,
    "too_many_digits": too_many_digits,
    "unused_input": unused_input,
}


def text_violation(program: Candidate, settings: ProgramRules) -> Violation | None:
    """Returns the first violation of a rule on the text, or None."""
    for verdict, rule in TEXT_RULES.items():
        if (reason := rule(program, settings)) is not None:
            return Violation(verdict, reason)
    return None


def result_violation(
    program: Candidate, run: Execution, settings: ProgramRules
) -> Violation | None:
    """Returns the first violation of a rule on the executed `input` and `output`, or None.

    Args:
        program: The program.
        run: Its first execution, whose outcome is `ok`.
        settings: Thresholds of the rules.
    """
    for verdict, rule in RESULT_RULES.items():
        if (reason := rule(program, run, settings)) is not None:
            return Violation(verdict, reason)
    return None


def longest_integer(text: str) -> int:
    """Returns the number of digits of the longest integer in a JSON text; 0 without integers."""
    longest = 0

    def count(integer: str) -> int:
        nonlocal longest
        longest = max(longest, len(integer.lstrip("-")))
        return 0

    json.loads(text, parse_int=count)
    return longest


def _read(text: str | None) -> object:
    """Parses JSON; integers remain text, since Python converts none of more than 4,300 digits."""
    return json.loads(text or "null", parse_int=str)


def computes_nothing(tree: ast.Module) -> str | None:
    """Returns a description of `output` where no operation leads to it; None otherwise.

    The syntax tree decides, and in doubt a program is accepted: a value counts as computed if it
    comes from a call, is assigned twice, in a branch or in a loop, or may be changed in place.
    """
    return _Trace(tree).result()


class _Trace:
    """Traces `output` back through plain assignments."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._values: defaultdict[str, list[ast.expr]] = defaultdict(list)
        for node in tree.body:
            for name, value in _plain_assignments(node):
                self._values[name].append(value)
        self._names: set[str] = set()  # the traced variables
        self._seen: set[int] = set()  # the nodes that read them in the trace
        self._reads_input = self._has_container = False

    def result(self) -> str | None:
        if not self._is_plain_variable("output") or self._may_be_changed():
            return None
        return "a copy of an input" if self._reads_input else "a constant"

    def _is_plain_variable(self, name: str) -> bool:
        """Returns whether a variable is assigned once, at the top level, by a plain expression."""
        values = self._values.get(name, [])
        if len(values) != 1 or name in self._names:
            return False
        self._names.add(name)
        return self._is_plain(values[0])

    def _is_plain(self, node: ast.expr) -> bool:
        """Returns whether an expression only reads constants, inputs and plain variables."""
        match node:
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return True
            case ast.Name(id="input"):
                self._seen.add(id(node))
                self._reads_input = True
                return True
            case ast.Name(id=name):
                self._seen.add(id(node))
                return self._is_plain_variable(name)
            case ast.Subscript(value=value, slice=ast.Constant()):
                return self._is_plain(value)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                self._has_container = True
                return all(map(self._is_plain, items))
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="input") as owner, attr="get"),
                args=[ast.Constant(), *_],
                keywords=[],
            ):
                return all(map(self._is_plain, [owner, *node.args]))
            case _:
                return False

    def _may_be_changed(self) -> bool:
        """Returns whether another part of the program may change a traced value."""
        names = self._names | ({"input"} if self._reads_input else set())
        harmless = set(self._seen)
        scalars = _holds_scalars(self._values.get("input", []))
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "print":
                    harmless.update(id(n) for part in node.args for n in ast.walk(part))
                if scalars:  # `f(**input)` receives copies
                    harmless.update(id(k.value) for k in node.keywords if k.arg is None)
            elif isinstance(node, ast.Subscript) and scalars and isinstance(node.ctx, ast.Load):
                harmless.add(id(node.value))
        stores: defaultdict[str, int] = defaultdict(int)
        for node in ast.walk(self._tree):
            match node:
                case ast.Global(names=changed) | ast.Nonlocal(names=changed):
                    if names & set(changed):
                        return True
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in _REFLECTION:
                    return True
                case ast.Name(id=name, ctx=ast.Load()) if name in names:
                    mutable = self._has_container or name == "input"
                    mutable = mutable or (self._reads_input and not scalars)
                    if mutable and id(node) not in harmless:
                        return True
                case ast.Name(id=name) if name in names:
                    stores[name] += 1
        return any(count > 1 for count in stores.values())


def _plain_assignments(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(target.id, value) for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return [(name, value)]
        case _:
            return []


def _holds_scalars(values: list[ast.expr]) -> bool:
    """Returns whether `input` is one dict literal of numbers, strings and booleans."""
    match values:
        case [ast.Dict(values=items)]:
            return all(isinstance(i, ast.Constant | ast.UnaryOp) for i in items)
        case _:
            return False
