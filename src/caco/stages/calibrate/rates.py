"""False accept and false reject rates of the checks on planted rows."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.grading.intervals import wilson
from caco.rows.calibration import PlantedVerdicts
from caco.rows.rejected import ACCEPTED
from caco.runtime.atomic_files import write_text
from caco.stages.calibrate.kinds import KINDS, Fault

# Each check with the condition to accept a row, and the faults that it is measured on. The answer
# check cannot detect that a right answer belongs to another question.
_WRONG = frozenset({Fault.ANSWER, Fault.QUESTION})
CHECKS: dict[str, tuple[Callable[[PlantedVerdicts], bool], frozenset[Fault]]] = {
    "answer": (lambda row: row.answer_check == ACCEPTED, frozenset({Fault.ANSWER})),
    "exact": (lambda row: row.exact_checks == ACCEPTED, _WRONG),
    "judge": (lambda row: row.judge == ACCEPTED, _WRONG),
    "all": (lambda row: row.exact_checks == ACCEPTED and row.judge == ACCEPTED, _WRONG),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion of rows.

    Attributes:
        count: Rows counted.
        of: Number of rows.
        low, high: Wilson's 95% interval of the proportion.
    """

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CheckRates:
    """The error rates of one check, or of several combined.

    Attributes:
        check: `answer` (the answer check alone), `exact` (all checks without a model), `judge` (the
            LLM judge alone) or `all`.
        false_accepts: Accepted rows of the wrong rows that the check is measured on.
        false_rejects: Rejected rows of the right rows.
    """

    check: str
    false_accepts: Rate
    false_rejects: Rate


@dataclass(frozen=True, slots=True)
class KindRates:
    """The results of one kind of planted rows.

    Attributes:
        kind: The kind.
        fault: The part that is wrong (`caco.stages.calibrate.kinds.Fault`).
        rows: Number of planted rows.
        accepted: Accepted rows by check.
    """

    kind: str
    fault: str
    rows: int
    accepted: dict[str, Rate]


@dataclass(frozen=True, slots=True)
class Rates:
    """The results of a calibration.

    Attributes:
        right, wrong: Number of planted right and wrong rows.
        checks: One for each check of the run.
        kinds: One for each planted kind.
    """

    right: int
    wrong: int
    checks: list[CheckRates]
    kinds: list[KindRates]


def compute_rates(rows: Sequence[PlantedVerdicts]) -> Rates:
    """Returns the rates of the checks; `judge` and `all` only where there is an LLM judge."""
    judged = any(row.judge is not None for row in rows)
    checks = [check for check in CHECKS if judged or check in ("answer", "exact")]
    by_kind = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
    right = [row for row in rows if KINDS[row.kind] is Fault.NONE]
    return Rates(
        right=len(right),
        wrong=len(rows) - len(right),
        checks=[_check_rates(check, rows, right) for check in checks],
        kinds=[
            KindRates(
                kind,
                str(KINDS[kind]),
                len(planted),
                {check: _rate(planted, CHECKS[check][0]) for check in checks},
            )
            for kind, planted in by_kind.items()
            if planted
        ],
    )


def _check_rates(
    check: str, rows: Sequence[PlantedVerdicts], right: Collection[PlantedVerdicts]
) -> CheckRates:
    accepts, faults = CHECKS[check]
    wrong = [row for row in rows if KINDS[row.kind] in faults]
    return CheckRates(check, _rate(wrong, accepts), _rate(right, lambda row: not accepts(row)))


def _rate(rows: Collection[PlantedVerdicts], condition: Callable[[PlantedVerdicts], bool]) -> Rate:
    count = sum(map(condition, rows))
    return Rate(count, len(rows), *wilson(count, len(rows)))


def write_rates(path: Path, rates: Rates) -> None:
    """Writes the rates as JSON."""
    write_text(path, json.dumps(asdict(rates), indent=1) + "\n")


def read_rates(path: Path) -> Rates:
    """Reads a file that `write_rates` wrote.

    Raises:
        UserError: The file is missing or is not a file of rates.
    """
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        checks = [
            CheckRates(c["check"], Rate(**c["false_accepts"]), Rate(**c["false_rejects"]))
            for c in raw["checks"]
        ]
        kinds = [
            KindRates(
                k["kind"], k["fault"], k["rows"],
                {check: Rate(**rate) for check, rate in k["accepted"].items()},
            )
            for k in raw["kinds"]
        ]  # fmt: skip
        return Rates(raw["right"], raw["wrong"], checks, kinds)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path}: not a file of rates; delete it and run again") from None


def rates_text(rates: Rates) -> str:
    """Returns the rates of the checks as a plain-text table."""
    lines = [
        f"Error rates of the checks on {rates.right:,} right and {rates.wrong:,} wrong rows "
        "(proportion, 95% interval):",
        f"{'check':<8}{'false accepts':<36}false rejects",
    ]
    lines += [
        f"{c.check:<8}{rate_text(c.false_accepts):<36}{rate_text(c.false_rejects)}"
        for c in rates.checks
    ]
    return "\n".join(lines) + "\n"


def rate_text(rate: Rate) -> str:
    """Returns a rate as text: `3 of 600, 0.5% (0.2 to 1.5)`, or `0 of 0` without rows."""
    if not rate.of:
        return "0 of 0"
    share = f"{rate.count / rate.of:.1%} ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
    return f"{rate.count:,} of {rate.of:,}, {share}"
