"""The checkpoint folder: complete checkpoints with the fingerprint of the training."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caco.errors import ClusterError, UserError
from caco.runtime import atomic_files as files
from caco.runtime.atomic_files import atomic_folder, remove_folder
from caco.training.runtime.checkpoints import (
    checkpoint_name,
    commit_checkpoint,
    open_checkpoint_folder,
    step_of,
)
from caco.training.runtime.preemption import preemption_handler

_SRC = Path(__file__).resolve().parents[2] / "src"
_FINGERPRINT = {"settings": "{}", "code": "c0de", "model": "m0", "ranks": "2"}


def _write(folder, step):
    with open_checkpoint_folder(folder, _FINGERPRINT) as opened:
        (opened.scratch / "new").mkdir()
        (opened.scratch / "new" / "part").write_text(str(step))
        commit_checkpoint(opened.scratch / "new", folder, step)


def _newest(checkpoints):
    newest = checkpoints.newest()
    assert newest is not None
    return newest


def test_only_the_newest_checkpoint_is_retained(tmp_path):
    for step in (9, 10, 100):
        _write(tmp_path / "checkpoints", step)
    with open_checkpoint_folder(tmp_path / "checkpoints", _FINGERPRINT) as opened:
        assert step_of(_newest(opened)) == 100
        assert [p.name for p in opened.folder.glob("step-*")] == [checkpoint_name(100)]


@pytest.mark.parametrize(
    ("other", "names"),
    [({"settings": "{1}"}, "settings"), ({"model": "m1", "ranks": "4"}, "model and ranks")],
)
def test_a_checkpoint_with_another_fingerprint_is_refused_and_retained(tmp_path, other, names):
    _write(tmp_path / "checkpoints", 5)
    with (
        pytest.raises(UserError) as caught,
        open_checkpoint_folder(tmp_path / "checkpoints", {**_FINGERPRINT, **other}),
    ):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'checkpoints'}: was saved with other {names}; restore them to resume that "
        "training, or delete the folder to train from scratch"
    )
    with open_checkpoint_folder(tmp_path / "checkpoints", _FINGERPRINT) as opened:
        assert (_newest(opened) / "part").read_text() == "5"


def test_without_a_checkpoint_another_training_can_start(tmp_path):
    with open_checkpoint_folder(tmp_path / "checkpoints", _FINGERPRINT) as opened:
        (opened.scratch / "tokens").touch()
    with open_checkpoint_folder(
        tmp_path / "checkpoints", {**_FINGERPRINT, "settings": "{1}"}
    ) as opened:
        assert opened.newest() is None
        assert list(opened.scratch.iterdir()) == []


def test_two_processes_cannot_train_in_one_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_LOCK_TIMEOUT_S", 0.2)
    message = "checkpoints: another process is training in it; wait until it has exited"
    with (
        open_checkpoint_folder(tmp_path / "checkpoints", _FINGERPRINT),
        pytest.raises(ClusterError, match=message),
        open_checkpoint_folder(tmp_path / "checkpoints", _FINGERPRINT),
    ):
        pass


_WRITER = """
import itertools, sys
from pathlib import Path
from caco.training.runtime.checkpoints import commit_checkpoint, open_checkpoint_folder, step_of
with open_checkpoint_folder(Path(sys.argv[1]), {"settings": "1"}) as opened:
    for step in itertools.count(step_of(opened.newest()) + 1 if opened.newest() else 1):
        written = opened.scratch / f"checkpoint-{step}"
        for rank in range(4):
            (written / str(rank)).mkdir(parents=True)
            (written / str(rank) / "state").write_text(f"{step} " * 50_000)
        commit_checkpoint(written, opened.folder, step)
"""


def test_a_writer_killed_at_any_moment_leaves_a_complete_checkpoint(tmp_path):
    folder, last = tmp_path / "checkpoints", 0
    for moment in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(folder)],
            env={**os.environ, "PYTHONPATH": str(_SRC)},
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if any(step_of(saved) > last + 2 for saved in folder.glob("step-*")):
                break
            time.sleep(0.0007)
        time.sleep(0.0003 * moment)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        with open_checkpoint_folder(folder, {"settings": "1"}) as opened:
            newest = _newest(opened)
            found = [file.read_text() for file in newest.rglob("state")]
            assert found == [f"{step_of(newest)} " * 50_000] * 4
            assert step_of(newest) > last
            last = step_of(newest)


def test_removing_a_folder_is_atomic(tmp_path, monkeypatch):
    _write(tmp_path / "checkpoints", 5)
    # as if the process were killed here
    monkeypatch.setattr("caco.runtime.atomic_files.shutil.rmtree", lambda path: None)
    remove_folder(tmp_path / "checkpoints")
    assert not (tmp_path / "checkpoints").exists()


def test_a_preemption_signal_creates_a_file_and_does_not_kill_the_process(tmp_path):
    for number in (signal.SIGUSR1, signal.SIGTERM):
        with preemption_handler(tmp_path / number.name):
            os.kill(os.getpid(), number)
            time.sleep(0.01)
        assert (tmp_path / number.name).exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_permissions_of_a_folder_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_folder(tmp_path / "checkpoint") as aside:
            (aside / "weights").touch(mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "checkpoint" / "weights").stat().st_mode) == 0o640
