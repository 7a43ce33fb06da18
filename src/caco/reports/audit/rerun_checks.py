"""Which check each rule of the workflow gets when a finished run is executed again: one table."""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """How the jobs of a rule are proven again.

    `bit-identical`: the job is executed again, and its outputs have the recorded digests.
    `scored`: the recorded model scores the texts that it has generated.
    `training`: the loss of the recorded checkpoint on its own rows is compared with the loss curve.
    `none`: nothing of the job can be compared.
    """

    BIT_IDENTICAL = "bit-identical"
    SCORED = "scored"
    TRAINING = "training"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """The check of a rule.

    Attributes:
        check: The check.
        not_checked: Why the jobs are not checked; None if they are.
    """

    check: Check
    not_checked: str | None = None


_IDENTICAL = RuleCheck(Check.BIT_IDENTICAL)
_GENERATES = RuleCheck(Check.SCORED)
_TRAINS = RuleCheck(Check.TRAINING)
_EMBEDS = RuleCheck(
    Check.NONE,
    "the last bits of vectors depend on batch, hardware and number of threads, and no bound for "
    "them is known",
)
_DESCRIBES_A_NODE = RuleCheck(
    Check.NONE, "it describes the machine on which it ran, and decides no row"
)

# No output of a bit-identical rule has a time or a host in it, so every column is compared.
CHECKS: dict[str, RuleCheck] = {
    "data_set": RuleCheck(
        Check.NONE, "it downloads from a hub; `verify` compares its files with their digests"
    ),
    "seeds": _IDENTICAL,
    "preflight": _DESCRIBES_A_NODE,
    "preflight_passed": _DESCRIBES_A_NODE,
    "model": _IDENTICAL,
    "bench_problems": _IDENTICAL,
    "draft": _GENERATES,
    "attempt": _IDENTICAL,
    "unify": _IDENTICAL,
    "codegen": _TRAINS,
    "writer": _TRAINS,
    "plant": _IDENTICAL,
    "judge_planted": _GENERATES,
    "calibrate": _IDENTICAL,
    "sample": _GENERATES,
    "verify": _IDENTICAL,
    "question": _GENERATES,
    "redraft": _GENERATES,
    "round_trip": _IDENTICAL,
    "solution": _GENERATES,
    "judge": _IDENTICAL,
    "llm_judge": _GENERATES,
    "check": _IDENTICAL,
    "rollout": _GENERATES,
    "pass_rate": _IDENTICAL,
    "embed": _EMBEDS,
    "embed_problems": _EMBEDS,
    "corpus": _IDENTICAL,
    "export": _IDENTICAL,
    "student": _TRAINS,
    "ablation_corpus": _IDENTICAL,
    "ablation_student": _TRAINS,
    "answer": _GENERATES,
    "grade": _IDENTICAL,
    "scores": _IDENTICAL,
    "report": _IDENTICAL,
}
"""By rule; the rules are those of the stage table."""


def check_of(rule: str) -> RuleCheck:
    """Returns the check of a rule; a run of another version may have one that is in no table."""
    return CHECKS.get(rule, RuleCheck(Check.NONE, "this version of the workflow has no such rule"))
