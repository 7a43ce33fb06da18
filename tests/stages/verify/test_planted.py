"""Precision and recall of the rules, on planted programs in the real sandbox and on real data."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from tests.stages.verify import planted
from tests.stages.verify.algebra import has_trivial_formula
from tests.stages.verify.judging import real_programs, verdicts_of, wrongly_rejected

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.sandbox.nsjail import NsjailSandbox

EACH = 60
HONEST = 420
REAL = 300  # rows of GSM8K; the file has 7,473
SEARCHED = 150  # of them whose formulas are computed to find false accepts, which is slow
RULES = ("insensitive", "non_deterministic", "duplicate", "trivial", "echo")


@pytest.fixture(scope="module")
def sandbox():
    with NsjailSandbox(Limits(), workers=2) as opened:
        yield opened


def shard() -> list[tuple[str, str]]:
    """Returns the planted and the honest programs, shuffled, each with the expected verdict."""
    rng = Random("mixed")
    honest = planted.generate(planted.HONEST, HONEST, "honest")
    programs = [("verified", text) for text in honest]
    for verdict, shapes in (
        ("insensitive", planted.INSENSITIVE),
        ("non_deterministic", planted.NON_DETERMINISTIC),
        ("trivial", planted.TRIVIAL),
        ("echo", planted.ECHO),
    ):
        programs += [(verdict, text) for text in planted.generate(shapes, EACH, verdict)]
    rng.shuffle(programs)
    # A copy of an honest program is inserted after it.
    for text in rng.sample(honest, EACH):
        at = rng.randint(programs.index(("verified", text)) + 1, len(programs))
        programs.insert(at, ("duplicate", planted.reformat(text, rng)))
    return programs


def test_each_rule_finds_the_planted_programs_and_no_others(sandbox, capsys):
    expected, texts = zip(*shard(), strict=True)
    found = verdicts_of(list(texts), sandbox, Verify())
    with capsys.disabled():
        print(f"\n{'rule':20}{'planted':>8}{'found':>7}{'right':>7}{'precision':>11}{'recall':>8}")
        scores = {}
        for rule in RULES:
            right = sum(e == f == rule for e, f in zip(expected, found, strict=True))
            planted_count, found_count = expected.count(rule), found.count(rule)
            scores[rule] = right / max(found_count, 1), right / planted_count
            precision, recall = scores[rule]
            print(
                f"{rule:20}{planted_count:8}{found_count:7}{right:7}{precision:11.3f}{recall:8.3f}"
            )
    wrong = [
        f"expected {e}, found {f}:\n{text}"
        for e, f, text in zip(expected, found, texts, strict=True)
        if e != f
    ]
    assert all(min(pair) >= 0.98 for pair in scores.values()), "\n".join(wrong)
    # No honest program is rejected.
    assert {f for e, f in zip(expected, found, strict=True) if e == "verified"} == {"verified"}


def test_the_rules_agree_with_the_formulas_of_real_programs(shared_data: Path, sandbox, capsys):
    """Of GSM8K's programs, the rules reject exactly those with a trivial formula.

    There are some: the solution `x = 11 goats` becomes a program that returns its input.
    """
    texts = real_programs(shared_data, REAL)
    found = verdicts_of(texts, sandbox, Verify(min_lines=0))
    counts = Counter(found)
    with capsys.disabled():
        print(f"\n{len(texts)} programs of GSM8K: {json.dumps(counts)}")
    assert wrongly_rejected(texts, found) == []
    missed = [
        text
        for verdict, text in list(zip(found, texts, strict=True))[:SEARCHED]
        if verdict == "verified" and has_trivial_formula(text)
    ]
    assert missed == []
    assert counts["verified"] >= 0.95 * len(texts)
