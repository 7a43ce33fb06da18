"""The rules on right programs of public data sets, in the real sandbox."""

from collections import Counter

import pytest
from tests.stages.verify.judging import verdicts_of
from tests.stages.verify.wrapped import mbpp, svamp

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.sandbox.nsjail import NsjailSandbox


@pytest.fixture(scope="module")
def sandbox():
    with NsjailSandbox(Limits(), workers=2) as opened:
        yield opened


# The least share that is verified; SVAMP repeats 6% of its programs.
@pytest.mark.parametrize(("source", "programs", "share"), [(mbpp, 967, 0.97), (svamp, 3_025, 0.93)])
def test_right_programs_are_long_enough(shared_data, sandbox, capsys, source, programs, share):
    texts = [program.text for program in source(shared_data)]
    found = Counter(verdicts_of(texts, sandbox, Verify()))
    with capsys.disabled():
        print(f"\n{source.__name__}: {dict(found.most_common())}")
    assert len(texts) == programs
    assert found["too_few_lines"] == found["unanalysable"] == 0
    assert found["verified"] >= share * programs
