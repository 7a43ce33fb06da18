"""Code CoTs: the form of a program, its execution, and deduplication within a source."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from caco.answers.compare import compare_program
from caco.config.checks import ProgramRules
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.sandbox.protocol import Execution, Sandbox, execute_in_order
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.verify.rules import (
    Violation,
    analysed,
    complete_program,
    result_violation,
    text_violation,
)
from caco.stages.verify.second_runs import second_run_violations
from caco.syntax import program_id

_WINDOW = 1_024  # programs in memory: enough to keep every worker of a large machine busy
T = TypeVar("T")


_CALL = """input = {arguments}

{code}

output = {value}
print(output)
"""


def source_tree(program: str) -> ast.Module:
    """Returns the syntax tree of a source's program.

    Raises:
        NotConvertible: It is not valid Python.
    """
    try:
        return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise NotConvertible(f"the source's program is not valid Python ({e})") from None


def calling_program(arguments: str, code: str, value: str) -> str:
    """Returns the Code CoT that calls a function of the source.

    Args:
        arguments: The dict literal of its arguments, by parameter.
        code: The text that defines it.
        value: The expression of the output, such as `solve(**input)`.
    """
    return _CALL.format(arguments=arguments, code=code, value=value)


def form_violation(program: str) -> str | None:
    """Returns how a program violates the Code CoT form, in one sentence, or None.

    The form: a non-empty dict literal assigned to `input`, functions with the steps of the
    reasoning, the result assigned to `output`, and `output` printed. Text that is not valid Python
    gives None; the sandbox reports it.
    """
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    inputs = [getattr(node, "value", None) for node in tree.body if _assigns(node, "input")]
    if not any(isinstance(value, ast.Dict) and value.keys for value in inputs):
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


def rule_violation(program: str, run: Execution, rules: ProgramRules) -> Violation | None:
    """Returns the first rule on text and result that a program violates, or None.

    Args:
        program: Its text.
        run: Its execution, whose outcome is `ok`.
        rules: Thresholds of the rules.
    """
    candidate = complete_program(program)
    return text_violation(candidate, rules) or result_violation(candidate, run, rules)


class Deduplicator:
    """Builds the Code CoTs of a source and rejects repeated programs."""

    def __init__(self) -> None:
        self._seed_of: dict[str, str] = {}

    def code_cot(
        self, seed: Seed, program: str, input_json: str, output_json: str, converter: str
    ) -> CodeCoT | Rejected:
        """Returns a seed's Code CoT, or its rejection as a `duplicate` of an earlier seed.

        Args:
            seed: The seed.
            program: Its program, whose output equals the known answer.
            input_json: The executed `input`, as JSON.
            output_json: The executed `output`, as JSON.
            converter: Name of the converter, as in `CodeCoT`.
        """
        name = program_id(program)
        if name in self._seed_of:
            reason = f"same program as the seed {self._seed_of[name]}"
            return reject(seed.seed_id, "duplicate", reason, seed)
        self._seed_of[name] = seed.seed_id
        return CodeCoT(
            program_id=name,
            seed_id=seed.seed_id,
            source=seed.source,
            program=program,
            converter=converter,
            input=input_json,
            output=output_json,
        )


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted seed, not yet executed.

    Attributes:
        seed: The seed.
        program: Its program.
        answer: The answer that the program must give.
    """

    seed: Seed
    program: str
    answer: str


@dataclass(frozen=True, slots=True)
class ExecutedConversion:
    """A converted seed with the execution of its program."""

    conversion: Conversion
    execution: Execution


def convert_seeds(
    seeds: Iterable[Seed], convert: Callable[[Seed], str]
) -> Iterator[Conversion | Rejected]:
    """Yields each converted seed, or its rejection.

    Args:
        seeds: The source's seeds.
        convert: Returns a seed's program, or raises `NotConvertible`.
    """
    for seed in seeds:
        yield convert_seed(seed, partial(convert, seed), seed.answer)


def convert_seed(seed: Seed, convert: Callable[[], str], answer: str) -> Conversion | Rejected:
    """Returns a converted seed, or its rejection.

    Verdicts: that of `NotConvertible`; `not_code_cot`; `unanalysable`.

    Args:
        seed: The seed.
        convert: Returns the seed's program, or raises `NotConvertible`.
        answer: The answer that the program must give.
    """

    def conversion() -> Conversion | Violation:
        try:
            program = convert()
        except NotConvertible as e:
            return Violation(e.verdict, str(e))
        fault = form_violation(program)
        return Violation("not_code_cot", fault) if fault else Conversion(seed, program, answer)

    found = analysed(conversion)
    return _rejected(seed, found) if isinstance(found, Violation) else found


def _rejected(seed: Seed, violation: Violation) -> Rejected:
    return reject(seed.seed_id, violation.verdict, violation.reason, seed)


