"""Programs with a return value and functions with tests become Code CoTs."""

import pytest

from caco.config.checks import ProgramRules
from caco.config.sources import Unify
from caco.rows.code_cot import CodeCoT
from caco.stages.seeds.normalise import make_seed
from caco.stages.seeds.tested_function import with_tests
from caco.stages.unify.converters import tests as tests_converter
from caco.stages.unify.converters.function import from_function
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.unify import unify

QUESTION = "A box has 12 pens. Ann buys 3 boxes and loses 5 pens in a week. How many are left?"
PROGRAM = '''def solution():
    """A docstring with 12."""
    pens_per_box = 12
    boxes = 3
    unused = 99
    pens = pens_per_box * boxes  # in all

    lost = 5
    result = pens - lost
    return result'''
CODE_COT = """input = {"pens_per_box": 12, "boxes": 3, "lost": 5}

def solution(pens_per_box, boxes, lost):
    pens = pens_per_box * boxes  # in all
    result = pens - lost
    return result

output = solution(**input)
print(output)
"""


def seed(program, problem=QUESTION, answer="31"):
    return make_seed("s", problem, answer, program=program)


def test_named_numbers_of_the_question_become_inputs():
    assert from_function(seed(PROGRAM)) == CODE_COT


@pytest.mark.parametrize(
    ("old", "new", "verdict", "reason"),
    [
        ("boxes = 3", "boxes = 4", "unexplained_constant", "does not state the number 4"),
        ("pens - lost", "pens - 5", "not_convertible", "the number 5 of the problem has no name"),
        ("lost = 5", "lost = -5", "not_convertible", "the number 5 of the problem has no name"),
        ("lost = 5", "lost = pens_again = 5", "not_convertible", "has no name"),
        ("lost = 5", "lost = 3", "ambiguous", "2 names of its program have the value 3"),
        ("def solution():", "def solution(a):", "not_convertible", "one without parameters"),
        ("    return result", "    return result\nsolution()", "not_convertible", "consist of"),
        ("pens - lost", "pens - ", "not_convertible", "not valid Python"),
        ("lost = 5", "lost = 5; more = pens", "not_convertible", "share a line"),
    ],
)  # fmt: skip
def test_what_is_no_input_is_rejected(old, new, verdict, reason):
    with pytest.raises(NotConvertible, match=reason) as caught:
        from_function(seed(PROGRAM.replace(old, new)))
    assert caught.value.verdict == verdict


def test_a_usual_constant_remains_in_the_program():
    program = "def solution():\n    boxes = 3\n    days = 7\n    return boxes * days"
    assert "days = 7" in from_function(seed(program))  # a week
    with pytest.raises(NotConvertible, match="does not state the number 24"):
        from_function(seed(program.replace("7", "24")))
    with pytest.raises(NotConvertible) as caught:
        from_function(seed("def solution():\n    days = 7\n    return days"))
    assert caught.value.verdict == "no_stated_number"


ADD = "def add(a, b):\n    return a + b"
TESTS = "assert add([1], [2]) == [1, 2]\nassert add(2, 2) == 4"


def added(code, tests, answer="[1,2]"):
    return make_seed("s", "Add. What?", answer, program=with_tests(code, tests))


def test_the_call_of_the_first_test_is_the_code_cot():
    assert tests_converter.tested_program(added(ADD, TESTS)) == (
        "input = {'a': [1], 'b': [2]}\n\n"
        f"{ADD}\n\noutput = add(**input)\nprint(output)\n"
    )  # fmt: skip


def verdicts(seeds, converter, sandbox):
    rows = list(unify(seeds, Unify(converter=converter), ProgramRules(), sandbox))
    return ["accepted" if isinstance(row, CodeCoT) else row.verdict for row in rows], rows


