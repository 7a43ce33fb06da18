"""Digests of files are computed once, until a file changes or the record is deleted."""

import os
from pathlib import Path

import pytest

from caco.identity import file_sha256
from caco.runtime import cache, checksums

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, which does not exist yet."""
    monkeypatch.setenv("CACO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    read: list[str] = []

    def sha256(path: Path) -> str:
        read.append(path.name)
        return file_sha256(path)

    monkeypatch.setattr(checksums, "file_sha256", sha256)
    return read


@pytest.fixture
def files(tmp_path: Path) -> dict[Path, str]:
    """Two files with their digests."""
    found = {}
    for name in ("weights", "tokenizer"):
        (tmp_path / name).write_text(name)
        found[tmp_path / name] = file_sha256(tmp_path / name)
    return found


def test_a_file_is_read_once(hashed: list[str], files: dict[Path, str]) -> None:
    for _ in range(3):
        assert cache.changed_files(files) == {}
    assert hashed == ["weights", "tokenizer"]


def test_a_changed_file_is_read_again(
    hashed: list[str], files: dict[Path, str], tmp_path: Path
) -> None:
    cache.changed_files(files)
    (tmp_path / "weights").write_text("weightz")
    assert cache.changed_files(files) == {tmp_path / "weights": file_sha256(tmp_path / "weights")}
    # Also what is remembered as another one: a damaged line of the cache makes no file damaged.
    cache.changed_files(files)
    assert hashed == ["weights", "tokenizer", "weights", "weights"]


def test_a_replaced_file_of_the_same_size_and_time_is_read_again(
    hashed: list[str], files: dict[Path, str], tmp_path: Path
) -> None:
    cache.changed_files(files)
    stat = (tmp_path / "weights").stat()
    (tmp_path / "other").write_text("weightz")
    os.utime(tmp_path / "other", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (tmp_path / "other").replace(tmp_path / "weights")
    assert list(cache.changed_files(files)) == [tmp_path / "weights"]


@pytest.mark.parametrize("damage", ["", "{", "[1]\n", "null\n", '["a", [], 1, 1, "b"]\n'])
def test_a_damaged_or_deleted_record_costs_time_only(
    hashed: list[str], files: dict[Path, str], folder: Path, damage: str
) -> None:
    cache.changed_files(files)
    (folder / "digests.jsonl").write_text(damage)
    assert cache.changed_files(files) == {}
    assert hashed == ["weights", "tokenizer"] * 2


def test_a_cache_that_cannot_be_written_costs_time_only(
    hashed: list[str], files: dict[Path, str], folder: Path
) -> None:
    folder.write_text("a file")
    for _ in range(2):
        assert cache.changed_files(files) == {}
    assert len(hashed) == 4


def test_the_time_for_a_large_file_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weights").write_bytes(bytes(2_000_000))
    cache.changed_files({tmp_path / "weights": EMPTY})
    assert capsys.readouterr().err.startswith(
        f"{tmp_path}/weights: the contents of 2 MB are checked ("
    )
    cache.changed_files({tmp_path / "weights": file_sha256(tmp_path / "weights")})
    assert capsys.readouterr().err == ""