def executed_code_cots(
    conversions: Iterable[Conversion | Rejected],
    converter: str,
    rules: ProgramRules,
    sandbox: Sandbox,
) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT, executed and compared with its answer, or its rejection.

    Args:
        conversions: The conversion or rejection of each seed, in order.
        converter: Name of the converter.
        rules: The rules on text and result.
        sandbox: Executes the programs.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    deduplicator = Deduplicator()
    for window in windows(conversions):
        runs = list(execute_conversions(window, sandbox))
        executed = [run for run in runs if isinstance(run, ExecutedConversion)]
        first = [analysed(partial(_violation, run, rules)) for run in executed]
        programs = [(run.conversion.program, run.execution) for run in executed]
        violations = iter(with_second_runs(first, programs, rules, sandbox))
        for run in runs:
            if isinstance(run, Rejected):
                yield run
                continue
            seed = run.conversion.seed
            found: CodeCoT | Rejected | Violation | None = next(violations)
            if found is None:
                found = analysed(partial(_code_cot, run, converter, deduplicator))
            yield _rejected(seed, found) if isinstance(found, Violation) else found


def windows(items: Iterable[T]) -> Iterator[list[T]]:
    """Yields the items in lists: further runs of programs begin when all first runs have ended."""
    source = iter(items)
    while window := list(islice(source, _WINDOW)):
        yield window


def with_second_runs(
    violations: Sequence[Violation | None],
    programs: Sequence[tuple[str, Execution]],
    rules: ProgramRules,
    sandbox: Sandbox,
) -> list[Violation | None]:
    """Runs the programs without a violation again, and returns the violations of all.

    Args:
        violations: The violation that the first run of each program shows, or None.
        programs: The texts, each with its first run.
        rules: The rules on text and runs.
        sandbox: Executes the programs.
    """
    found = list(violations)
    passed = [at for at, violation in enumerate(found) if violation is None]
    again = [(complete_program(programs[at][0]), programs[at][1]) for at in passed]
    for at, violation in zip(passed, second_run_violations(again, sandbox, rules), strict=True):
        found[at] = violation
    return found


def execute_conversions(
    conversions: Iterable[Conversion | Rejected], sandbox: Sandbox
) -> Iterator[ExecutedConversion | Rejected]:
    """Executes the converted seeds; rejections keep their place in the order."""
    waiting: list[Rejected] = []  # rejections since the last conversion

    def programs() -> Iterator[tuple[tuple[list[Rejected], Conversion], str]]:
        for conversion in conversions:
            if isinstance(conversion, Rejected):
                waiting.append(conversion)
            else:
                yield (waiting.copy(), conversion), conversion.program
                waiting.clear()

    for (before, conversion), execution in execute_in_order(sandbox, programs()):
        yield from before
        yield ExecutedConversion(conversion, execution)
    yield from waiting


def after_first_run(
    seeds: Iterable[Seed],
    program: Callable[[Seed], str],
    finish: Callable[[Seed, str, str], Conversion | Rejected],
    context: str,
    sandbox: Sandbox,
) -> Iterator[Conversion | Rejected]:
    """Yields each seed's conversion, which follows from a first run, or its rejection.

    All first runs end before the second runs begin: a sandbox streams one batch at a time.

    Args:
        seeds: The source's seeds.
        program: Returns the program of a seed's first run, or raises `NotConvertible`.
        finish: Returns the conversion of a seed from the executed `input` and `output`, as JSON.
        context: Text before the reason of a failed first run.
        sandbox: Executes the programs.
    """

    def first_programs() -> Iterator[Conversion | Rejected]:
        for seed in seeds:
            try:
                yield Conversion(seed, program(seed), "")
            except NotConvertible as e:
                yield reject(seed.seed_id, e.verdict, str(e), seed)

    for run in list(execute_conversions(first_programs(), sandbox)):
        if isinstance(run, Rejected):
            yield run
            continue
        seed, execution = run.conversion.seed, run.execution
        if execution.input is None or execution.output is None:
            yield reject_failed(run, context)
        else:
            yield finish(seed, execution.input, execution.output)


def reject_failed(run: ExecutedConversion, context: str = "") -> Rejected:
    """Returns the rejection of a seed whose program failed in the sandbox.

    Args:
        run: The executed conversion.
        context: Text before the reason.
    """
    seed, execution = run.conversion.seed, run.execution
    return reject(seed.seed_id, str(execution.outcome), context + execution.detail, seed)


def _violation(run: ExecutedConversion, rules: ProgramRules) -> Violation | None:
    """Returns what the text and the first run of a program show."""
    conversion, execution = run.conversion, run.execution
    if execution.input is None or execution.output is None:
        return Violation(str(execution.outcome), execution.detail)
    if compare_program(execution.output, conversion.answer).outcome != "equal":
        reason = (
            f"the program gives {execution.output[:200]}, the answer is {conversion.answer[:200]}"
        )
        return Violation("wrong_answer", reason)
    return rule_violation(conversion.program, execution, rules)


def _code_cot(
    run: ExecutedConversion, converter: str, deduplicator: Deduplicator
) -> CodeCoT | Rejected:
    execution = run.execution
    assert execution.input is not None and execution.output is not None
    return deduplicator.code_cot(
        run.conversion.seed, run.conversion.program, execution.input, execution.output, converter
    )
