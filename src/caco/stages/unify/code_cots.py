"""Code CoTs: the form that a program must have, and one program once in a source."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.sandbox.protocol import Execution, Sandbox, execute_in_order
from caco.stages.unify.agreement import agrees
from caco.syntax import program_id


class NotConvertible(Exception):
    """A seed that a converter has no program for; the message says why, in a sentence."""


def departs(program: str) -> str | None:
    """Returns how a program departs from the form, in a sentence, or None.

    The form: a non-empty dict literal assigned to `input`, functions that carry the reasoning, the
    result assigned to `output`, and `output` printed. Text that is no Python departs from nothing
    here: the sandbox tells that.
    """
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    given = [getattr(node, "value", None) for node in tree.body if _assigns(node, "input")]
    if not any(isinstance(value, ast.Dict) and value.keys for value in given):
        return "it assigns no non-empty dict to `input`"
    if not any(isinstance(node, ast.FunctionDef) for node in tree.body):
        return "it defines no function"
    if not any(_assigns(node, "output") for node in ast.walk(tree)):
        return "it assigns nothing to `output`"
    if not any(_prints_output(node) for node in ast.walk(tree)):
        return "it does not print `output`"
    return None


def _assigns(node: ast.AST, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return isinstance(node, ast.Assign | ast.AnnAssign) and any(
        isinstance(target, ast.Name) and target.id == name for target in targets
    )


def _prints_output(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and any(isinstance(n, ast.Name) and n.id == "output" for n in ast.walk(node))
    )


class Distinct:
    """Makes Code CoTs, and remembers whose program each was."""

    def __init__(self) -> None:
        self._seed_of: dict[str, str] = {}

    def code_cot(
        self, seed: Seed, program: str, given: str, output: str, converter: str
    ) -> CodeCoT | Rejected:
        """Returns a seed's Code CoT, or a `duplicate` of an earlier seed's.

        Args:
            seed: The seed.
            program: Its program, executed and found right.
            given: The program's `input`, as JSON.
            output: Its `output`, as JSON.
            converter: What wrote the program.
        """
        name = program_id(program)
        if name in self._seed_of:
            reason = f"the program is that of the seed {self._seed_of[name]}"
            return reject(seed.seed_id, "duplicate", reason, seed)
        self._seed_of[name] = seed.seed_id
        return CodeCoT(
            program_id=name,
            seed_id=seed.seed_id,
            source=seed.source,
            program=program,
            converter=converter,
            input=given,
            output=output,
        )


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted seed, not yet executed."""

    seed: Seed
    program: str
    answer: str


@dataclass(frozen=True, slots=True)
class Run:
    """A draft with what its execution gave."""

    draft: Conversion
    execution: Execution


def converted(
    seeds: Iterable[Seed], convert: Callable[[Seed], str]
) -> Iterator[Conversion | Rejected]:
    """Yields each seed's program, or its rejection.

    Args:
        seeds: The source's seeds.
        convert: Returns a seed's program; raises `NotConvertible`.
    """
    for seed in seeds:
        yield conversion(seed, partial(convert, seed), seed.answer)


def conversion(seed: Seed, convert: Callable[[], str], answer: str) -> Conversion | Rejected:
    """Returns a seed's program with the answer that it must give, or its rejection."""
    try:
        program = convert()
    except NotConvertible as e:
        return reject(seed.seed_id, "not_convertible", str(e), seed)
    fault = departs(program)
    if fault is not None:
        return reject(seed.seed_id, "not_code_cot", fault, seed)
    return Conversion(seed, program, answer)


def executed_code_cots(
    conversions: Iterable[Conversion | Rejected], converter: str, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields each conversion's Code CoT, executed and compared with its answer, or its rejection.

    Args:
        conversions: One for each seed, in order.
        converter: Name of the converter.
        sandbox: Executes the programs.
    """
    distinct = Distinct()
    for run in executed(conversions, sandbox):
        yield run if isinstance(run, Rejected) else _judged(run, converter, distinct)


def executed(drafts: Iterable[Conversion | Rejected], sandbox: Sandbox) -> Iterator[Run | Rejected]:
    """Executes the drafts; the order is theirs, whatever the sandbox takes ahead."""
    passed: list[Rejected] = []  # since the last draft

    def programs() -> Iterator[tuple[tuple[list[Rejected], Conversion], str]]:
        for draft in drafts:
            if isinstance(draft, Rejected):
                passed.append(draft)
            else:
                yield (passed.copy(), draft), draft.program
                passed.clear()

    for (before, draft), execution in execute_in_order(sandbox, programs()):
        yield from before
        yield Run(draft, execution)
    yield from passed


def failed(run: Run, when: str = "") -> Rejected:
    """Returns the rejection of a seed whose program did not end well."""
    seed, execution = run.draft.seed, run.execution
    return reject(seed.seed_id, str(execution.outcome), when + execution.detail, seed)


def _judged(run: Run, converter: str, distinct: Distinct) -> CodeCoT | Rejected:
    draft, execution = run.draft, run.execution
    seed = draft.seed
    if execution.input is None or execution.output is None:
        return failed(run)
    if not agrees(execution.output, draft.answer):
        reason = f"the program gives {execution.output[:200]}, the answer is {draft.answer[:200]}"
        return reject(seed.seed_id, "wrong_answer", reason, seed)
    return distinct.code_cot(seed, draft.program, execution.input, execution.output, converter)
