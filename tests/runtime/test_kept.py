"""Records are small: what is long is kept beside them, under its digest."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from caco.errors import UserError
from caco.runtime.chain import load_record, record_digest, write_record
from caco.runtime.kept import LONGEST_RECORD

SHARDS = [f"results/tiny/checked/{n:05d}.parquet" for n in range(500)]


def values(path: Path, **others: Any) -> dict[str, Any]:
    return {
        "record": str(path), "rule": "corpus", "identity": "all", "spec": {"n": 3}, "code": "c",
        "inputs": dict.fromkeys(SHARDS, "a" * 64), "outputs": {"corpus.parquet": "b" * 64},
        "made_by": {shard: {"record": f"{shard}.json", "digest": "d" * 64} for shard in SHARDS},
        "listed": {}, "host": "node", **others,
    }  # fmt: skip


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "tiny" / "provenance" / "corpus" / "all.json"


def test_a_long_record_is_read_as_it_was_written(record: Path) -> None:
    written = values(record)
    write_record(record, written)
    assert record.stat().st_size <= LONGEST_RECORD
    found = load_record(record)
    digest = found.pop("long_values")
    assert found == written and record_digest(found) == record_digest(written)
    (file,) = (record.parents[2] / "long_values").iterdir()
    assert file.name == f"{digest}.json"
    assert '"made_by"' not in record.read_text() and '"spec"' in record.read_text()


@pytest.mark.parametrize("length", range(3_000, 4_200, 7))
def test_no_record_is_longer_and_none_is_split_without_need(record: Path, length: int) -> None:
    written = values(record, inputs={}, made_by={}, command=["x" * length])
    write_record(record, written)
    assert record.stat().st_size <= LONGEST_RECORD
    shortened = (record.parents[2] / "long_values").exists()
    assert shortened == (length > 3_400) or 3_300 < length < 3_500


def test_a_run_that_is_moved_keeps_its_long_values(record: Path, tmp_path: Path) -> None:
    write_record(record, values(record))
    shutil.move(record.parents[2], tmp_path / "archive")
    found = load_record(tmp_path / "archive" / "provenance" / "corpus" / "all.json")
    assert found["inputs"] == dict.fromkeys(SHARDS, "a" * 64)


def test_long_values_that_are_missing_or_altered_are_named_and_written_again(
    record: Path,
) -> None:
    written = values(record)
    write_record(record, written)
    (file,) = (record.parents[2] / "long_values").iterdir()
    file.write_text(file.read_text().replace("aa", "ab", 1))
    with pytest.raises(UserError, match=f"{file}: altered, although {record} has its longest val"):
        load_record(record)
    write_record(record, written)
    assert load_record(record)["inputs"] == written["inputs"]
    file.unlink()
    with pytest.raises(UserError, match=r"missing, although .* restores it$"):
        load_record(record)


def test_a_record_outside_a_run_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(path, values(path))
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]
    assert load_record(path) == values(path)
