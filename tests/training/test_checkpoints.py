"""What a training keeps: whole checkpoints of this training, and nothing else."""

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
from caco.runtime.atomic_files import folder_aside, remove_folder
from caco.training.runtime.checkpoints import (
    checkpoint_name,
    commit_checkpoint,
    open_checkpoint_folder,
    step_of,
)
from caco.training.runtime.preemption import preemption_handler

_SRC = Path(__file__).resolve().parents[2] / "src"
_BASIS = {"settings": "{}", "code": "c0de", "model": "m0", "ranks": "2"}


def _write(folder, step):
    with open_checkpoint_folder(folder, _BASIS) as kept:
        (kept.scratch / "new").mkdir()
        (kept.scratch / "new" / "part").write_text(str(step))
        commit_checkpoint(kept.scratch / "new", folder, step)


def test_the_newest_checkpoint_alone_stays(tmp_path):
    for step in (9, 10, 100):
        _write(tmp_path / "kept", step)
    with open_checkpoint_folder(tmp_path / "kept", _BASIS) as kept:
        assert step_of(kept.newest()) == 100
        assert [p.name for p in kept.folder.glob("step-*")] == [checkpoint_name(100)]


@pytest.mark.parametrize(
    ("other", "names"),
    [({"settings": "{1}"}, "settings"), ({"model": "m1", "ranks": "4"}, "model and ranks")],
)
def test_a_checkpoint_of_another_training_is_refused_and_stays(tmp_path, other, names):
    _write(tmp_path / "kept", 5)
    with (
        pytest.raises(UserError) as caught,
        open_checkpoint_folder(tmp_path / "kept", {**_BASIS, **other}),
    ):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'kept'}: was begun with other {names}; set them back to go on with that "
        "training, or delete the folder to train anew"
    )
    with open_checkpoint_folder(tmp_path / "kept", _BASIS) as kept:
        assert (kept.newest() / "part").read_text() == "5"


def test_without_a_checkpoint_another_training_begins_anew(tmp_path):
    with open_checkpoint_folder(tmp_path / "kept", _BASIS) as kept:
        (kept.scratch / "tokens").touch()
    with open_checkpoint_folder(tmp_path / "kept", {**_BASIS, "settings": "{1}"}) as kept:
        assert kept.newest() is None
        assert list(kept.scratch.iterdir()) == []


def test_two_processes_never_train_into_one_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_ORPHAN_S", 0.2)
    message = "kept: another process trains into it; wait until it has ended"
    with (
        open_checkpoint_folder(tmp_path / "kept", _BASIS),
        pytest.raises(ClusterError, match=message),
        open_checkpoint_folder(tmp_path / "kept", _BASIS),
    ):
        pass


_WRITER = """
import itertools, sys
from pathlib import Path
from caco.training.runtime.checkpoints import keep_checkpoint, keeping, step_of
with keeping(Path(sys.argv[1]), {"settings": "1"}) as kept:
    for step in itertools.count(step_of(kept.newest()) + 1 if kept.newest() else 1):
        written = kept.scratch / f"checkpoint-{step}"
        for rank in range(4):
            (written / str(rank)).mkdir(parents=True)
            (written / str(rank) / "state").write_text(f"{step} " * 50_000)
        keep_checkpoint(written, kept.folder, step)
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    folder, last = tmp_path / "kept", 0
    for moment in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(folder)],
            env={**os.environ, "PYTHONPATH": str(_SRC)},
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if any(step_of(kept) > last + 2 for kept in folder.glob("step-*")):
                break
            time.sleep(0.0007)
        time.sleep(0.0003 * moment)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        with open_checkpoint_folder(folder, {"settings": "1"}) as kept:
            newest = kept.newest()
            found = [file.read_text() for file in newest.rglob("state")]
            assert found == [f"{step_of(newest)} " * 50_000] * 4
            assert step_of(newest) > last
            last = step_of(newest)


def test_a_removed_folder_is_gone_at_once(tmp_path, monkeypatch):
    _write(tmp_path / "kept", 5)
    monkeypatch.setattr(files.shutil, "rmtree", lambda path: None)  # killed before it
    remove_folder(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_notice_is_a_file_and_ends_nothing(tmp_path):
    for number in (signal.SIGUSR1, signal.SIGTERM):
        with preemption_handler(tmp_path / number.name):
            os.kill(os.getpid(), number)
            time.sleep(0.01)
        assert (tmp_path / number.name).exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_folder_is_for_whom_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        with folder_aside(tmp_path / "checkpoint") as aside:
            (aside / "weights").touch(mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "checkpoint" / "weights").stat().st_mode) == 0o640
