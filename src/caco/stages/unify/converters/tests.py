"""The converter `tests`: functions that pass their tests, in two runs.

In the first run, the sandbox executes the function and all of its tests. In the second, the Code
CoT computes what one of them compares (the function's value, or `sorted` of it) for its
arguments, as the seed's problem states them; the output must equal the value that it expects.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import partial

from caco.config.checks import ProgramRules
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.seeds.tested_function import (
    NoCall,
    TestedCall,
    parsed,
    tested_call,
    without_tests,
)
from caco.stages.unify.code_cots import (
    Conversion,
    after_first_run,
    calling_program,
    convert_seed,
    executed_code_cots,
)
from caco.stages.unify.not_convertible import NotConvertible

_TESTED = """{code}

{tests}

input = {input}
output = True
"""


def code_cots(
    seeds: Iterable[Seed], rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    conversions = after_first_run(seeds, testing_program, _finish, "in its tests: ", sandbox)
    return executed_code_cots(conversions, "tests", rules, sandbox)


def testing_program(seed: Seed) -> str:
    """Returns the program of the first run, which fails if a test fails.

    Raises:
        NotConvertible: The seed's program has no function with tests.
    """
    code, tests, call = _parts(seed)
    kept, calls = [], []
    for node in parsed(tests).body:
        if isinstance(node, ast.ImportFrom) and node.module == "solution":
            continue  # the module of the function, whose text is above
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue  # what runs the tests if their file is executed: they are called below
        kept.append(ast.unparse(node))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            if node.args.args or node.decorator_list:
                raise NotConvertible("a test has parameters or a decorator")
            calls.append(f"{node.name}()")
    return _TESTED.format(code=code, tests="\n".join(kept + calls), input=_input(call))


def tested_program(seed: Seed) -> str:
    """Returns the Code CoT.

    Raises:
        NotConvertible: The seed's program has no function with tests.
    """
    code, _, call = _parts(seed)
    return calling_program(_input(call), code, call.value("**input"))


def _finish(seed: Seed, _input: str, _output: str) -> Conversion | Rejected:
    return convert_seed(seed, partial(tested_program, seed), seed.answer)


def _parts(seed: Seed) -> tuple[str, str, TestedCall]:
    try:
        code, tests = without_tests(seed.program or "")
        return code, tests, tested_call(code, tests)
    except NoCall as e:
        raise NotConvertible(str(e)) from None


def _input(call: TestedCall) -> str:
    """Returns the dict literal of the arguments."""
    return f"{{{', '.join(f'{name!r}: {text}' for name, text in call.arguments.items())}}}"
