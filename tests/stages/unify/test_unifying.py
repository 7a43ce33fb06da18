"""The stage unify: every seed becomes a Code CoT, or is rejected with one verdict."""

import json
from pathlib import Path

import pytest
from tests.stages.unify.conftest import TrustingSandbox

from caco.config.checks import ProgramRules
from caco.config.sources import Unify
from caco.errors import SandboxUnavailable, UserError
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.runtime.provenance import Counts
from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.code_cots import form_violation
from caco.stages.unify.converters import program
from caco.stages.unify.converters.main_solution import drawing_program
from caco.stages.unify.unify import require_code_cots, unify

RULES = ProgramRules(min_lines=4)
DOUBLE = """input = {"n": 4}

def double(n):
    return n * 2

output = double(input["n"])
print(output)
"""
DRAWN = """def main_solution(numbers, factor):
    numbers.append(factor)
    return {"total": sum(numbers)}


def generate_inputs(rng: Random):
    return {"numbers": [rng.randint(1, 9) for _ in range(3)], "factor": 2}
"""


def of(text, answer="8", solution=None, problem="Twice 4?"):
    return make_seed("s", problem, answer, program=text, solution=solution)


def rejection(row):
    assert isinstance(row, Rejected)
    return row


def code_cot(row):
    assert isinstance(row, CodeCoT)
    return row


def verdicts(rows):
    return [row.verdict if isinstance(row, Rejected) else "accepted" for row in rows]


def test_every_seed_has_one_outcome_in_order(trusting):
    seeds = [
        of(None),
        of(DOUBLE),
        of("output = 8\nprint(output)\n"),
        of(DOUBLE, answer="9"),
        of(DOUBLE + "# the same\n", problem="Double 4?"),
        of(DOUBLE.replace("n * 2", "n / 0")),
        of(DOUBLE.replace("4", "5"), answer="10"),
        of(None, problem="And?"),
    ]
    rows = list(unify(iter(seeds), Unify(converter="program"), RULES, trusting))
    assert verdicts(rows) == [
        "not_convertible", "accepted", "not_code_cot", "wrong_answer", "duplicate", "exception",
        "accepted", "not_convertible",
    ]  # fmt: skip
    names = [row.row_id if isinstance(row, Rejected) else row.seed_id for row in rows]
    assert names == [seed.seed_id for seed in seeds]
    assert "gives 8, the answer is 9" in rejection(rows[3]).reason
    assert "ZeroDivisionError" in rejection(rows[5]).reason
    accepted = code_cot(rows[1])
    assert accepted.program == DOUBLE and accepted.converter == "program"
    assert (accepted.input, accepted.output) == ('{"n":4}', "8")
    assert json.loads(rejection(rows[0]).row)["problem"] == "Twice 4?"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        (DOUBLE.replace('= double(input["n"])', "= 8"), "trivial"),
        (DOUBLE.replace("{", '{"m": 1, '), "unused_input"),
    ],
)
def test_the_rules_of_verification_hold_for_code_cots(trusting, changed, verdict):
    section = Unify(converter="program")
    (row,) = unify([of(changed)], section, RULES, trusting)
    assert rejection(row).verdict == verdict
    (row,) = unify([of(DOUBLE)], section, ProgramRules(min_lines=6), trusting)
    assert rejection(row).verdict == "too_few_lines"
    lenient = ProgramRules(min_lines=4, trivial=False, unused_inputs=False)
    (row,) = unify([of(changed)], section, lenient, trusting)
    assert isinstance(row, CodeCoT)


CHAIN = "\n".join(f"x{i} = x{i - 1}" for i in range(1, 1_500))


@pytest.mark.parametrize(
    "text",
    [
        DOUBLE.replace('output = double(input["n"])', f"x0 = 8\n{CHAIN}\noutput = x1499"),
        f"{DOUBLE}d = {{0x{'f' * 5_000}: 5}}\nz = d[0x{'f' * 5_000}]\n",
    ],
)
def test_a_seed_that_the_rules_cannot_handle_costs_its_own_row(trusting, text):
    seeds = [of(text), of(DOUBLE)]
    rows = list(unify(seeds, Unify(converter="program"), RULES, trusting))
    assert verdicts(rows) == ["unanalysable", "accepted"]
    assert rejection(rows[0]).row_id == seeds[0].seed_id


