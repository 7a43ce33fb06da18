"""The report's section on diversity and difficulty: the cells of its table, and its drawings."""

from markupsafe import Markup

from caco.config.checks import NumberMeasure
from caco.reports.page.svg import histogram
from caco.reports.page.tables import NONE, Table, columns, numbers, text
from caco.reports.quality.difficulties import GROUPS, Distribution
from caco.reports.quality.diversity import Diversity
from caco.reports.quality.pass_rates import GROUPS as RATES
from caco.reports.quality.quality import Quality

_TITLES: dict[NumberMeasure, str] = {
    "difficulty": "difficulty",
    "operations": "operations of the program",
    "code_statements": "statements of the program",
    "loops": "loops of the program",
    "depth": "depth of branches and loops",
    "inputs": "values in the input",
    "digits": "digits of the largest number",
    "steps": "steps of the solution",
}


def drawings(measured: Quality) -> list[tuple[str, Markup, Distribution, Distribution]]:
    """Returns, by measure, its title, drawing, and distributions over Code CoTs and corpus."""
    labels = [name.replace(" to ", "-").replace(" or more", "+") for name in GROUPS]
    found = []
    for measure, title in _TITLES.items():
        cots, rows = measured.code_cots[measure], measured.corpus[measure]
        drawing = histogram(labels, [("cots", cots.shares), ("rows", rows.shares)], title)
        found.append((title, drawing, cots, rows))
    return found


def pass_rate_drawing(measured: Quality) -> Markup | None:
    """Returns the drawing of the corpus's pass rates; None if its rows have none."""
    rates = measured.pass_rates
    return histogram(RATES, [("rows", rates.shares)], "pass rate") if rates.rows else None


def diversity_table(measured: Quality) -> Table | None:
    """Returns the diversity of each set, for samples of `measured.drawn` rows; None without one."""
    drawn = measured.drawn or 0
    some = f" in {drawn:,} rows" if drawn else " in a sample"
    return (
        Table(
            "Diversity of the accepted rows by stage",
            [
                text("Texts"), text("Stage"),
                *numbers("Rows", "Templates", f"Templates{some}", "Entropy", "Alike",
                         f"Families{some}", "Entropy of families", "Distinct 3-grams"),
            ],
            [[one.kind, one.stage, *_cells(one, drawn)] for one in measured.diversities],
        )
        if measured.diversities
        else None
    )  # fmt: skip


def vectors_table(measured: Quality) -> Table | None:
    """Returns the diversity of the problems of each stage by their vectors; None without vectors.

    The scores are those of samples of one size.
    """
    if not measured.vectors:
        return None
    heads = columns(
        "Stage",
        "Problems",
        "Vendi score",
        "of the seeds'",
        "Cosine to the nearest",
        "Cosine of two",
    )
    rows = [[one.stage, *one.cells] for one in measured.vectors]
    return Table("Diversity of the problems by their vectors", heads, rows)


def _cells(one: Diversity, drawn: int) -> list[str]:
    return [
        f"{one.rows:,}",
        f"{one.templates.distinct:,}",
        _cell(one.distinct_templates(drawn), "{:,.1f}"),
        f"{one.templates.entropy:.2f}",
        _cell(one.templates.alike, "{:.2%}"),
        _cell(one.distinct_families(drawn), "{:,.1f}"),
        _cell(one.families.entropy if one.families else None, "{:.2f}"),
        _cell(one.distinct_grams(drawn), "{:.3f}"),
    ]


def _cell(value: float | None, form: str) -> str:
    return NONE if value is None else form.format(value)
