"""The form of programs: functions, names, control flow, numbers and comments.

A program may give the right answer and still be a poor example: one that names its results
`amount_2`, has no function that does anything, or repeats its result in a comment.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from caco.reports.funnel import Counted, is_rejected
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.rows.table import Row, read_all, read_rows
from caco.rows.verified import Verified
from caco.stages.reverse.input_values import read_input, values
from caco.text.numbers import Mention, mentions, numerals

R = TypeVar("R", bound=Row)

SAMPLED = "sampled"
"""The name of the programs that the code generator wrote."""
_MAX_PROGRAMS = 1_000  # that are measured of each source
_MAX_FILES = 20  # that they are read from
# `amount_2` and `step` say no more than that there is a further value.
_NUMBERED = re.compile(r"_?\d+$|^step$")
_CONTROL = (ast.If, ast.IfExp, ast.For, ast.While, ast.comprehension)
_HELD_OUT = ".held_out.parquet"


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one program.

    Attributes:
        functions: The number of its functions.
        statements: The assignments and returns in its functions.
        lines: The lines that are neither blank nor comment.
        control: Whether a function has a branch or a loop.
        numbered: Whether a name that it defines ends with a number.
        whole_float: Whether its output is an integer that is printed as `12.0`.
        states_result: Whether a comment states the output.
        stated: The share of the question's numbers that `input` holds; None without numbers.
    """

    functions: int
    statements: int
    lines: int
    control: bool
    numbered: bool
    whole_float: bool
    states_result: bool
    stated: float | None


@dataclass(frozen=True, slots=True)
class FormSummary:
    """The form of the programs of one source: means, and shares of the programs.

    Attributes:
        stage: The stage that accepted them: `unify` or `verify`.
        source: The source of the Code CoTs, or `SAMPLED`.
        programs: The number of programs that were measured.
        functions: The mean number of functions.
        statements: The mean number of statements of a function.
        lines: The mean number of lines of code.
        control: The share whose functions have a branch or a loop.
        numbered: The share with a name that ends with a number.
        whole_floats: The share that print an integer as `12.0`.
        states_result: The share with a comment that states the output.
        stated: The mean share of a question's numbers that `input` holds; None without questions.
    """

    stage: str
    source: str
    programs: int
    functions: float
    statements: float
    lines: float
    control: float
    numbered: float
    whole_floats: float
    states_result: float
    stated: float | None


