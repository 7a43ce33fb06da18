"""A program's `input` is recorded where it is assigned, and the split changes nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stages.verify.wrapped import mbpp

from caco.sandbox.guest.parts import ERRORS, compiled_parts

CHANGED = 'while input["xs"]: t += input["xs"].pop()\noutput = t\n'


@pytest.mark.parametrize(
    ("program", "given", "output"),
    [
        (f'input = {{"xs": [1, 2]}}\nt = 0\n{CHANGED}', '{"xs":[1,2]}', "3"),
        (f'input = {{\n    "xs": [\n1,\n2\n],\n}}\nt = 0\n{CHANGED}', '{"xs":[1,2]}', "3"),
        ('input = {"xs": [1]}; input["xs"].pop(); output = 5', '{"xs":[1]}', "5"),
        ('input = {"xs": ["; x"]}; input["xs"].clear(); output = 5', '{"xs":["; x"]}', "5"),
        ('input: dict = {"a": {2, 1}}\r\ninput["a"].pop()\r\noutput = 5\r\n', '{"a":[1,2]}', "5"),
        ('input = {"a": 0}\ninput = {"a": [1]}\ninput["a"].pop()\noutput = 5', '{"a":[1]}', "5"),
        # Items that are assigned at once belong to `input`; what a program does later does not.
        ('input = {}\nn = 4\ninput["n"] = n\ninput["b"] = [n]\noutput = n', '{"b":[4],"n":4}', "4"),
        ('input = {\n"a": 1\n}\ninput["n"] = 4\noutput = 5', '{"a":1,"n":4}', "5"),
        ('input = {"a": 1}\ndef f(): input["a"] = 2\nf()\noutput = 5', '{"a":1}', "5"),
        ('input = {"a": 1}\ninput["a"] += 1\noutput = input["a"]', '{"a":1}', "2"),
        ('input = {"xs": [2, 1]}\ninput["xs"].sort(key=abs)\noutput = 5', '{"xs":[2,1]}', "5"),
        # A value that is no JSON value yet is recorded at the end.
        ('input = {"r": range(2)}\ninput.update(r=[0, 1])\noutput = 5', '{"r":[0,1]}', "5"),
        # No assignment at the start of a line.
        ('if True:\n    input = {"a": 1}\noutput = 5', '{"a":1}', "5"),
        ('data = input = {"a": 1}\noutput = 5', '{"a":1}', "5"),
        ('x = """\ninput = 3\n"""\noutput = 5\nif x:\n    input = {"a": 1}', '{"a":1}', "5"),
        # The second part is compiled like the first.
        ('input = {"a": 1}\nimport sys\noutput = sys._getframe().f_lineno', '{"a":1}', "3"),
        (
            'from __future__ import annotations\ninput = {"a": 1}\n\ndef f(x: y): return 5\n'
            "output = f(1)",
            '{"a":1}',
            "5",
        ),
        ('import functools\ninput = {"a": 1}\n@functools.cache\ndef f(): return 5\noutput = f()',
         '{"a":1}', "5"),
    ],
)  # fmt: skip
def test_the_input_is_the_assigned_one(execute, program, given, output):
    execution = execute(program)
    assert (execution.outcome, execution.input, execution.output) == ("ok", given, output)


@pytest.mark.parametrize(
    ("program", "outcome", "detail"),
    [
        ('input = {"a": 1}\noutput = (', "syntax_error", "line 2"),
        ('input = {"a": 1}\nreturn 3', "syntax_error", "'return' outside function"),
        ('input = {"a": 1}\n1 / 0', "exception", "ZeroDivisionError"),
        ('input = {"a": 1}\ndel input\noutput = 5', "no_output", "does not set `input`"),
        ('input = {"a": 1j}\noutput = 5', "not_serialisable", "complex"),
        ('input = {"a": "x" * 30_000}\noutput = 5', "output_too_large", "`input`"),
    ],
)
def test_a_failure_is_that_of_the_whole_program(execute, program, outcome, detail):
    execution = execute(program)
    assert execution.outcome == outcome
    assert detail in execution.detail


FRAGMENTS = st.sampled_from(
    ["input = 1", "input", "input['a']", " = ", "==", "[", "]", "{", "}", '"""', "'", ";", "\n",
     "\\", "    ", "#", "x = 2", "def f(): ", "if x:", "else:", "return", ":", "@", "1", "\r\n"]
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@given(st.lists(FRAGMENTS, max_size=12))
def test_what_compiles_in_parts_compiles_as_a_whole(parts):
    text = "".join(parts)

    def compiles(compiled):
        try:
            return bool(compiled())
        except ERRORS:
            return False

    whole = compiles(lambda: compile(text, "<program>", "exec", dont_inherit=True))
    assert compiles(lambda: compiled_parts(text)) == whole


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_public_programs_are_split(shared_data):
    texts = [program.text for program in mbpp(shared_data)]
    assert all(len(compiled_parts(text)) == 2 for text in texts)
