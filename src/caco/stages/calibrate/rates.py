"""False accept and false reject rates of the checks on planted rows."""

import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from caco.errors import UserError
from caco.grading.intervals import clustered
from caco.rows.calibration import PlantedVerdicts
from caco.rows.rejected import ACCEPTED
from caco.runtime.checksums import read_checked, write_checked
from caco.stages.calibrate.kinds import KINDS, RIGHT_FAULTS, Fault

# Each check with the condition to accept a row, and the faults that it is measured on: rows with
# the first ones are right. The answer check cannot detect that a right answer belongs to another
# question. The other checks are not measured on rows whose output was replaced: they would reject
# these for a question that the output does not belong to. The statement check reads steps alone.
_WRONG = frozenset({Fault.ANSWER, Fault.QUESTION})
_RIGHT = frozenset({Fault.NONE})
CHECKS: dict[str, tuple[Callable[[PlantedVerdicts], bool], frozenset[Fault], frozenset[Fault]]] = {
    "answer": (
        lambda row: row.answer_check == ACCEPTED,
        RIGHT_FAULTS,
        frozenset({Fault.ANSWER, Fault.SHAPED_ANSWER}),
    ),
    "exact": (lambda row: row.exact_checks == ACCEPTED, _RIGHT, _WRONG),
    "statements": (
        lambda row: row.statement_check == ACCEPTED,
        _RIGHT,
        frozenset({Fault.STEP}),
    ),
    "judge": (lambda row: row.judge == ACCEPTED, _RIGHT, _WRONG),
    "all": (
        lambda row: row.exact_checks == ACCEPTED and row.judge == ACCEPTED,
        _RIGHT,
        _WRONG,
    ),
}
_EXAMPLE = 40  # characters of an answer or output


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion of rows.

    Attributes:
        count: Rows counted.
        of: Number of rows.
        low, high: The 95% interval of the proportion. Rows of one seed are no independent trials:
            the interval is of the bootstrap over seeds (`caco.grading.intervals.clustered`).
    """

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CheckRates:
    """The error rates of one check, or of several combined.

    Attributes:
        check: `answer` (the answer check alone), `exact` (all checks of the judge without a
            model), `statements` (the statement check alone), `judge` (the LLM judge alone) or
            `all` (those of both judges).
        false_accepts: Accepted rows of the wrong rows that the check is measured on.
        false_rejects: Rejected rows of the right rows that the check is measured on.
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
        example: An answer and the output that it was compared with, of a row on which a check
            erred if there is one.
        errors: By check that is measured on the kind: rejected rows of a right kind, accepted rows
            of a wrong one.
    """

    kind: str
    fault: str
    rows: int
    example: str
    errors: dict[str, Rate]

    @property
    def is_right(self) -> bool:
        """Whether its rows are right."""
        return self.fault in RIGHT_FAULTS


@dataclass(frozen=True, slots=True)
class Rates:
    """The results of a calibration.

    Attributes:
        seeds: Number of seeds that the rows are derived from.
        right, wrong: Number of planted right and wrong rows.
        checks: One for each check of the run.
        kinds: One for each planted kind.
    """

    seeds: int
    right: int
    wrong: int
    checks: list[CheckRates]
    kinds: list[KindRates]


def compute_rates(rows: Sequence[PlantedVerdicts]) -> Rates:
    """Returns the rates of the checks; `judge` and `all` only where there is an LLM judge."""
    judged = any(row.judge is not None for row in rows)
    checks = [check for check in CHECKS if judged or check not in ("judge", "all")]
    by_kind: dict[str, list[PlantedVerdicts]] = {kind: [] for kind in KINDS}
    for row in rows:
        by_kind[row.kind].append(row)
    right = sum(KINDS[row.kind] in RIGHT_FAULTS for row in rows)
    return Rates(
        seeds=len({row.right_id for row in rows}),
        right=right,
        wrong=len(rows) - right,
        checks=[_check_rates(check, rows) for check in checks],
        kinds=[_kind_rates(kind, planted, checks) for kind, planted in by_kind.items() if planted],
    )


def _check_rates(check: str, rows: Sequence[PlantedVerdicts]) -> CheckRates:
    accepts, right, wrong = CHECKS[check]
    return CheckRates(
        check,
        _rate([row for row in rows if KINDS[row.kind] in wrong], accepts),
        _rate([row for row in rows if KINDS[row.kind] in right], lambda row: not accepts(row)),
    )


def _kind_rates(kind: str, planted: Sequence[PlantedVerdicts], checks: Iterable[str]) -> KindRates:
    fault = KINDS[kind]
    measured = [check for check in checks if fault in CHECKS[check][1] | CHECKS[check][2]]

    def errs(row: PlantedVerdicts, check: str) -> bool:
        return CHECKS[check][0](row) != (fault in RIGHT_FAULTS)

    shown = next((r for r in planted if any(errs(r, c) for c in measured)), planted[0])
    return KindRates(
        kind,
        str(fault),
        len(planted),
        f"{_short(shown.answer)} for {_short(shown.output)}",
        {check: _rate(planted, partial(errs, check=check)) for check in measured},
    )


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return (flat if len(flat) <= _EXAMPLE else f"{flat[: _EXAMPLE - 3]}...") or "(none)"


def _rate(rows: Collection[PlantedVerdicts], condition: Callable[[PlantedVerdicts], bool]) -> Rate:
    of = Counter(row.right_id for row in rows)
    count = Counter(row.right_id for row in rows if condition(row))
    interval = clustered((count[seed], of[seed]) for seed in of)
    return Rate(count.total(), len(rows), *interval)


def write_rates(path: Path, rates: Rates) -> None:
    """Writes the rates as JSON."""
    write_checked(path, asdict(rates))


def read_rates(path: Path) -> Rates:
    """Reads a file that `write_rates` wrote.

    Raises:
        UserError: The file is missing or is not a file of rates.
    """
    try:
        raw = read_checked(path)
        checks = [
            CheckRates(c["check"], Rate(**c["false_accepts"]), Rate(**c["false_rejects"]))
            for c in raw["checks"]
        ]
        kinds = [
            KindRates(
                k["kind"], k["fault"], k["rows"], k["example"],
                {check: Rate(**rate) for check, rate in k["errors"].items()},
            )
            for k in raw["kinds"]
        ]  # fmt: skip
        return Rates(raw["seeds"], raw["right"], raw["wrong"], checks, kinds)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path}: not a file of rates; delete it and run again") from None


def rates_text(rates: Rates) -> str:
    """Returns the rates of the checks as a plain-text table, then the kinds with errors.

    Kinds with the same rate share a line, and those without an error are counted; the report lists
    each. A kind is shown with the first check that is measured on it: the answer check, or all
    exact checks where the question has the fault.
    """
    lines = [
        f"Error rates of the checks on {rates.right:,} right and {rates.wrong:,} wrong rows of "
        f"{rates.seeds:,} seeds",
        "(proportion, 95% interval over seeds):",
        f"{'check':<11}{'false accepts':<36}false rejects",
    ]
    lines += [
        f"{c.check:<11}{rate_text(c.false_accepts):<36}{rate_text(c.false_rejects)}"
        for c in rates.checks
    ]
    for title, is_right in (
        ("Right rows by kind, rejected", True),
        ("Wrong rows by kind, accepted", False),
    ):
        for check in CHECKS:
            found = [
                k for k in rates.kinds if k.is_right == is_right and next(iter(k.errors)) == check
            ]
            erring = [kind for kind in found if kind.errors[check].count]
            if found:
                lines.append(f"{title} by the check {check!r}: {len(erring)} of {len(found)} kinds")
                lines += _kind_lines(erring, check)
    return "\n".join(lines) + "\n"


def _kind_lines(kinds: Iterable[KindRates], check: str) -> list[str]:
    """Returns the kinds by rate, the highest rate first."""
    by_rate: defaultdict[Rate, list[str]] = defaultdict(list)
    for kind in kinds:
        by_rate[kind.errors[check]].append(kind.kind)
    ranked = sorted(by_rate.items(), key=lambda item: (-item[0].count / item[0].of, -item[0].of))
    return [
        textwrap.fill(
            f"{rate_text(rate)}: {', '.join(names)}",
            width=100,
            initial_indent="  ",
            subsequent_indent="      ",
        )
        for rate, names in ranked
    ]


def rate_text(rate: Rate) -> str:
    """Returns a rate as text: `3 of 600, 0.5% (0.2 to 1.5)`, or `0 of 0` without rows."""
    if not rate.of:
        return "0 of 0"
    share = f"{rate.count / rate.of:.1%} ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
    return f"{rate.count:,} of {rate.of:,}, {share}"
