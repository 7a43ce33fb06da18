"""Compares the grades of GSM8K answers with those of lm-evaluation-harness; prints Markdown.

Both grade the same completions. The filters and the metric are read from the task `gsm8k` of the
installed package lm_eval, which none of the environments contains. See docs/benchmarks.md.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from caco.rows.graded import CORRECT, Graded
from caco.rows.table import read_rows
from caco.runtime.job import run

_TASK = "tasks/gsm8k/gsm8k.yaml"  # in the package lm_eval


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graded", type=Path, required=True, help="bench/MODEL/NAME.parquet")
    args = parser.parse_args()
    rows = list(read_rows(args.graded, Graded))
    task = yaml.safe_load((files("lm_eval") / _TASK).read_text(encoding="utf-8"))
    for name, verdicts in _harness(task, rows):
        _print(name, rows, verdicts)


def _harness(task: dict[str, Any], rows: list[Graded]) -> Iterator[tuple[str, list[bool]]]:
    """Yields each filter of the task, with whether it takes each completion for right."""
    from lm_eval.api.metrics import exact_match_hf_evaluate
    from lm_eval.filters import get_filter

    (metric,) = task["metric_list"]
    options = {k: v for k, v in metric.items() if k.startswith(("regexes_", "ignore_"))}
    for pipeline in task["filter_list"]:
        found: Any = [[row.completion] for row in rows]
        for step in pipeline["filter"]:
            settings = {k: v for k, v in step.items() if k != "function"}
            found = get_filter(step["function"])(**settings).apply(found, [{} for _ in rows])
        yield (
            pipeline["name"],
            [
                exact_match_hf_evaluate([stated], [row.answer], **options)["exact_match"] == 1
                for stated, row in zip(found, rows, strict=True)
            ],
        )


def _print(name: str, rows: list[Graded], verdicts: list[bool]) -> None:
    """Prints the counts of a filter, and the rows that it and the grader grade differently."""
    pairs = [(row.verdict == CORRECT, right) for row, right in zip(rows, verdicts, strict=True)]
    counts = Counter(pairs)
    print(f"\n## {name}\n\n| | right in lm_eval | wrong in lm_eval |\n|---|---|---|")
    for ours, label in ((True, "right here"), (False, "wrong here")):
        print(f"| {label} | {counts[ours, True]} | {counts[ours, False]} |")
    for row, (ours, theirs) in zip(rows, pairs, strict=True):
        if ours != theirs:
            end = " ".join(row.completion[-160:].split())
            print(f"\n- {row.problem_id}: known {row.answer}, here {row.verdict}, stated "
                  f"{row.stated!r}, ends: {end!r}")  # fmt: skip


if __name__ == "__main__":
    run(main)
