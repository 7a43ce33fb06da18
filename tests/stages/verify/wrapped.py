"""Programs of public data sets in the form of a Code CoT."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wrapped:
    """A program and the output that its data set states.

    Attributes:
        name: Name in the data set.
        text: The program.
        expected: The stated output, as a Python literal.
    """

    name: str
    text: str
    expected: str


def mbpp(data: Path) -> Iterator[Wrapped]:
    """Yields MBPP's functions, each called with the arguments of its first usable test.

    Tests that are not `assert function(literals) == literal` are left out.
    """
    for line in (data / "seed" / "mbpp.jsonl").read_text().splitlines():
        row = json.loads(line)
        code = row["code"].replace("\r\n", "\n").rstrip()
        for test in row["test_list"]:
            if (found := _wrapped_test(row["task_id"], code, test)) is not None:
                yield found
                break


def _wrapped_test(task: int, code: str, test: str) -> Wrapped | None:
    try:
        (statement,) = ast.parse(test.strip()).body
        functions = [n for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)]
    except (SyntaxError, ValueError):
        return None
    match statement:
        case ast.Assert(
            test=ast.Compare(
                left=ast.Call(func=ast.Name(id=name), args=args, keywords=[]),
                ops=[ast.Eq()],
                comparators=[expected],
            )
        ):
            pass
        case _:
            return None
    function = next((f for f in functions if f.name == name), None)
    if function is None or not args or function.args.vararg or not _are_literals([*args, expected]):
        return None
    parameters = [a.arg for a in function.args.args][: len(args)]
    if len(parameters) != len(args):
        return None
    pairs = ", ".join(f'"{p}": {ast.unparse(a)}' for p, a in zip(parameters, args, strict=True))
    text = f"input = {{{pairs}}}\n\n{code}\n\noutput = {name}(**input)\nprint(output)\n"
    return Wrapped(f"mbpp-{task}", text, ast.unparse(expected))


def _are_literals(nodes: list[ast.expr]) -> bool:
    try:
        for node in nodes:
            ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


def svamp(data: Path) -> Iterator[Wrapped]:
    """Yields SVAMP's programs; the constants at the start of a function become its inputs."""
    for row in json.loads((data / "seed" / "svamp_python_sdp.json").read_text()):
        (function,) = ast.parse(row["answer_cot"]).body
        assert isinstance(function, ast.FunctionDef)
        inputs: dict[str, float] = {}
        steps: list[ast.stmt] = []
        for node in function.body[1:]:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float() as value)
                ) if name not in inputs:
                    inputs[name] = value
                case _:
                    steps.append(node)
        if not inputs or not steps:
            continue
        body = "\n".join(f"    {line}" for node in steps for line in ast.unparse(node).splitlines())
        text = (
            f"input = {json.dumps(inputs)}\n\n\ndef solution({', '.join(inputs)}):\n{body}\n\n\n"
            "output = solution(**input)\nprint(output)\n"
        )
        yield Wrapped(row["item_id"], text, row["answer_value"])
