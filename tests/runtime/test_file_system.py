"""Errors of the file system: one sentence that names the file, the cause, the fix and the owner."""

import errno
import fcntl
import json
import os
import re
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from caco.errors import CacoError, ClusterError, UserError
from caco.rows.loss import Loss
from caco.rows.table import read_rows, write_rows
from caco.runtime.atomic_files import (
    append_line,
    atomic_file,
    atomic_folder,
    wait_for_lock,
    write_text,
)
from caco.runtime.file_system import clock_notice, file_system_error
from caco.runtime.heartbeat import Heartbeat
from caco.runtime.job import Job, run
from caco.runtime.journal import Journal

PARTS = {"settings": "{}", "model": "m", "code": "c"}
HOST = re.escape(socket.gethostname())
CASES = {
    errno.ENOSPC: (ClusterError, "no space left on its disk; free some space"),
    errno.EDQUOT: (ClusterError, "the quota of user `.+` on its disk is exceeded; delete files"),
    errno.EROFS: (ClusterError, f"its file system is read-only on {HOST}, .+; mount it writable"),
    errno.EIO: (
        ClusterError,
        rf"its disk or file server fails .+kernel's log of {HOST} \(`dmesg`",
    ),
    errno.ESTALE: (ClusterError, r"the file server does not know it any more .+; mount its file"),
    errno.ETIMEDOUT: (ClusterError, f"its file server does not answer {HOST}; wait"),
    errno.ENOLCK: (
        ClusterError,
        f"its file system has no locks on {HOST}, .+; mount it with locks",
    ),
    errno.EMFILE: (ClusterError, "too many files are open .+; raise the limit"),
    errno.ENFILE: (ClusterError, "too many files are open .+; raise the limit"),
    errno.EISDIR: (UserError, "it is a folder, not a file; move the folder away"),
    errno.ENOTDIR: (UserError, "a name before its last one is a file, not a folder; move that"),
    errno.EEXIST: (UserError, "a file is where a folder must be; move the file away"),
    errno.ELOOP: (UserError, "a symbolic link in its path leads back to itself; delete the link"),
    errno.ENAMETOOLONG: (UserError, "its name is too long for its file system; shorten it"),
    errno.EACCES: (UserError, "user `.+` may not read or write it; change its owner or mode"),
    errno.EPERM: (UserError, "user `.+` may not read or write it; change its owner or mode"),
}


def failure(number: int, path: Path | None = None) -> OSError:
    return OSError(number, os.strerror(number), *([str(path)] if path else []))


@pytest.fixture(params=CASES, ids=[errno.errorcode[number] for number in CASES])
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def explained(call: Callable[[], object], number: int, path: Path) -> None:
    """Asserts that a call ends with the sentence of an error number."""
    owner, sentence = CASES[number]
    with pytest.raises(CacoError) as caught:
        call()
    assert type(caught.value) is owner
    assert re.match(f"{re.escape(str(path))}: {sentence}.* run again", str(caught.value))
    assert "\n" not in str(caught.value)


