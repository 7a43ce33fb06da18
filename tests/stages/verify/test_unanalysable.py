"""A program that the rules cannot handle costs its own row, and never the job."""

from itertools import count

import pytest
from tests.stages.verify.judging import verdicts_of
from tests.stages.verify.rows import GOOD, FakeSandbox, sampled

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.errors import SandboxUnavailable
from caco.rows.rejected import Rejected
from caco.rows.verified import Verified
from caco.sandbox.nsjail import NsjailSandbox
from caco.stages.verify import rerun_rules, rules, second_runs, verify
from caco.stages.verify.perturb import perturbations
from caco.stages.verify.source import literal_input
from caco.stages.verify.verify import verify_shard

OTHER = GOOD.replace("apples * price", "apples + price")
FLOATS = """\
input = {{"x": 2.5, "n": 7}}

def solve(x, n):
    if n > {constant}:
        return 1.5
    r = x * 2
    s = r * n
    return s + 4.5

output = solve(**input)
print(output)
"""
HEXADECIMAL = f"0x{'f' * 5_000}"  # 6,021 decimal digits; Python prints at most 4,300


def extended(line: str) -> str:
    """Returns a good program with further code."""
    return f"{GOOD}{line}\n"


CHAIN = "x0 = 3\n" + "\n".join(f"x{i} = x{i - 1}" for i in range(1, 1_500))
SUBSCRIPT = f"d = {{{HEXADECIMAL}: 5}}\nz = d[{HEXADECIMAL}]"
CASES = {
    "chained assignments": (
        GOOD.replace("output = cost(**input)", f"{CHAIN}\noutput = x1499"),
        "unanalysable",
    ),
    "hexadecimal key": (extended(SUBSCRIPT), "unanalysable"),
    "hexadecimal constant": (extended(f"z = {HEXADECIMAL}"), "verified"),
    "constant of 309 digits": (FLOATS.format(constant="7" * 309), "verified"),
    "constant of 1,000 digits": (FLOATS.format(constant="7" * 1_000), "verified"),
    "chained subscripts": (extended(f"z = [3]\nz = z{'[0]' * 3_000}"), "syntax_error"),
    "nested parentheses": (extended(f"z = {'(' * 300}1{')' * 300}"), "syntax_error"),
    "nested lists": (extended(f"z = {'[' * 190}1{']' * 190}"), "verified"),
    "a long sum": (extended(f"z = {' + '.join('1' * 9_000)}"), "syntax_error"),
}  # fmt: skip


IN_PLACE = """\
input = {"grid": {(0, 0): 1, (0, 1): 2}, "n": 2}
input["grid"] = {str(k): v for k, v in input["grid"].items()}

def solve(grid, n):
    return {key: value * n for key, value in grid.items()}

output = solve(**input)
"""
CASES["keys that are made texts"] = IN_PLACE, "verified"


@pytest.fixture(scope="module")
def sandbox():
    with NsjailSandbox(Limits(), workers=1) as opened:
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_the_program_has_one_verdict_and_the_next_one_is_verified(sandbox, name):
    text, expected = CASES[name]
    assert verdicts_of([text, OTHER], sandbox, Verify()) == [expected, "verified"]


@pytest.mark.parametrize(
    "error", [OverflowError("int too large"), RecursionError(), TypeError("é"), MemoryError()]
)
@pytest.mark.parametrize(
    "place",
    ["text", "result", "second run", "literal", "perturbation", "perturbed runs"],
)
def test_whatever_a_rule_raises_on_a_program_is_its_verdict(monkeypatch, place, error):
    def failing(original):
        def rule(first, *args):
            text = getattr(first, "source", first)
            if "apples + price" in getattr(text, "text", getattr(text, "after", "")):
                raise error
            return original(first, *args)

        return rule

    if place in ("text", "result"):
        table = rules.TEXT_RULES if place == "text" else rules.RESULT_RULES
        name = next(iter(table))
        monkeypatch.setitem(table, name, failing(table[name]))
    elif place == "second run":
        numbers = count(1)

        def different(first, second):
            if next(numbers) == 2:
                raise error

        monkeypatch.setattr(second_runs, "different", different)
    elif place == "perturbed runs":
        rule = rerun_rules.RERUN_RULES["insensitive"]
        monkeypatch.setitem(rerun_rules.RERUN_RULES, "insensitive", failing(rule))
    elif place == "literal":
        monkeypatch.setattr(verify, "literal_input", failing(literal_input))
    else:

        def lazily(literal, name, count):
            if "apples + price" in literal.after:
                raise error
            yield from perturbations(literal, name, count)

        monkeypatch.setattr(verify, "perturbations", lazily)
    programs = [sampled(), sampled(OTHER, 1), sampled(GOOD.replace("4", "5"), 2)]
    first, second, third = verify_shard(iter(programs), FakeSandbox(), Verify())
    assert isinstance(first, Verified) and isinstance(third, Verified)
    assert isinstance(second, Rejected)
    assert second.verdict == "unanalysable"
    expected = f"the rules cannot analyse it: {type(error).__name__}: {error}"
    assert second.reason == expected


def test_a_sandbox_that_fails_is_no_verdict():
    class Failing(FakeSandbox):
        def run(self, programs, repeat=0):
            if repeat:
                raise SandboxUnavailable("a jail ended")
            return super().run(programs, repeat)

    with pytest.raises(SandboxUnavailable):
        list(verify_shard(iter([sampled()]), Failing(), Verify()))
