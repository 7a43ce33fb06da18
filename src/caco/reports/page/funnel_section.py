"""The funnel, and the form of the programs, as tables."""

from collections.abc import Sequence

from markupsafe import Markup

from caco.reports.funnel import FunnelStage
from caco.reports.page.svg import bar
from caco.reports.page.tables import NONE, Cell, Table, columns, items, numbers, text
from caco.reports.quality.program_form import FormSummary
from caco.runtime.progress import duration


def funnel_table(stages: Sequence[FunnelStage]) -> Table:
    """Returns the stages with their rows by verdict; those of benchmarks are left out."""
    widest = max((s.rows_in for s in stages), default=0) or 1
    return Table(
        "Rows by stage",
        [
            *columns("Stage", "In", "Accepted", "Share"),
            text("Accepted and rejected"), text("Rejected by verdict"),
            *numbers("Jobs", "Time"),
        ],
        [_row(s, widest) for s in stages if not s.beside_funnel],
    )  # fmt: skip


def _row(s: FunnelStage, widest: int) -> list[Cell]:
    label = f"{s.accepted:,} accepted, {s.rows_in - s.accepted:,} rejected"
    verdicts = [f"{verdict} {n:,}" for verdict, n in s.rejected.items()]
    notes = []
    if s.held_out:
        notes.append(f"{s.held_out:,} of the accepted held out for benchmarks")
    if s.variants > 1:
        notes.append(f"each row entered {s.variants} times")
    small = Markup("").join(Markup("<br><small>{}</small>").format(note) for note in notes)
    return [
        s.stage,
        f"{s.rows_in:,}",
        f"{s.accepted:,}",
        f"{s.accepted / s.rows_in:.1%}" if s.rows_in else NONE,
        bar(s.accepted / widest, (s.rows_in - s.accepted) / widest, label),
        Markup("{}{}").format(items(verdicts), small),
        f"{s.jobs:,}",
        duration(s.seconds),
    ]


def form_table(forms: Sequence[FormSummary]) -> Table:
    """Returns the form of the programs of each source."""
    return Table(
        "Form of the programs by source",
        columns(
            "Source", "Programs", "Functions", "Statements", "Lines", "Branch or loop",
            "Numbered names", "Numbers in input", "Integers as 12.0", "Result in a comment",
        ),
        [
            [f.source, f"{f.programs:,}", f"{f.functions:.2f}", f"{f.statements:.2f}",
             f"{f.lines:.1f}", f"{f.control:.1%}", f"{f.numbered:.1%}",
             f"{f.stated:.1%}" if f.stated is not None else NONE,
             f"{f.whole_floats:.1%}", f"{f.states_result:.1%}"]
            for f in forms
        ],
    )  # fmt: skip
