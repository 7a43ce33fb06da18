"""The statement check on solutions that were labelled by reading, not by the check.

A label is the false arithmetic of the solution, or null. Arithmetic is what is stated of written
numbers: operations, comparisons, counts and conversions of units. Equations with unknowns, steps
that do not follow from the question, and functions such as logarithms are not.

`labelled.jsonl` was read before the conversions of units, degrees and roots were added to the
parser; `labelled_mathematics.jsonl` has solutions of harder problems.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from caco.statements.read import statements

HERE = Path(__file__).parent


def labelled(name: str) -> list[dict[str, Any]]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def counts(rows: list[tuple[str, str | None]]) -> tuple[int, int, int]:
    """Returns the false solutions that are found, those that are not, and the false alarms."""
    found = [any(s.holds is False for s in statements(text)) for text, _ in rows]
    false = [label is not None for _, label in rows]
    pairs = list(zip(found, false, strict=True))
    return pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False))


def test_the_labels_quote_their_solutions() -> None:
    for name in ("labelled", "labelled_mathematics"):
        for row in labelled(name):
            assert row["false"] is None or row["false"] in row["text"]


@pytest.mark.parametrize(
    ("name", "solutions", "recall"), [("labelled", 201, 0.9), ("labelled_mathematics", 67, 0.75)]
)
def test_precision_and_recall_of_false_statements(name: str, solutions: int, recall: float) -> None:
    rows = [(row["text"], row["false"]) for row in labelled(name) if "text" in row]
    assert len(rows) == solutions
    hits, misses, alarms = counts(rows)
    assert hits / (hits + alarms) >= 0.98
    assert hits / (hits + misses) >= recall


def test_the_labelled_rows_of_gsm8k(shared_data: Path) -> None:
    text = (shared_data / "seed" / "gsm8k_train.jsonl").read_text(encoding="utf-8")
    answers = [json.loads(line)["answer"].partition("\n####")[0] for line in text.splitlines()]
    rows = [(answers[row["row"]], row["false"]) for row in labelled("labelled") if "row" in row]
    assert len(rows) == 100
    assert counts(rows) == (0, 0, 0)