def test_a_seed_that_a_converter_cannot_handle_costs_its_own_row(trusting, monkeypatch):
    def fails(seed):
        raise RecursionError("too deep")

    monkeypatch.setattr(program, "_source_program", fails)
    (row,) = unify([of(DOUBLE)], Unify(converter="program"), RULES, trusting)
    assert rejection(row).verdict == "unanalysable"
    assert rejection(row).reason == "the rules cannot analyse it: RecursionError: too deep"


def test_a_drawn_program_has_its_inputs_as_a_literal(trusting, computed):
    section = Unify(converter="main_solution")
    seeds = [of(DRAWN, answer=""), of("def main_solution(): pass", answer="")]
    rows = list(unify(seeds, section, RULES, trusting))
    assert verdicts(rows) == ["accepted", "not_convertible"]
    program = code_cot(rows[0]).program
    assert "generate_inputs" not in program and "Random" not in program
    inputs, output = computed(program)
    assert output == {"total": sum(inputs["numbers"])}
    assert form_violation(program) is None
    assert rows == list(unify(seeds, section, RULES, trusting))


def test_a_drawn_program_that_is_not_deterministic_is_rejected(trusting):
    clock = "str(__import__('time').perf_counter_ns()) + ' ns'"
    unstable = DRAWN.replace('{"total": sum(numbers)}', clock)
    rows = list(unify([of(unstable, answer="")], Unify(converter="main_solution"), RULES, trusting))
    assert verdicts(rows) == ["wrong_answer"]


def test_a_failing_generator_is_named_in_the_reason(trusting):
    failing = DRAWN.replace("rng.randint(1, 9)", "rng.nothing()")
    rows = list(unify([of(failing, answer="")], Unify(converter="main_solution"), RULES, trusting))
    assert verdicts(rows) == ["exception"]
    assert rejection(rows[0]).reason.startswith("while its inputs were drawn: AttributeError")


def test_a_generator_without_arguments_is_not_convertible(trusting):
    empty = "def main_solution(): return 1\ndef generate_inputs(rng): return {}\n"
    rows = list(unify([of(empty, answer="")], Unify(converter="main_solution"), RULES, trusting))
    assert verdicts(rows) == ["not_convertible"]
    assert "no keyword arguments" in rejection(rows[0]).reason


def test_the_drawn_inputs_depend_on_the_seed():
    one, two = of(DRAWN, answer="1"), of(DRAWN, answer="2")
    assert drawing_program(one) != drawing_program(two)
    assert drawing_program(one) == drawing_program(one)


def test_a_sandbox_that_loses_executions_is_an_error():
    class Lossy(TrustingSandbox):
        def run(self, programs, repeat=0):
            list(programs)
            return iter(())

    with pytest.raises(SandboxUnavailable, match="fewer executions"):
        list(unify([of(DOUBLE)], Unify(converter="program"), RULES, Lossy()))


@pytest.mark.parametrize(
    ("program", "violation"),
    [
        (DOUBLE, None),
        (DOUBLE.replace('input = {"n": 4}', "input = {}"), "no non-empty dict"),
        (DOUBLE.replace('input = {"n": 4}', "input = dict(n=4)"), "no non-empty dict"),
        ('input = {"n": 4}\noutput = 8\nprint(output)', "defines no function"),
        (DOUBLE.replace("output = ", "result = "), "assigns nothing to `output`"),
        (DOUBLE.replace("print(output)", ""), "does not print"),
        ("not python (", None),
    ],
)
def test_the_code_cot_form(program, violation):
    found = form_violation(program)
    if violation is None:
        assert found is None
    else:
        assert found is not None and violation in found


def test_an_accepted_row_is_a_code_cot(trusting):
    (row,) = unify([of(DOUBLE)], Unify(converter="program"), RULES, trusting)
    assert isinstance(row, CodeCoT)


def test_a_source_that_gives_no_code_cots_is_an_error():
    rejected = [Rejected("a", "not_convertible", "the source has no program", "{}")]
    counts = Counts(5, 1, {"wrong_answer": 1, "not_convertible": 3})
    seeds = Path("seeds/mine.parquet")
    require_code_cots(counts, rejected, 1, seeds, "mine")
    require_code_cots(Counts(), [], 1, seeds, "mine")  # no seeds
    with pytest.raises(UserError) as caught:
        require_code_cots(counts, rejected, 2, seeds, "mine")
    assert str(caught.value) == (
        "seeds/mine.parquet: 1 of its 5 seeds became Code CoTs, but `sources.mine.unify.min_rows` "
        "is 2; rejected: not_convertible 3, wrong_answer 1 (the first: the source has no program); "
        "choose another `sources.mine.unify.converter`, or lower `min_rows`"
    )
