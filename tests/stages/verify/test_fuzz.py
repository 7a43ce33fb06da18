"""Mutated programs: each has one verdict. `CACO_MUTANTS` is their number."""

import ast
import dataclasses
import os
import sys
from pathlib import Path

import pytest
from tests.stages.verify.rows import FakeSandbox, failed, ran

from caco.config.checks import Verify
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.protocol import Execution, Outcome, json_text
from caco.stages.verify import verify
from caco.stages.verify.source import Source, literal_input

sys.path.append(str(Path(__file__).parents[3] / "benchmarks"))

from fuzz_verify import LIMITS, NoVerdict, real_programs, verdicts
from mutants import Mutator

MUTANTS = int(os.environ.get("CACO_MUTANTS", "100"))
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")  # of the mutants


def mutants(count: int, seed: int = 1) -> list[str]:
    return list(Mutator(real_programs(), seed).mutants(count))


class Imagined(FakeSandbox):
    """Executes nothing: a program's `input` is its literal, and its output depends on its text."""

    def _execute(self, program: str) -> Execution:
        try:
            literal = literal_input(Source(program))
            assert literal is not None
            run = ran(json_text(literal.value), str(len(program)))
            return dataclasses.replace(run, input_changed=len(program) % 2 == 0)
        except Exception as error:
            return failed(Outcome.EXCEPTION, repr(error))


def test_every_mutant_has_one_verdict() -> None:
    with NsjailSandbox(LIMITS, workers=2) as sandbox:
        found = verdicts(mutants(MUTANTS), sandbox, Verify())
    assert found.total() == MUTANTS
    assert {"verified", "syntax_error", "exception"} <= found.keys()


def test_the_rules_on_texts_give_verdicts_without_a_sandbox() -> None:
    count = 3 * MUTANTS
    assert verdicts(mutants(count, seed=2), Imagined(), Verify()).total() == count


def test_mutants_are_varied_and_the_same_in_every_run() -> None:
    found = mutants(200)
    assert found == mutants(200)
    assert len(set(found)) > 180

    def parses(text: str) -> bool:
        try:
            return bool(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False

    assert 100 < sum(map(parses, found)) < 196


def test_a_mutant_on_which_the_stage_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = mutants(20)

    def failing(item: verify._Item) -> object:
        if item.candidate.source.text == texts[7]:
            raise RecursionError("deep")
        return outcome(item)

    outcome = verify._outcome
    monkeypatch.setattr(verify, "_outcome", failing)
    with pytest.raises(NoVerdict) as caught:
        verdicts(texts, Imagined(), Verify())
    assert str(caught.value) == f"RecursionError: deep\n{texts[7]}"
