"""Calibration: error rates of the checks as a chart, and the kinds of rows on which they err."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from caco.reports.page.svg import Interval, interval_plot
from caco.reports.page.tables import NONE, Table, numbers, text
from caco.stages.calibrate.rates import KindRates, Rate, Rates, rate_text

_AXIS = 0.1  # the least right end of the axis, so that an upper limit near zero looks like one


@dataclass(frozen=True, slots=True)
class Calibration:
    """The section.

    Attributes:
        rates: The rates.
        accepts: The drawing of the false accepts of each check.
        rejects: Likewise of the false rejects.
        erring: The kinds on which a check errs, those with most errors first.
        flawless: The other kinds, by fault, each with the number of its rows.
    """

    rates: Rates
    accepts: Markup
    rejects: Markup
    erring: Table | None
    flawless: dict[str, list[str]]


def calibration(rates: Rates) -> Calibration:
    """Returns the section."""
    accepts = [(c.check, c.false_accepts) for c in rates.checks]
    rejects = [(c.check, c.false_rejects) for c in rates.checks]
    widest = max([_AXIS, *(rate.high for _, rate in (*accepts, *rejects))])
    erring = sorted((k for k in rates.kinds if _errors(k)), key=_errors, reverse=True)
    flawless: dict[str, list[str]] = {}
    for kind in rates.kinds:
        if not _errors(kind):
            flawless.setdefault(kind.fault, []).append(f"{kind.kind} ({kind.rows:,})")
    return Calibration(
        rates,
        _chart(accepts, "wrong rows that a check accepts", widest),
        _chart(rejects, "right rows that a check rejects", widest),
        _table(erring, [c.check for c in rates.checks]) if erring else None,
        flawless,
    )


def _errors(kind: KindRates) -> float:
    return max((rate.count / rate.of for rate in kind.errors.values() if rate.of), default=0.0)


def _chart(rates: Sequence[tuple[str, Rate]], title: str, widest: float) -> Markup:
    rows = [
        Interval(check, "difference", rate.low, rate.count / rate.of, rate.high, rate_text(rate))
        for check, rate in rates
        if rate.of
    ]
    return interval_plot(rows, 0.0, widest, f"{title}, with 95% intervals")


def _table(kinds: Sequence[KindRates], checks: Sequence[str]) -> Table:
    rows = [
        [k.kind, k.fault, k.example, f"{k.rows:,}",
         *(rate_text(k.errors[check]) if check in k.errors else NONE for check in checks)]
        for k in kinds
    ]  # fmt: skip
    heads = [f"Errors of {check}" for check in checks]
    return Table(
        "Kinds of planted rows on which a check errs",
        [*map(text, ("Kind", "Fault", "Example")), *numbers("Rows", *heads)],
        rows,
    )
