"""The converter `main_solution`: CodeI/O's functions become Code CoTs, in two runs.

A seed has a function and a generator of inputs, but no inputs. In the first run, the sandbox
executes the generator, with a seed derived from the row, and the function. This gives concrete
inputs and the reference output. The Code CoT is the source's code without the generator, with those
inputs as a literal. A second run must reproduce the reference output, which rejects a program whose
result depends on anything but its inputs.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import partial

from caco.config.checks import ProgramRules
from caco.identity import request_seed
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.unify.code_cots import (
    Conversion,
    after_first_run,
    calling_program,
    convert_seed,
    executed_code_cots,
    source_tree,
)
from caco.stages.unify.not_convertible import NotConvertible
from caco.text.answers import answer_text

_MAIN, _GENERATOR = "main_solution", "generate_inputs"

_DRAW = """import copy as _copy
from random import Random as Random
{source}

_drawn = generate_inputs(Random({seed}))
input = _copy.deepcopy(_drawn)
output = main_solution(**_drawn)
"""


def drawing_program(seed: Seed) -> str:
    """Returns the program of the first run, which draws the inputs and computes the answer.

    Raises:
        NotConvertible: The seed's program does not have the two functions.
    """
    _definitions(seed)
    assert seed.program is not None
    return _DRAW.format(source=seed.program, seed=request_seed("codeio", seed.seed_id))


def finished_program(seed: Seed, drawn: str) -> str:
    """Returns the Code CoT with the drawn inputs.

    Args:
        seed: The seed.
        drawn: The inputs of the first run, as JSON.

    Raises:
        NotConvertible: The drawn inputs are not keyword arguments, or contain an integer of more
            than 4,300 digits.
    """
    try:
        arguments = json.loads(drawn)
    except ValueError:  # Python converts no integer of more than 4,300 digits
        raise NotConvertible(
            "the drawn inputs contain an integer of more than 4,300 digits"
        ) from None
    if not isinstance(arguments, dict) or not arguments:
        raise NotConvertible("the generator returns no keyword arguments")
    tree = _definitions(seed)
    assert seed.program is not None
    lines = seed.program.splitlines()
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name == _GENERATOR:
            del lines[node.lineno - 1 - len(node.decorator_list) : node.end_lineno]
    return calling_program(repr(arguments), "\n".join(lines).strip(), f"{_MAIN}(**input)")


def _definitions(seed: Seed) -> ast.Module:
    tree = source_tree(seed.program or "")
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in (_MAIN, _GENERATOR):
        if name not in defined:
            raise NotConvertible(f"the source's program does not define `{name}`")
    return tree


def code_cots(
    seeds: Iterable[Seed], rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    conversions = after_first_run(
        seeds, drawing_program, _finish, "while its inputs were drawn: ", sandbox
    )
    return executed_code_cots(conversions, "main_solution", rules, sandbox)


def _finish(seed: Seed, drawn: str, output: str) -> Conversion | Rejected:
    return convert_seed(seed, partial(finished_program, seed, drawn), answer_text(output))
