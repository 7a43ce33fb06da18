"""Measures the form of a source's Code CoTs; prints a Markdown table.

Reads the files of a run: `code_cots/SOURCE.parquet` and `seeds/SOURCE.parquet`. The report has the
same figures of at most 1,000 programs.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from caco.reports.quality.program_form import FormSummary, form, summary
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.rows.table import read_rows


def table(found: FormSummary) -> Iterator[str]:
    """Yields the lines of a Markdown table of means and shares."""
    yield "| figure | value |\n|---|---|"
    yield f"| programs | {found.programs:,} |"
    yield f"| functions of a program | {found.functions:.2f} |"
    yield f"| statements of a function | {found.statements:.2f} |"
    yield f"| lines of code | {found.lines:.1f} |"
    for what, share in (
        ("a branch or a loop", found.control),
        ("a name with a number", found.numbered),
        ("the result in a comment", found.states_result),
        ("a float without decimals as output", found.whole_floats),
        ("numbers of the question in `input`", found.stated or 0.0),
    ):
        yield f"| {what} | {share:.1%} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--code-cots", type=Path, required=True, help="CodeCoT rows")
    parser.add_argument("--seeds", type=Path, required=True, help="their Seed rows")
    args = parser.parse_args()
    problems = {seed.seed_id: seed.problem for seed in read_rows(args.seeds, Seed)}
    rows = read_rows(args.code_cots, CodeCoT)
    found = [form(row.program, row.input, row.output, problems[row.seed_id]) for row in rows]
    forms = [one for one in found if one is not None]
    print("\n".join(table(summary("unify", args.code_cots.stem, forms))) if forms else "no program")


if __name__ == "__main__":
    main()
