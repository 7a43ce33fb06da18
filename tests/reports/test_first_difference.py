"""Where two files differ first."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from caco.reports.audit.first_difference import first_difference

ROWS = [{"id": n, "text": f"row {n}", "list": [str(n)]} for n in range(2_500)]


def table(path, rows, **options):
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


@pytest.fixture
def recorded(tmp_path):
    return table(tmp_path / "recorded.parquet", ROWS)


def changed(number, **values):
    return [row | values if row["id"] == number else row for row in ROWS]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (changed(2_100, text="row 0"), "row 2,100 (from 0), column `text`: 'row 2100' is now 'r"),
        (changed(7, list=["7", "8"]), "row 7 (from 0), column `list`: ['7'] is now ['7', '8']"),
        (ROWS[:-1], "row 2,499 (from 0), is missing now; 2,500 rows are now 2,499"),
        ([*ROWS, ROWS[0]], "row 2,500 (from 0), is new; 2,500 rows are now 2,501"),
        (ROWS[::-1], "column `id`: 0 is now 2499; the rows are the same in another order"),
        ([{"id": row["id"]} for row in ROWS], "the column `text` is missing now"),
        ([row | {"seconds": 1.5} for row in ROWS], "the column `seconds` is new"),
    ],
)
def test_the_first_row_and_column_are_named(tmp_path, recorded, rows, expected):
    assert expected in first_difference(recorded, table(tmp_path / "now.parquet", rows))


def test_a_row_that_differs_is_no_other_order(tmp_path, recorded):
    now = table(tmp_path / "now.parquet", changed(7, text="other")[::-1])
    assert "order" not in first_difference(recorded, now)


def test_another_encoding_of_equal_rows_is_named_as_such(tmp_path, recorded):
    now = table(tmp_path / "now.parquet", ROWS, compression="gzip")
    assert first_difference(recorded, now) == (
        "every row is equal; only the encoding of the file differs"
    )


def test_a_long_value_is_shown_from_shortly_before_its_difference(tmp_path, recorded):
    before = table(tmp_path / "before.parquet", changed(0, text="a" * 500 + "b" + "c" * 500))
    now = table(tmp_path / "now.parquet", changed(0, text="a" * 500 + "d" + "c" * 500))
    shown = first_difference(before, now)
    assert f"...{'a' * 20}b{'c' * 39}... is now ...{'a' * 20}d" in shown and len(shown) < 250


def test_a_text_is_compared_by_line_and_bytes_that_are_no_text_too(tmp_path):
    before, now = tmp_path / "card.md", tmp_path / "now.md"
    before.write_bytes(b"# Card\n27 rows\n\xff\n")
    now.write_bytes(b"# Card\n28 rows\n\xff\n")
    assert first_difference(before, now) == "line 2: '27 rows' is now '28 rows'"
    now.write_bytes(b"# Card\n")
    assert first_difference(before, now) == "line 2 is missing now"
    (torn := tmp_path / "torn.parquet").write_bytes(b"PAR1")
    assert "not a readable Parquet file" in first_difference(torn, torn)
