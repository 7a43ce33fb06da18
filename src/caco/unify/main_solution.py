"""The converter `main_solution`: CodeI/O's functions become Code CoTs, in two runs.

The source gives a function and a generator of inputs, but no inputs. In the first run the sandbox
executes the generator, with a seed derived from the row, and the function; what comes out are
concrete inputs and the reference output. The Code CoT is then the source's code without the
generator, with those inputs written out. It is run for itself, and must give the reference output
again: a program whose result depends on anything but its inputs is found here.
"""

import ast
import json

from caco.identity import request_seed
from caco.rows.seed import Seed
from caco.unify.conversion import NotConvertible

_MAIN, _GENERATOR = "main_solution", "generate_inputs"

_DRAW = """import copy as _copy
from random import Random as Random
{source}

_drawn = generate_inputs(Random({seed}))
input = _copy.deepcopy(_drawn)
output = main_solution(**_drawn)
"""

_CODE_COT = """input = {given}

{code}

output = main_solution(**input)
print(output)
"""


def drawing_program(seed: Seed) -> str:
    """Returns the program of the first run: it draws the inputs and computes the answer.

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
        NotConvertible: The drawn inputs are no arguments by name.
    """
    try:
        given = json.loads(drawn)
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise NotConvertible("the drawn inputs hold an integer too long to write out") from None
    if not isinstance(given, dict) or not given:
        raise NotConvertible("the generator returns no arguments by name")
    tree = _definitions(seed)
    assert seed.program is not None
    lines = seed.program.splitlines()
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name == _GENERATOR:
            del lines[node.lineno - 1 - len(node.decorator_list) : node.end_lineno]
    return _CODE_COT.format(given=repr(given), code="\n".join(lines).strip())


def _definitions(seed: Seed) -> ast.Module:
    try:
        tree = ast.parse(seed.program or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise NotConvertible(f"the source's program is no Python ({e})") from None
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in (_MAIN, _GENERATOR):
        if name not in defined:
            raise NotConvertible(f"the source's program defines no `{name}`")
    return tree