def form(program: str, input_json: str, output_json: str, problem: str | None) -> Form | None:
    """Returns the form of an executed program, or None if its text is not valid Python.

    Args:
        program: Its text.
        input_json: The executed `input`, as JSON.
        output_json: The executed `output`, as JSON.
        problem: The question that it answers, if there is one.
    """
    try:
        tree = ast.parse(program)
        comments = _comments(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {node for function in functions for node in ast.walk(function)}
    output = json.loads(output_json)
    return Form(
        functions=len(functions),
        statements=sum(isinstance(node, ast.Assign | ast.Return) for node in inside),
        lines=sum(bool(line.strip()) and line.strip()[0] != "#" for line in program.splitlines()),
        control=any(isinstance(node, _CONTROL) for node in inside),
        numbered=any(_NUMBERED.search(name) for name in _names(tree, json.loads(input_json))),
        whole_float=isinstance(output, float) and output.is_integer(),
        states_result=any(_states(comment, output) for comment in comments),
        stated=None if problem is None else _stated(problem, input_json),
    )


def _comments(program: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(program).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _names(tree: ast.AST, given: Any) -> Iterator[str]:
    """Yields the names that a program defines."""
    yield from given if isinstance(given, dict) else ()
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.arg(arg=name)
            ):
                yield name


def _states(comment: str, output: Any) -> bool:
    """Tells whether a comment has the output, a number or a text."""
    if isinstance(output, bool) or output is None:
        return False
    if isinstance(output, int | float):
        return abs(Decimal(str(output))) in map(abs, numerals(comment))
    return isinstance(output, str) and len(output) > 1 and output in comment


def _stated(problem: str, input_json: str) -> float | None:
    """Returns the share of the numbers of a question that `input` holds, each as it is written."""
    held = {abs(v) for _, v in values(read_input(input_json)) if isinstance(v, Decimal)}
    numbers = [mention for mention in mentions(problem) if not mention.excused]
    return fmean(_holds(mention, held) for mention in numbers) if numbers else None


def _holds(mention: Mention, held: set[Decimal]) -> bool:
    return any(abs(Decimal(one.value)) in held for one in (mention, *mention.parts))


def summary(stage: str, source: str, forms: Sequence[Form]) -> FormSummary:
    """Returns the means and shares of at least one program."""
    stated = [one.stated for one in forms if one.stated is not None]
    return FormSummary(
        stage=stage,
        source=source,
        programs=len(forms),
        functions=round(fmean(one.functions for one in forms), 2),
        statements=round(
            sum(one.statements for one in forms) / max(1, sum(one.functions for one in forms)), 2
        ),
        lines=round(fmean(one.lines for one in forms), 1),
        control=round(fmean(one.control for one in forms), 4),
        numbered=round(fmean(one.numbered for one in forms), 4),
        whole_floats=round(fmean(one.whole_float for one in forms), 4),
        states_result=round(fmean(one.states_result for one in forms), 4),
        stated=round(fmean(stated), 4) if stated else None,
    )


def program_forms(counted: Iterable[Counted]) -> list[FormSummary]:
    """Returns the form of each source's Code CoTs, and that of the verified programs.

    Of a source with many programs a part is measured, which is spread over its files.
    """
    counted = list(counted)
    by_source: dict[tuple[str, str], dict[Path, int]] = {}
    seeds: dict[str, list[Path]] = {}
    for job in counted:
        rule, identity = job.record.rule, job.record.identity
        files = {path: n for path, n in job.accepted.items() if not is_rejected(path)}
        if rule == "seeds":
            seeds[identity] = [path for path in files if not path.name.endswith(_HELD_OUT)]
        elif rule == "unify":
            by_source["unify", identity] = files
        elif rule == "verify":
            by_source.setdefault(("verify", SAMPLED), {}).update(files)
    summaries: list[FormSummary] = []
    for (stage, source), files in by_source.items():
        if stage == "unify":
            cots = list(spread(files, CodeCoT))
            problems = _problems(cots, seeds.get(source, ()))
            found = [
                form(row.program, row.input, row.output, problems.get(row.seed_id)) for row in cots
            ]
        else:
            found = [
                form(row.program, row.input, row.output, None) for row in spread(files, Verified)
            ]
        if forms := [one for one in found if one is not None]:
            summaries.append(summary(stage, source, forms))
    return summaries


def spread(files: Mapping[Path, int], row_type: type[R]) -> Iterator[R]:
    """Yields at most `_MAX_PROGRAMS` rows, spread over at most `_MAX_FILES` files."""
    paths = sorted(path for path, rows in files.items() if rows)
    chosen = [paths[i * len(paths) // _MAX_FILES] for i in range(_MAX_FILES)] if paths else []
    chosen = list(dict.fromkeys(chosen))
    for path in chosen:
        wanted = min(files[path], _MAX_PROGRAMS // len(chosen))
        places = {i * files[path] // wanted for i in range(wanted)}
        yield from (row for i, row in enumerate(read_rows(path, row_type)) if i in places)


def _problems(rows: Iterable[CodeCoT], seeds: Iterable[Path]) -> dict[str, str]:
    wanted = {row.seed_id for row in rows}
    return {seed.seed_id: seed.problem for seed in read_all(seeds, Seed) if seed.seed_id in wanted}


def form_json(summaries: Iterable[FormSummary], stage: str) -> list[dict[str, Any]]:
    """Returns the summaries of a stage as JSON values."""
    return [
        {name: value for name, value in asdict(one).items() if name != "stage"}
        for one in summaries
        if one.stage == stage
    ]
