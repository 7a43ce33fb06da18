"""Precision and recall of the rules: on planted programs in the real sandbox, and on real data."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from tests.stages.verify import planted
from tests.stages.verify.algebra import computes_nothing
from tests.stages.verify.judging import real_programs, verdicts_of, wrongly_rejected

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.sandbox.nsjail import NsjailSandbox

EACH = 60
HONEST = 420
REAL = 800  # rows of GSM8K; the file has 7,473
SEARCHED = 300  # of them are searched for what the rules let through: algebra takes its time
RULES = ("insensitive", "non_deterministic", "duplicate", "trivial", "echo")


@pytest.fixture(scope="module")
def sandbox():
    with NsjailSandbox(Limits(cpu_s=2.0), workers=2) as opened:
        yield opened


def shard() -> list[tuple[str, str]]:
    """Returns the planted and the honest programs, mixed, each with the verdict it must get."""
    rng = Random("mixed")
    honest = planted.made(planted.HONEST, HONEST, "honest")
    programs = [("verified", text) for text in honest]
    for verdict, shapes in (
        ("insensitive", planted.INSENSITIVE),
        ("non_deterministic", planted.NON_DETERMINISTIC),
        ("trivial", planted.TRIVIAL),
        ("echo", planted.ECHO),
    ):
        programs += [(verdict, text) for text in planted.made(shapes, EACH, verdict)]
    rng.shuffle(programs)
    # A copy of an honest program comes somewhere after it.
    for text in rng.sample(honest, EACH):
        at = rng.randint(programs.index(("verified", text)) + 1, len(programs))
        programs.insert(at, ("duplicate", planted.copied(text, rng)))
    return programs


def test_each_rule_finds_what_was_planted_and_nothing_else(sandbox, capsys):
    wanted, texts = zip(*shard(), strict=True)
    found = verdicts_of(list(texts), sandbox, Verify())
    with capsys.disabled():
        print(f"\n{'rule':20}{'planted':>8}{'found':>7}{'right':>7}{'precision':>11}{'recall':>8}")
        scores = {}
        for rule in RULES:
            right = sum(w == f == rule for w, f in zip(wanted, found, strict=True))
            there, said = wanted.count(rule), found.count(rule)
            scores[rule] = right / max(said, 1), right / there
            precision, recall = scores[rule]
            print(f"{rule:20}{there:8}{said:7}{right:7}{precision:11.3f}{recall:8.3f}")
    wrong = [
        f"{w} taken for {f}:\n{text}"
        for w, f, text in zip(wanted, found, texts, strict=True)
        if w != f
    ]
    assert all(min(pair) >= 0.98 for pair in scores.values()), "\n".join(wrong)
    # No honest program is lost to any rule.
    assert {f for w, f in zip(wanted, found, strict=True) if w == "verified"} == {"verified"}


def test_the_rules_agree_with_algebra_on_real_programs(shared_data: Path, sandbox, capsys):
    """Of GSM8K's worked solutions, the rules reject those whose formula is no computation.

    Some are: a solution that says `x = 11 goats` becomes a program that hands its input on.
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
        if verdict == "verified" and computes_nothing(text)
    ]
    assert missed == []
    assert counts["verified"] >= 0.95 * len(texts)
