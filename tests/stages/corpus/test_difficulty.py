"""The measures of difficulty on programs and solutions whose counts are known."""

import pytest

from caco.rows.corpus import CorpusRow
from caco.stages.corpus.difficulty import Difficulty, difficulty, steps

LOOP = '''import math
input = {"prices": [1, 2, 300], "limit": 4}


def unused(x):
    return x * x * x


def find_total(prices, limit):
    """Adds the prices."""
    total = 0
    for price in prices:
        if price > limit:
            total += price * 2
        elif price == 1:
            total -= 1
    return math.floor(total)


output = find_total(input["prices"], input["limit"])
print(output)
'''
STRAIGHT = "input = {'a': 6}\noutput = input['a'] * 7 + 1\nprint(output)\n"


def of(program: str, given: str = '{"a":6}', output: str = "43", solution: str | None = None):
    found = difficulty(program, given, output, solution)
    assert found is not None
    return found


def test_the_measures_of_a_loop_with_branches():
    given = '{"prices":[1,2,300],"limit":4}'
    # In the loop: two comparisons, `*`, `+=` and `-=`; outside: the call of `floor`.
    assert of(LOOP, given, "-6000.5", "3 + 4 = 7. So 7 * 2 = 14.") == Difficulty(
        difficulty=2, operations=6, code_statements=10, loops=1, depth=2, inputs=4, digits=4,
        steps=2,
    )  # fmt: skip
    assert of(LOOP, given, "-6000.5").difficulty == 11


def test_neither_a_wordy_solution_nor_a_roundabout_program_is_difficult():
    counting = "n = 73\nk = 2\nwhile k > 0:\n    n += 1\n    k -= 1\noutput = n\n"
    found = of(counting, solution="Ann has 73 + 2 = 75 hats.\nThe answer is 75.")
    assert (found.operations, found.steps, found.difficulty) == (3, 1, 1)
    found = of(
        STRAIGHT, solution="We have 6.\n6 is given.\nWe want 7 of it.\nThat is 42.\nIt is 43."
    )
    assert (found.operations, found.steps, found.difficulty) == (2, 5, 2)


def test_the_measures_of_straight_code():
    assert of(STRAIGHT) == Difficulty(
        difficulty=2, operations=2, code_statements=3, loops=0, depth=0, inputs=1, digits=2,
        steps=None,
    )  # fmt: skip


def test_every_measure_is_a_column_of_the_corpus():
    assert set(Difficulty.__dataclass_fields__) <= set(CorpusRow.__dataclass_fields__)


@pytest.mark.parametrize(
    ("line", "operations", "repeated", "loops", "depth"),
    [
        ("x = [a * 2 for a in input['a'] if a > 1]", 2, 4, 1, 1),
        ("x = [a * b for a in c + d for b in e]", 2, 4, 2, 2),
        ("x = [[b + 1 for b in a] for a in c]", 1, 3, 2, 2),
        ("while n > 1:\n    n = n // 2", 2, 4, 1, 1),
        ("for a in range(n + 1):\n    for b in c:\n        n += 1", 2, 4, 2, 2),
        ("x = 1 if a < b < c and not d else 2", 4, 4, 0, 1),
        ("if a:\n    x = 1\nelif b:\n    x = 2\nelif c:\n    x = 3", 0, 0, 0, 1),
        ("if a:\n    if b:\n        x = 1", 0, 0, 0, 2),
        ("x = sum(range(int('3'))) + max(a, b)", 3, 3, 0, 0),
        ("x = -1", 0, 0, 0, 0),
    ],
)
def test_operations_count_more_in_loops(line, operations, repeated, loops, depth):
    found = of(line)
    assert (found.operations, found.difficulty) == (operations, repeated)
    assert (found.loops, found.depth) == (loops, depth)


@pytest.mark.parametrize(
    ("given", "output", "inputs", "digits"),
    [
        ("{}", '"text"', 0, 0),
        ('{"a":true,"b":"999","c":[[1,-1234],[]]}', "0.001", 4, 4),
        ('{"a":0}', "NaN", 1, 1),
        ('{"a":1}', "1e300", 1, 301),
        ('{"a":1}', "9" * 9_000, 1, 9_000),  # more than int() reads
        ('{"a":1}', '{"b":[12345]}', 1, 5),
    ],
)
def test_inputs_are_values_and_digits_those_of_the_largest_number(given, output, inputs, digits):
    found = of(STRAIGHT, given, output)
    assert (found.inputs, found.digits) == (inputs, digits)


@pytest.mark.parametrize(
    ("solution", "count"),
    [
        ("", 0),
        ("He has 48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = <<48+24=72>>72.\n#### 72", 2),
        ("1. Add 3 and 4.\n2. There is nothing to do.\n3) Then 7 * 2 = 14.", 2),
        ("**Step 1:** 3 + 4 = 7\n**Step 2:** 7 - 1 = 6\n\nThe final answer is 6.", 2),
        ("We add 3.5 and 4. That is 7.5. So it is $\\boxed{7.5}$.", 2),
        ("To answer this, we add 3 and 4. Answer: 7", 1),
        ("No number at all. None.", 0),
    ],
)
def test_steps_are_sentences_and_lines_with_a_number(solution, count):
    assert steps(solution) == count


@pytest.mark.parametrize("program", ["def f(:", "x = " + "(" * 500, "\0"])
def test_a_text_that_is_no_program_has_no_measures(program):
    assert difficulty(program, "{}", "1", "3 + 4 = 7") is None
