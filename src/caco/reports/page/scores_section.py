"""Scores of every model: what both graders find, the differences, and answers to look at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from caco.reports.page.shown import cut
from caco.reports.page.svg import Interval, interval_plot
from caco.reports.page.tables import NONE, Cell, Table, columns, items, text
from caco.stages.bench.scores import BASE, STUDENT, Difference, OpenCase, Score, Scores

_LONGEST = 400  # characters of a stated answer or reason


@dataclass(frozen=True, slots=True)
class ScoresSection:
    """The section; None for what a run does not have.

    Attributes:
        accuracies: The drawing of pass@1, with the value of the second grader.
        gains: The drawing of student minus each other model.
        scores, differences, open_cases: The tables.
    """

    accuracies: Markup | None
    gains: Markup | None
    scores: Table
    differences: Table | None
    open_cases: Table | None


def scores_section(found: Scores) -> ScoresSection:
    """Returns the section."""
    return ScoresSection(
        _accuracies(found.scores),
        _gains(found.differences),
        _scores(found.scores),
        _differences(found.differences) if found.differences else None,
        _open_cases(found.open_cases) if found.open_cases else None,
    )


def points(d: Difference) -> tuple[str, str]:
    """Returns a difference in points, and its interval."""
    return f"{100 * d.difference:+.1f}", f"{100 * d.low:+.1f} to {100 * d.high:+.1f}"


def _accuracies(scores: Sequence[Score]) -> Markup | None:
    rows = [
        Interval(
            f"{s.benchmark}, {s.model}",
            s.model if s.model in (BASE, STUDENT) else "ablation",
            s.low,
            s.accuracy,
            s.high,
            f"{s.accuracy:.1%}, second grader {s.second_correct / answers:.1%}",
            second=s.second_correct / answers,
        )
        for s in scores
        if (answers := s.n * s.samples)
    ]
    return interval_plot(rows, 0.0, 1.0, "pass@1, with 95% intervals") if rows else None


def _gains(differences: Sequence[Difference]) -> Markup | None:
    rows = [
        Interval(
            d.benchmark if d.other == BASE else f"{d.benchmark}, against {d.other}",
            "difference",
            d.low,
            d.difference,
            d.high,
            f"{100 * d.difference:+.1f} points, p = {d.p_holm:.3g}",
        )
        for d in differences
    ]
    others = dict.fromkeys(d.other for d in differences)
    title = f"student minus {' or '.join(others)} on the same problems, with 95% intervals"
    return interval_plot(rows, *_span(rows), title) if rows else None


def _span(rows: Sequence[Interval]) -> tuple[float, float]:
    """Returns the limits of an axis, in tenths, that includes every interval and zero."""
    low = min(0.0, *(r.low for r in rows))
    high = max(0.0, *(r.high for r in rows))
    return math.floor(low * 10) / 10, math.ceil(high * 10 + 1e-9) / 10 or 0.1


def _scores(scores: Sequence[Score]) -> Table:
    several = any(s.pass_at for s in scores)
    published = any(s.published is not None for s in scores)
    rows = [
        [
            f"{s.benchmark}, {s.model}", f"{s.n:,}", f"{s.n * s.samples:,}", f"{s.correct:,}",
            f"{s.accuracy:.1%}", f"{s.low:.1%} to {s.high:.1%}",
            *([NONE if s.published is None else f"{s.published:.1%}"] if published else []),
            f"{s.second_correct:,}",
            f"{s.disagreements:,}", f"{s.sound:,}",
            items([f"{verdict} {n:,}" for verdict, n in s.verdicts.items()]),
            *([_pass_at(s)] if several else []),
        ]
        for s in scores
    ]  # fmt: skip
    return Table(
        "Scores by benchmark and model",
        [
            *columns(
                "Benchmark and model", "Problems", "Answers", "Correct", "pass@1", "95% interval",
                *(["Published"] if published else []), "Correct by the second grader",
                "Graders disagree", "Correct, nothing false stated",
            ),
            text("Verdicts"), *([text("pass@k")] if several else []),
        ],
        rows,
    )  # fmt: skip


def _pass_at(score: Score) -> Cell:
    return items([f"pass@{p.k} {p.value:.1%} ({p.low:.1%} to {p.high:.1%})" for p in score.pass_at])


def _differences(differences: Sequence[Difference]) -> Table:
    return Table(
        "Student against each other model, on the same problems",
        columns(
            "Benchmark, other model", "Student better", "Other better", "Equal",
            "Difference (points)", "95% interval", "p", "p by Holm",
        ),
        [
            [f"{d.benchmark}, {d.other}", f"{d.student_better:,}", f"{d.other_better:,}",
             f"{d.equal:,}", *points(d), f"{d.p:.3g}", f"{d.p_holm:.3g}"]
            for d in differences
        ],
    )  # fmt: skip


def _open_cases(cases: Sequence[OpenCase]) -> Table:
    titles = ("Problem", "Benchmark", "Model", "Known answer", "Stated answer", "Verdict",
              "Second grader", "Reason")  # fmt: skip
    return Table(
        "Answers that are undecided, or correct for one of the two graders only",
        [text(title) for title in titles],
        [
            [c.problem_id, c.benchmark, c.model, *(cut(one, _LONGEST) or NONE for one in (
                c.known, c.stated, c.verdict, c.second_verdict, c.reason,
            ))]
            for c in cases
        ],
    )  # fmt: skip
