"""Rates: how often each check lets a wrong row through, and how often it drops a right one."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caco.errors import UserError
from caco.grading.intervals import wilson
from caco.rows.calibration import ACCEPTED, Measured
from caco.runtime.atomic_files import write_text
from caco.stages.calibrate.kinds import KINDS, Fault

# The checks, and the faults that each is held against: an answer check cannot see that the right
# answer belongs to another question.
_WRONG = frozenset({Fault.ANSWER, Fault.QUESTION})
CHECKS: dict[str, tuple[Callable[[Measured], bool], frozenset[Fault]]] = {
    "answer": (lambda row: row.answer_check == ACCEPTED, frozenset({Fault.ANSWER})),
    "exact": (lambda row: row.exact_checks == ACCEPTED, _WRONG),
    "judge": (lambda row: row.judge == ACCEPTED, _WRONG),
    "all": (lambda row: row.exact_checks == ACCEPTED and row.judge == ACCEPTED, _WRONG),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of rows.

    Attributes:
        count, of: So many of so many.
        low, high: Wilson's 95% interval of the share.
    """

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CheckRates:
    """One check, or several together.

    Attributes:
        check: `answer` (the answer check alone), `exact` (all checks without a model), `judge` (the
            judging model alone) or `all`.
        false_accepts: Wrong rows let through, of those with a fault that the check is to see.
        false_rejects: Right rows dropped.
    """

    check: str
    false_accepts: Rate
    false_rejects: Rate


@dataclass(frozen=True, slots=True)
class KindRates:
    """One kind of planted rows.

    Attributes:
        kind: The kind.
        fault: Where it is wrong (`caco.stages.calibrate.kinds.Fault`).
        rows: How many there are.
        accepted: How many of them each check let through, by check.
    """

    kind: str
    fault: str
    rows: int
    accepted: dict[str, Rate]


@dataclass(frozen=True, slots=True)
class Rates:
    """A calibration.

    Attributes:
        right, wrong: Rows planted.
        checks: The checks that were made.
        kinds: The kinds that were planted.
    """

    right: int
    wrong: int
    checks: list[CheckRates]
    kinds: list[KindRates]


def rates(rows: Sequence[Measured]) -> Rates:
    """Returns the rates of every check that was made; without a judging model, two of the four."""
    judged = any(row.judge is not None for row in rows)
    made = [check for check in CHECKS if judged or check in ("answer", "exact")]
    of_kind = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
    right = [row for row in rows if KINDS[row.kind] is Fault.NONE]
    return Rates(
        right=len(right),
        wrong=len(rows) - len(right),
        checks=[_check_rates(check, rows, right) for check in made],
        kinds=[
            KindRates(
                kind, str(KINDS[kind]), len(found), {c: _rate(found, CHECKS[c][0]) for c in made}
            )
            for kind, found in of_kind.items()
            if found
        ],
    )


def _check_rates(check: str, rows: Sequence[Measured], right: Collection[Measured]) -> CheckRates:
    accepts, faults = CHECKS[check]
    wrong = [row for row in rows if KINDS[row.kind] in faults]
    return CheckRates(check, _rate(wrong, accepts), _rate(right, lambda row: not accepts(row)))


def _rate(rows: Collection[Measured], counted: Callable[[Measured], bool]) -> Rate:
    count = sum(map(counted, rows))
    return Rate(count, len(rows), *wilson(count, len(rows)))


def write_rates(path: Path, found: Rates) -> None:
    """Writes the rates as JSON."""
    write_text(path, json.dumps(asdict(found), indent=1) + "\n")


def read_rates(path: Path) -> Rates:
    """Reads what `write_rates` wrote.

    Raises:
        UserError: The file is absent or holds something else.
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


def rates_text(found: Rates) -> str:
    """Returns the checks' rates as a table of plain text."""
    lines = [
        f"Checks tried on {found.right:,} right and {found.wrong:,} wrong rows "
        "(share, 95% interval):",
        f"{'check':<8}{'false accepts':<36}false rejects",
    ]
    lines += [
        f"{c.check:<8}{rate_text(c.false_accepts):<36}{rate_text(c.false_rejects)}"
        for c in found.checks
    ]
    return "\n".join(lines) + "\n"


def rate_text(rate: Rate) -> str:
    """Returns a rate as in `3 of 600, 0.5% (0.2 to 1.5)`; only the counts where there are none."""
    if not rate.of:
        return "0 of 0"
    share = f"{rate.count / rate.of:.1%} ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
    return f"{rate.count:,} of {rate.of:,}, {share}"
