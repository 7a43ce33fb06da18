"""Every program has exactly one outcome."""

import json

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox.nsjail import NsjailSandbox

INPUT = "input = {'a': 1}\n"


def test_an_execution_holds_input_output_and_stdout(execute):
    execution = execute("input = {'b': [2, 3], 'a': 'x'}\noutput = sum(input['b'])\nprint(output)")
    assert execution.outcome == "ok"
    assert execution.detail == ""
    assert (execution.input, execution.output) == ('{"a":"x","b":[2,3]}', "5")
    assert execution.stdout == "5\n"
    assert 0 < execution.cpu_s < 5
    assert execution.wall_s > 0


@pytest.mark.parametrize(
    ("program", "outcome", "detail"),
    [
        ("def (:", "syntax_error", "SyntaxError"),
        ("a = 1\0", "syntax_error", "null bytes"),
        ("x = '\ud800'", "syntax_error", "UnicodeDecodeError"),
        ("1 / 0", "exception", "ZeroDivisionError: division by zero"),
        (INPUT + "output = 1\nimport sys\nsys.exit(0)", "exception", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "exception", "KeyboardInterrupt"),
        ("def f(): return f()\nf()", "exception", "RecursionError"),
        ("raise ValueError(object())", "exception", "<object object at 0x...>"),
        ("class E(Exception):\n  def __str__(self): 1 / 0\nraise E", "exception", "E"),
        ("output = 1", "no_output", "`input`"),
        (INPUT, "no_output", "`output`"),
        (INPUT + "print('  ')", "no_output", "`output`"),
        (INPUT + "output = {1, 2j}", "not_serialisable", "contains a complex"),
        (INPUT + "output = 1j", "not_serialisable", "contains a complex"),
        (INPUT + "output = float('nan')", "not_serialisable", "nan"),
        (INPUT + "output = [float('-inf')]", "not_serialisable", "-inf"),
        (INPUT + "output = {b'1': 3}", "not_serialisable", "a key is a bytes"),
        (INPUT + "output = {1: 2, '1': 3}", "not_serialisable", "two keys"),
        (INPUT + "output = []\noutput.append(output)", "not_serialisable", "itself"),
        (INPUT + "output = '\\ud800'", "not_serialisable", "surrogate"),
        (INPUT + "output = lambda: 1", "not_serialisable", "function"),
        ("input = {'f': print}\noutput = 1", "not_serialisable", "`input`"),
        (INPUT + "output = 'x' * 30_000", "output_too_large", "20000 bytes"),
        (INPUT + "output = 10 ** 100_000", "output_too_large", "`output`"),
        (INPUT + "print('x' * 30_000)", "output_too_large", "printed"),
        ("held = [0] * 10 ** 10", "out_of_memory", "memory"),
        ("import ctypes\nctypes.string_at(0)", "killed", "SIGSEGV"),
        ("import os\nos._exit(0)", "killed", "status 0"),
        ("import os\nos.kill(os.getpid(), 9)", "no_output", "`input`"),
    ],
)
def test_outcomes(execute, program, outcome, detail):
    execution = execute(program)
    assert execution.outcome == outcome, execution.detail
    assert detail in execution.detail
    assert (execution.input, execution.output) == (None, None)


def test_the_cpu_limit_kills_a_program(execute):
    spinning = execute("while True: pass")
    assert spinning.outcome == "cpu_timeout"
    assert spinning.detail == "more than 5 s of CPU time"
    in_c = execute("10 ** 10 ** 9")
    assert in_c.outcome == "cpu_timeout"


def test_a_program_that_exits_after_the_cpu_limit_is_a_cpu_timeout(execute):
    late = "import time\nwhile time.process_time() < 5.2: pass\n" + INPUT + "output = 1"
    assert execute(late).outcome == "cpu_timeout"


def test_the_wall_limit_kills_a_sleeping_program():
    with NsjailSandbox(Limits(wall_s=2.0), workers=1) as sandbox:
        (sleeping,) = sandbox.run(["import time\ntime.sleep(60)"])
    assert sleeping.outcome == "wall_timeout"
    assert sleeping.cpu_s < 1
    assert sleeping.wall_s < 12


def test_printed_text_is_the_output_if_none_is_set(execute):
    execution = execute(INPUT + "print('twelve', 12)")
    assert execution.outcome == "ok"
    assert execution.output == '"twelve 12"'


def test_long_printed_text_is_truncated_without_an_error(execute):
    execution = execute(INPUT + "print('\\u00e4' * 30_000)\noutput = 1")
    assert execution.outcome == "ok"
    assert execution.stdout == "\u00e4" * 10_000


@pytest.mark.parametrize(
    ("expression", "before", "value"),
    [
        ("(1, (2, 3))", "", [1, [2, 3]]),
        ("{2: 'b', None: 0, True: 1, 1.5: 2}", "", {"2": "b", "null": 0, "true": 1, "1.5": 2}),
        ("__import__('collections').Counter('aab')", "", {"a": 2, "b": 1}),
        ("Fraction(6, 3), Fraction(1, 3)", "from fractions import Fraction", [2, "1/3"]),
        ("Decimal('2.50')", "from decimal import Decimal", 2.5),
        ("np.int64(3), np.float64(0.5), np.bool_(True)", "import numpy as np", [3, 0.5, True]),
        ("np.arange(4).reshape(2, 2)", "import numpy as np", [[0, 1], [2, 3]]),
        ("s.Integer(3), s.Rational(1, 3), s.Float(0.5)", "import sympy as s", [3, "1/3", 0.5]),
        ("'\\u00e4 \"quoted\"\\n'", "", '\u00e4 "quoted"\n'),
    ],
)
def test_values_become_json(output_of, expression, before, value):
    assert json.loads(output_of(expression, before)) == value


def test_a_symbolic_expression_is_not_a_json_value(execute):
    execution = execute("import sympy\n" + INPUT + "output = sympy.sqrt(2)")
    assert execution.outcome == "not_serialisable"


def test_an_integer_of_ten_thousand_digits_is_exact(output_of):
    assert output_of("10 ** 9_999") == "1" + "0" * 9_999


def test_output_is_canonical_json(output_of):
    assert output_of("{'b': 1.0, 'a': [None, False]}") == '{"a":[null,false],"b":1.0}'


def test_a_program_is_main_and_can_define_dataclasses(output_of):
    before = "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 4\n"
    assert output_of("[__name__, P().x]", before) == '["__main__",4]'


def test_programs_with_random_numbers_are_reproducible(output_of):
    expression = "[random.random(), list({'a', 'b', 'c', 'd', 'e'}), numpy.random.rand()]"
    first, second = (output_of(expression, "import random, numpy") for _ in range(2))
    assert first == second


def test_a_program_cannot_forge_a_result_by_printing(execute):
    forged = execute('import os\nos.write(1, b\'{"outcome":"ok"}\\n\')\nprint("ready")')
    assert forged.outcome == "no_output"


def test_a_program_cannot_access_the_channel(execute):
    program = (
        INPUT
        + """
import os
output = []
for fd in range(0, 64):
    try:
        if os.write(fd, b"x" * 100_000): output.append(fd)
    except OSError:
        pass
"""
    )
    execution = execute(program)
    assert execution.outcome == "ok"
    assert execution.output == "[0,1,2]"  # /dev/null's
