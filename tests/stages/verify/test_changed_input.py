"""A row of a program that changes its `input`: the output follows from the recorded value."""

import dataclasses

import pytest
from tests.stages.verify.rows import FakeSandbox, ran, sampled

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.rows.rejected import Rejected
from caco.rows.verified import Verified
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Outcome
from caco.stages.verify.source import Source, with_recorded_input
from caco.stages.verify.verify import verify_shard

# Each program adds up the numbers of a list and empties it.
LOOP = """
total = 0
while {numbers}:
    total += {numbers}.pop()
output = total + input["n"]
"""
EMPTIES = LOOP.format(numbers='input["xs"]')
CASES = {
    "a literal": ('input = {"xs": [3, 4], "n": 5}' + EMPTIES, '{"n":5,"xs":[3,4]}', None),
    "an item added": ('input = {"xs": [3, 4]}\ninput["n"] = 5' + EMPTIES,
                      '{"n":5,"xs":[3,4]}', None),
    "a list of another name": (
        'data = [3, 4]\ninput = {"xs": data, "n": 5}\ncount = len(input["xs"])'
        + LOOP.format(numbers="data"),
        '{"n":5,"xs":[3,4]}', None,
    ),
    # The numbers that are added up are those of `data`, and the recorded list stays as it is.
    "emptied under another name": (
        'data = [3, 4]\ninput = {"xs": data, "n": 5}\ntotal = 0\nwhile input["xs"]:\n'
        '    total += data.pop()\noutput = total + input["n"]\n',
        '{"n":5,"xs":[3,4]}', "exception (IndexError: pop from empty list)",
    ),
    "no assignment at the start of a line": (
        'if True:\n    input = {"xs": [3, 4], "n": 5}' + EMPTIES,
        '{"n":5,"xs":[]}', "`output` is 12, and 5 in a run from the recorded `input`",
    ),
    "two names for it": (
        'data = input = {"xs": [3, 4], "n": 5}' + LOOP.format(numbers='data["xs"]'),
        '{"n":5,"xs":[]}', "`output` is 12, and 5 in a run from the recorded `input`",
    ),
    "assigned in a function": (
        'def start():\n    global input\n    input = {"xs": [3, 4], "n": 5}\nstart()' + EMPTIES,
        '{"n":5,"xs":[]}', "`output` is 12, and 5 in a run from",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    with NsjailSandbox(Limits(), workers=1) as opened:
        yield opened


class Counted(FakeSandbox):
    """The real sandbox, which counts the runs that are no perturbed ones."""

    def __init__(self, sandbox):
        super().__init__()
        self._sandbox = sandbox

    def run(self, programs, repeat=0):
        for program in programs:
            self.programs.append(program)
            yield from self._sandbox.run([program], repeat)


@pytest.mark.parametrize("name", CASES)
def test_a_row_states_an_input_from_which_its_output_follows(sandbox, name):
    program, recorded, fault = CASES[name]
    (found,) = verify_shard([sampled(program)], sandbox, Verify())
    (run,) = sandbox.run([program])
    assert (run.outcome, run.input, run.output) == ("ok", recorded, "12")
    if fault is None:
        assert isinstance(found, Verified), found
        assert (found.input, found.output) == (recorded, "12")
    else:
        assert isinstance(found, Rejected)
        assert found.verdict == "non_deterministic"
        assert fault in found.reason and "from the recorded `input`" in found.reason


def test_an_input_that_no_statement_assigns_alone_is_not_stated(sandbox):
    program = 'for input in [{"xs": [3, 4], "n": 5}]:\n    pass' + EMPTIES
    (found,) = verify_shard([sampled(program)], sandbox, Verify())
    assert isinstance(found, Rejected)
    assert (found.verdict, "no statement assigns `input` alone" in found.reason) == (
        "unanalysable", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("program", "changed"),
    [
        ('input = {"xs": [1]}\noutput = 5', False),
        ('input = {"xs": [1]}\ninput["xs"].pop()\noutput = 5', True),
        ('input = {"xs": [1]}\ninput = 3 if input else 4\noutput = 5', False),
        ('input = {"xs": [1]}\ndef f(xs):\n    xs.sort()\nf(input["xs"])\noutput = 5', False),
        ('input = {"xs": [1]}\ninput["xs"].append(1j)\noutput = 5', True),
        ('input = {"xs": [1]}\ninput["xs"] *= 10 ** 5\noutput = 5', True),
        ('if True: input = {"xs": [1]}\noutput = 5', True),
        ('input = {"xs": [1]}\ninput["xs"].pop()\n1 / 0', False),
    ],
)
def test_a_change_is_recorded(sandbox, program, changed):
    (run,) = sandbox.run([program])
    assert run.input_changed == changed


def test_only_a_program_that_changes_its_input_runs_once_more(sandbox):
    settings = Verify(insensitive=False, echo=False)
    unchanged = 'input = {"xs": [3, 4], "n": 5}\ntotal = sum(input["xs"])\nn = input["n"]\n'
    for program, runs in (
        (unchanged + "output = total + n", 2),
        (CASES["a literal"][0], 2),  # its second run started from just this value
        (CASES["a list of another name"][0], 3),
    ):
        counted = Counted(sandbox)
        (found,) = verify_shard([sampled(program)], counted, settings)
        assert (type(found), len(counted.programs)) == (Verified, runs)
        counted = Counted(sandbox)
        list(verify_shard([sampled(program)], counted, Verify(
            insensitive=False, echo=False, non_deterministic=False
        )))  # fmt: skip
        assert len(counted.programs) == 1


@pytest.mark.parametrize("outcome", [Outcome.EXCEPTION, Outcome.CPU_TIMEOUT, Outcome.KILLED])
def test_a_run_from_the_recorded_input_that_fails_is_a_fault(outcome):
    program = CASES["a list of another name"][0]
    first = dataclasses.replace(ran('{"n":5,"xs":[3,4]}', "12"), input_changed=True)
    text = with_recorded_input(Source(program), '{"n":5,"xs":[3,4]}')
    failed = dataclasses.replace(ran(), outcome=outcome, detail="why", input=None, output=None)
    (found,) = verify_shard([sampled(program)], FakeSandbox({program: first, text: failed}),
                            Verify())  # fmt: skip
    assert isinstance(found, Rejected)
    assert found.verdict == "non_deterministic"
    assert found.reason.endswith(f"{outcome} (why)")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ('input = {"a": (1, 2)}', 'input = {"a": (1, 2)}'),  # the literal has this value
        ('input: dict = {"a": [1]}', "input: dict = {'a': [1, 2]}"),
        ("x = [1, 2]\ninput = {'a': x}\nx = 3", "x = [1, 2]\ninput = {'a': [1, 2]}\nx = 3"),
        ("input = 1\ninput = {'a': input}", "input = 1\ninput = {'a': [1, 2]}"),
        ("if x:\n    input = 1\nelse:\n    input = 2",
         "if x:\n    input = {'a': [1, 2]}\nelse:\n    input = {'a': [1, 2]}"),
        ("print((input := 3))", "print((input := {'a': [1, 2]}))"),
        ("input = 1\ndef f(input):\n    input = 2",
         "input = {'a': [1, 2]}\n\ndef f(input):\n    input = 2"),
    ],
)  # fmt: skip
def test_the_recorded_value_is_assigned(program, expected):
    assert with_recorded_input(Source(program), '{"a":[1,2]}') == expected
