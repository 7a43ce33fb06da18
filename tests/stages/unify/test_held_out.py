"""Problems of benchmarks: no source turns one into a Code CoT."""

from dataclasses import replace

import pytest

from caco.config.checks import Decontaminate
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected, reject
from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.held_out import KeptOut

TEMPLATE = "A shop with {} balls sells {} of them. How many balls does it still have?"


def seed(problem, source="s"):
    return make_seed(source, problem, "8")


def code_cot(row, program="print('of no benchmark')"):
    return CodeCoT("p", row.seed_id, row.source, program, "equations", "{}", "8")


def leaked(seeds, held_out=(), problems=(), settings=None, rows=None):
    """Returns the rejections by seed id; `rows` are the Code CoTs, if they matter."""
    kept_out = KeptOut("s", held_out, problems, settings or Decontaminate())
    rows = rows or [code_cot(one) for one in seeds]
    found = list(kept_out.outcomes(iter(seeds), iter(rows)))
    names = [row.row_id if isinstance(row, Rejected) else row.seed_id for row in found]
    assert names == [one.seed_id for one in seeds]
    return {r.row_id: (r.verdict, r.reason) for r in found if isinstance(r, Rejected)}


def test_a_held_out_question_is_found_in_another_source():
    held_out = seed("What is 3 + 5?", "easy")
    seeds = [seed("What is 3 + 6?"), seed("what is 3 + 5"), seed("What is 3 * 5?")]
    found = leaked(seeds, [("easy", [held_out]), ("other", [seed("And?", "other")])])
    reason = f"1.00 of the question of seed {held_out.seed_id} of easy (layer normalised)"
    assert found[seeds[1].seed_id] == ("held_out", reason)


@pytest.mark.parametrize(
    ("source", "layers", "found"),
    [
        ("s", ["normalised", "program"], None),
        ("s", ["template"], "template"),
        ("other", ["normalised", "program"], "template"),
    ],
)
def test_a_template_is_shared_only_within_a_source(source, layers, found):
    """All rows of a source may be made from the templates of its held-out part."""
    row = seed(TEMPLATE.format(26, 2))
    held_out = [(source, [seed(TEMPLATE.format(71, 9), source)])]
    settings = Decontaminate(held_out=layers)
    reasons = [reason for _, reason in leaked([row], held_out, settings=settings).values()]
    assert [f"(layer {found})" in reason for reason in reasons] == ([True] if found else [])


def test_a_problem_of_a_benchmark_is_contaminated():
    row = seed(f"Here is one. {TEMPLATE.format(26, 2)} Explain.")
    problems = [("shops", [seed(TEMPLATE.format(26, 2), "shops")])]
    ((verdict, reason),) = leaked([row], problems=problems).values()
    assert verdict == "contaminated"
    assert reason.endswith(" of shops (layer ngrams)")


def test_the_program_of_a_held_out_seed_is_found_under_other_names():
    program = "input = {'a': 9, 'b': 4}\noutput = input['a'] - input['b']\nprint(output)"
    own = replace(seed("Nine minus four."), program=program)
    row = replace(seed("What is left?"), program=program.replace("'a'", "'had'"))
    ((verdict, reason),) = leaked([row], [("s", [own])]).values()
    assert (verdict, reason.endswith("(layer program)")) == ("held_out", True)
    other = replace(row, program=program.replace("9", "8"))
    assert leaked([other], [("s", [own])]) == {}


@pytest.mark.parametrize("program", ["def solution(): return 5", None])
def test_the_program_of_a_code_cot_is_compared_whatever_made_it(program):
    """A converter may make another program than the source's, or the only one."""
    text = "input = {'a': 9, 'b': 4}\noutput = input['a'] - input['b']\nprint(output)"
    problem = replace(seed("Nine minus four.", "test"), program=text)
    rows = [replace(seed(f"What is left of {n}?"), program=program) for n in (9, 8)]
    cots = [code_cot(row, text.replace("'a'", "'had'")) for row in rows]
    cots[1] = replace(cots[1], program=text.replace("9", "8"))
    reason = f"1.00 of the program of problem {problem.seed_id} of test (layer program)"
    found = leaked(rows, problems=[("test", [problem])], rows=cots)
    assert found == {rows[0].seed_id: ("contaminated", reason)}
    settings = Decontaminate(layers=["normalised"])
    assert leaked(rows, problems=[("test", [problem])], settings=settings, rows=cots) == {}


def test_an_earlier_rejection_is_kept():
    row = seed("What is 3 + 5?")
    rejected = [reject(row.seed_id, "ambiguous", "why", row)]
    found = leaked([row], problems=[("test", [seed("What is 3 + 5?", "test")])], rows=rejected)
    assert found == {row.seed_id: ("ambiguous", "why")}


def test_nothing_is_held_out():
    assert leaked([seed("What is 3 + 5?")]) == {}