def test_a_file_or_folder_that_cannot_be_written(tmp_path: Path, number: int) -> None:
    def write(to: Any, named: bool) -> None:
        with to(tmp_path / "x") as aside:
            raise failure(number, aside if named else None)

    for to in (atomic_file, atomic_folder):
        for named in (False, True):  # a temporary name is never shown
            explained(partial(write, to, named), number, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_while_another_is_written(tmp_path: Path, number: int) -> None:
    def write() -> None:
        with atomic_file(tmp_path / "out"):
            raise failure(number, tmp_path / "in")

    explained(write, number, tmp_path / "in")


def test_a_journal(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.journal"
    with Journal(path, PARTS) as journal:
        journal.add("one", {"text": "x"})

        def refuse(file: int, data: bytes) -> int:
            raise failure(number)

        with monkeypatch.context() as m:
            m.setattr("caco.runtime.journal.os.write", refuse)
            explained(lambda: journal.add("two", {}), number, path)
    with Journal(path, PARTS) as journal:
        assert len(journal) == 1


def test_a_heartbeat(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: int, data: bytes) -> int:
        raise failure(number)

    monkeypatch.setattr("caco.runtime.atomic_files.os.write", refuse)
    path = tmp_path / "a.starts"
    explained(lambda: Heartbeat(path), number, path)
    with pytest.raises(OSError) as caught:
        append_line(path, "x")
    assert caught.value.filename == str(path)


def test_a_table_that_cannot_be_read_is_not_to_be_deleted(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    write_rows(path, Loss, [])

    def refuse(*args: object, **named: object) -> None:
        raise failure(number)

    monkeypatch.setattr("caco.rows.table.pq.ParquetFile", refuse)
    explained(lambda: list(read_rows(path, Loss)), number, path)


def test_whatever_ends_a_job(
    tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise failure(number, tmp_path / "x")

    with pytest.raises(SystemExit):
        run(fails)
    owner, sentence = CASES[number]
    printed = capsys.readouterr().err
    assert re.fullmatch(
        f"{owner.owner} error: {re.escape(str(tmp_path))}/x: {sentence}.*\n", printed
    )


def test_folders_and_links_in_the_place_of_a_file(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(link.name)
    explained(lambda: list(read_rows(folder, Loss)), errno.EISDIR, folder)
    explained(lambda: write_text(folder, "x"), errno.EISDIR, folder)
    explained(lambda: list(read_rows(link, Loss)), errno.ELOOP, link)
    file = tmp_path / "file"
    file.write_text("")
    explained(lambda: write_text(file / "below", "x"), errno.EEXIST, file)
    explained(lambda: list(read_rows(file / "below", Loss)), errno.ENOTDIR, file / "below")


def test_a_librarys_error_with_the_systems_message() -> None:
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE):
        error = RuntimeError(f"I/O error: {os.strerror(number)} (os error {number})")
        found = file_system_error(error, Path("x"))
        assert found is not None and re.match(f"x: {CASES[number][1]}", str(found))


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "x"),
        RuntimeError("Permission denied"),
        PermissionError(errno.EPERM, "Operation not permitted"),  # of no file
        UserError("x: no space left on its disk"),  # explained already
    ],
)
def test_what_the_file_system_did_not_cause(error: Exception) -> None:
    assert file_system_error(error) is None


def test_a_lock_on_a_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "x").open("w") as file:
        for number, raised in ((errno.ENOLCK, False), (errno.ENOSYS, False), (errno.EIO, True)):

            def flock(file: object, how: int, number: int = number) -> None:
                raise failure(number)

            monkeypatch.setattr(fcntl, "flock", flock)
            if raised:
                with pytest.raises(OSError):
                    wait_for_lock(file.fileno(), "busy")
            else:
                wait_for_lock(file.fileno(), "busy")


def test_files_from_the_future_are_named(tmp_path: Path) -> None:
    now = time.time()
    for name, ahead in (("a", -50), ("b", 90), ("c", 400), ("d", 7_200)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (now + ahead,) * 2)
    files = [tmp_path / name for name in "abcde"]
    assert clock_notice(files[:2], now) is None
    notice = clock_notice(files, now)
    assert notice is not None
    assert notice.startswith(
        f"cluster notice: {tmp_path}/d: it was changed 7,200 s after the time of "
        f"{socket.gethostname()}, as were 1 other files"
    )


def test_a_clock_that_is_set_back_during_a_job_costs_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job("A test.", rule="r")
    record = tmp_path / "record.json"
    job.parse(["--spec", "{}", "--code", "c", "--provenance", str(record)])
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3_600)
    job.done()
    written = json.loads(record.read_text())
    assert 0 <= written["seconds"] < 60
    assert written["started"] <= written["ended"]
