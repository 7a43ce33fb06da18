"""Tables on disk: atomic writes, types, and errors for invalid files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.errors import ClusterError, UserError
from caco.rows.answered import Answered
from caco.rows.graded import Graded
from caco.rows.loss import Loss
from caco.rows.rejected import Rejected, reject
from caco.rows.table import count_rows, read_rows, schema, write_rows
from caco.runtime.atomic_files import atomic_file, atomic_folder

LOSS = Loss(1, 0.5, 2.25, 1e-4, None, 128)


@given(st.lists(st.builds(Rejected, st.text(), st.text(), st.text(), st.text()), max_size=5))
def test_rows_round_trip_through_a_file(rows: list[Rejected]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        assert write_rows(path, Rejected, iter(rows)) == len(rows)
        assert list(read_rows(path, Rejected)) == rows
        assert count_rows(path, Rejected) == len(rows)


def test_more_rows_than_one_batch_round_trip(tmp_path: Path) -> None:
    rows = [Rejected(str(n), "v", "r", "{}") for n in range(2_500)]
    write_rows(tmp_path / "a.parquet", Rejected, rows)
    assert list(read_rows(tmp_path / "a.parquet", Rejected)) == rows


def test_equal_rows_make_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / name, Loss, [LOSS])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_only_optional_columns_are_nullable() -> None:
    assert schema(Loss).field("grad_norm").nullable
    assert not schema(Loss).field("loss").nullable


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    def rows():
        yield LOSS
        raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        write_rows(tmp_path / "a.parquet", Loss, rows())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_an_unreadable_file_is_reported_with_the_fix(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.parquet"
    write_rows(path, Loss, [LOSS])
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-20], "garbage": b"not parquet" * 9, "empty": b""}[damage])
    with pytest.raises(UserError, match=r"a\.parquet: not a readable Parquet file .* delete it"):
        list(read_rows(path, Loss))


def test_damaged_data_is_reported_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_rows(path, Rejected, [Rejected(str(n), "v", "r" * n, "{}") for n in range(500)])
    raw = bytearray(path.read_bytes())
    raw[10:60] = b"\xff" * 50
    path.write_bytes(raw)
    with pytest.raises(UserError, match=r"a\.parquet: damaged .* delete it"):
        list(read_rows(path, Rejected))


def test_a_dropped_batch_is_noticed(tmp_path: Path) -> None:
    rows = [Rejected(str(n), "v", "r", "{}") for n in range(2_500)]
    write_rows(tmp_path / "a.parquet", Rejected, rows)
    table = pq.read_table(tmp_path / "a.parquet")
    written = pq.read_metadata(tmp_path / "a.parquet").metadata or {}
    with pq.ParquetWriter(tmp_path / "b.parquet", table.schema) as out:
        out.write_table(table.slice(0, 1_500))
        out.add_key_value_metadata({"caco.rows.sha256": written[b"caco.rows.sha256"].decode()})
    read = read_rows(tmp_path / "b.parquet", Rejected)
    with pytest.raises(UserError, match=r"b\.parquet: damaged \(its rows are not those that were"):
        list(read)


def test_a_file_of_another_row_type_is_an_error(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.parquet", Loss, [LOSS])
    with pytest.raises(UserError, match="but a Graded row has"):
        list(read_rows(tmp_path / "a.parquet", Graded))


def foreign(path: Path, columns: dict[str, pa.Array]) -> Path:
    """Writes a file of `Answered` rows as another program would, with some columns replaced."""
    values = {pa.int64(): 0, pa.string(): "x"}
    row = {f.name: pa.array([values.get(f.type)], f.type) for f in schema(Answered)}
    pq.write_table(pa.table({**row, **columns}), path)
    return path


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"completion": pa.array([None], pa.string())},
         r"damaged \(the column `completion` contains a null\); delete it"),
        ({"tokens": pa.array([None], pa.int64())}, "the column `tokens` contains a null"),
        ({"tokens": pa.array(["3"])}, "the column `tokens` has the type string, but that of a "
         "Answered row is int64"),
        ({"completion": pa.array([3])}, "`completion` has the type int64"),
        ({"completion": pa.array([b"x"])}, "`completion` has the type binary"),
        ({}, "its rows are not those that were written"),
    ],
)  # fmt: skip
def test_a_file_of_another_program_is_an_error(
    tmp_path: Path, columns: dict[str, pa.Array], message: str
) -> None:
    path = foreign(tmp_path / "a.parquet", columns)
    with pytest.raises(UserError, match=message) as caught:
        list(read_rows(path, Answered))
    assert str(path) in str(caught.value)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        list(read_rows(tmp_path / "absent.parquet", Loss))


def test_a_rejection_contains_the_complete_row() -> None:
    assert reject("id", "too_short", "it is", LOSS).row == (
        '{"epoch":0.5,"grad_norm":null,"learning_rate":0.0001,"loss":2.25,"step":1,"tokens":128}'
    )


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with pytest.raises(RuntimeError), atomic_file(path) as aside:
        aside.write_text("half")
        raise RuntimeError
    assert list(path.parent.iterdir()) == []
    with atomic_file(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"


def test_a_folder_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with atomic_folder(path) as aside:
        (aside / "old").write_text("1")
    with pytest.raises(RuntimeError), atomic_folder(path) as aside:
        (aside / "new").write_text("2")
        raise RuntimeError
    assert [f.name for f in path.iterdir()] == ["old"]
    with atomic_folder(path) as aside:
        (aside / "new").write_text("2")
    assert [f.name for f in path.iterdir()] == ["new"]
    assert [f.name for f in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_is_the_clusters_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with (
        pytest.raises(ClusterError, match=r"/file: no space left on its disk.*run again"),
        atomic_file(path) as aside,
    ):
        aside.symlink_to("/dev/full")
        aside.write_text("more than fits")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_known_by_a_librarys_words(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"/folder: no space left"), atomic_folder(
        tmp_path / "folder"
    ):  # fmt: skip
        raise RuntimeError("SafetensorError: I/O error: No space left on device (os error 28)")


def test_what_a_killed_job_left_is_swept_up_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".file.1.part").write_text("half")
    (tmp_path / ".folder.1.part").mkdir()
    with atomic_file(tmp_path / "file") as aside:
        aside.write_text("whole")
    with atomic_folder(tmp_path / "folder"):
        pass
    assert sorted(f.name for f in tmp_path.iterdir()) == ["file", "folder"]
