"""The verification rules on every second program of GSM8K: no correct one is rejected."""

from collections import Counter

from tests.stages.verify.judging import real_programs, verdicts_of, wrongly_rejected

from caco.config.checks import SandboxLimits as Limits
from caco.config.checks import Verify
from caco.sandbox.nsjail import NsjailSandbox


def test_no_correct_program_of_gsm8k_is_rejected(shared_data):
    """Algebra confirms that rejected programs only return an input or a constant."""
    texts = real_programs(shared_data)[::2]
    assert len(texts) > 2_500
    with NsjailSandbox(Limits(), workers=2) as sandbox:
        verdicts = verdicts_of(texts, sandbox, Verify(min_lines=0))
    print(f"{len(texts)} programs of GSM8K: {dict(Counter(verdicts))}")
    assert wrongly_rejected(texts, verdicts) == []