def test_the_tests_decide(trusting):
    wrong_later = f"{TESTS}\nassert add(1, 1) == 3"
    in_functions = (
        "from solution import add\n\ndef test_lists():\n    assert add([1], [2]) == [1, 2]\n"
        "\ndef test_numbers():\n    assert add(1, 1) == {}\n"
    )
    seeds = [
        added(ADD, TESTS),
        added(ADD.replace("a + b", "b + a"), TESTS),
        added(ADD, wrong_later),
        added(f"{ADD}  # again", in_functions.format(3)),
        added(f"K = 0\n{ADD}", in_functions.format(2)),
        added(
            f"{ADD}  # approx",
            "import pytest\n\ndef test_add():\n    a = 0.1\n"
            "    assert add(a, 0.2) == pytest.approx(0.3)\n\n"
            "if __name__ == '__main__':\n    pytest.main([__file__])",
            answer="0.3",
        ),
        added(ADD, "assert True"),
        make_seed("s", "Add.", "3", program=ADD),
        added(f"K = 1\n{ADD}", TESTS, answer="[1,3]"),
    ]
    found, rows = verdicts(seeds, "tests", trusting)
    assert found == [
        "accepted", "exception", "exception", "exception", "accepted", "accepted",
        "not_convertible", "not_convertible", "wrong_answer",
    ]  # fmt: skip
    assert rows[1].reason.startswith("in its tests: AssertionError")
    assert rows[0].output == "[1,2]"


def test_sets_tuples_and_lists_are_told_apart_as_the_test_does(trusting):
    code = "def pairs(a, b):\n    return {}"
    test = "assert pairs({{1, 2}}, {{(3, 4): 5}}) == {}"
    cases = [  # value of the function, value in the test, answer of the seed
        ("{*a, *b}", "{2, 1, (3, 4)}", "{2, 1, (3, 4)}"),
        ("[*sorted(a), *b]", "{2, 1, (3, 4)}", "{2, 1, (3, 4)}"),
        ("(*sorted(a), *b)", "[1, 2, (3, 4)]", "[1,2,[3,4]]"),
        ("{k: a for k in b}", "{(3, 4): {2, 1}}", '{"[3,4]":[1,2]}'),
        ("{k: sorted(a) for k in b}", "{(3, 4): {2, 1}}", '{"[3,4]":[1,2]}'),
        ("{*a, 3}", "{1, 2, 3}", "{1, 2, 4}"),
    ]
    seeds = [added(code.format(a), test.format(b), answer=c) for a, b, c in cases]
    found, rows = verdicts(seeds, "tests", trusting)
    assert found == [
        "accepted", "exception", "exception", "accepted", "exception", "wrong_answer",
    ]  # fmt: skip
    assert rows[0].output == "[1,2,[3,4]]"
    assert rows[0].input == '{"a":[1,2],"b":{"[3,4]":5}}'


def test_the_code_cot_computes_what_the_test_compares(trusting):
    code = "def near(a, b):\n    return [b, a, b]"
    cases = [  # the test, the answer of the seed, the output of the Code CoT
        ("set(near(3, 4)) == {3, 4}", "{4, 3}", "[3,4]"),
        ("sorted(near(3, 4)) == [3, 4, 4]", "[3,4,4]", "[3,4,4]"),
        ("len(near(3, 4)) == 3", "3", "3"),
        ("abs(len(near(3, 4)) - 3.001) < 0.1", "3.001", None),
    ]
    seeds = [added(f"{code}  # {a}", f"assert {a}", answer=b) for a, b, _ in cases]
    found, rows = verdicts(seeds, "tests", trusting)
    assert found == ["accepted", "accepted", "accepted", "wrong_answer"]
    assert [row.output for row in rows[:3]] == [output for *_, output in cases[:3]]
    assert "output = set(near(**input))\n" in rows[0].program


def test_a_program_with_another_value_is_a_wrong_answer(trusting):
    found, rows = verdicts([seed(PROGRAM), seed(PROGRAM, answer="30")], "function", trusting)
    assert found == ["accepted", "wrong_answer"]
    assert rows[0].input == '{"boxes":3,"lost":5,"pens_per_box":12}'
