"""The checkpoint folder: complete checkpoints with the fingerprint of the training."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from tests.rows.test_bit_flips import FLIPS, flipped

from caco.errors import CacoError, ClusterError, UserError
from caco.identity import file_sha256
from caco.rows.loss import Loss
from caco.runtime import atomic_files as files
from caco.runtime.atomic_files import atomic_folder, remove_folder
from caco.training.rank import RankTask
from caco.training.runtime.checkpoints import (
    CheckpointFolder,
    append_step,
    checkpoint_name,
    commit_checkpoint,
    open_checkpoint_folder,
    read_steps,
    remove_all_but_newest,
    step_of,
)
from caco.training.runtime.preemption import preemption_handler

_SRC = Path(__file__).resolve().parents[2] / "src"
_FINGERPRINT = {"settings": "{}", "code": "c0de", "model": "m0", "ranks": "2"}


def _write(folder, step):
    with open_checkpoint_folder(folder, _FINGERPRINT) as opened:
        (opened.scratch / "new").mkdir()
        (opened.scratch / "new" / "part").write_text(str(step))
        remove_all_but_newest(opened)
        commit_checkpoint(opened.scratch / "new", opened, step)


def _newest(checkpoints):
    newest = checkpoints.newest_intact()
    assert newest is not None and newest == checkpoints.newest()
    return newest


def test_only_the_newest_two_checkpoints_are_retained(tmp_path):
    for step in (9, 10, 100):
        _write(tmp_path / "checkpoints", step)
    with open_checkpoint_folder(tmp_path / "checkpoints", _FINGERPRINT) as opened:
        assert step_of(_newest(opened)) == 100
        saved = sorted(p.name for p in opened.folder.glob("step-*"))
        assert saved == [checkpoint_name(10), checkpoint_name(100)]


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
        assert not (opened.scratch / "tokens").exists()


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
from caco.training.runtime.checkpoints import (
    commit_checkpoint, open_checkpoint_folder, remove_all_but_newest, step_of
)
with open_checkpoint_folder(Path(sys.argv[1]), {"settings": "1"}) as opened:
    for step in itertools.count(step_of(opened.newest()) + 1 if opened.newest() else 1):
        written = opened.scratch / f"checkpoint-{step}"
        for rank in range(4):
            (written / str(rank)).mkdir(parents=True)
            (written / str(rank) / "state").write_text(f"{step} " * 50_000)
        remove_all_but_newest(opened)
        commit_checkpoint(written, opened, step)
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


def test_a_damaged_checkpoint_is_skipped_and_deleted_if_the_one_before_it_is_intact(
    tmp_path, capsys
):
    folder = tmp_path / "checkpoints"
    for step in (5, 10):
        _write(folder, step)
    part = folder / checkpoint_name(10) / "part"
    part.write_text("11")
    with open_checkpoint_folder(folder, _FINGERPRINT) as opened:
        newest = opened.newest_intact()
        assert newest == opened.newest() == folder / checkpoint_name(5)
    assert re.fullmatch(
        rf"warning: {part}: damaged: its SHA-256 was \w{{64}} and is \w{{64}}; the checkpoint "
        "after step 10 is deleted, and training resumes from the one after step 5\n",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize("name", ["part", "digests.json"])
def test_without_an_intact_checkpoint_training_does_not_start_and_all_are_retained(tmp_path, name):
    folder = tmp_path / "checkpoints"
    for step in (5, 10):
        _write(folder, step)
        (folder / checkpoint_name(step) / name).unlink()
    with open_checkpoint_folder(folder, _FINGERPRINT) as opened:
        with pytest.raises(UserError) as refused:
            opened.newest_intact()
        assert str(refused.value) == (
            f"{folder / checkpoint_name(10) / name}: the file is missing; there is no other "
            f"checkpoint to resume from: restore the file, or type `rm -r {folder}` to train from "
            "scratch"
        )
    assert len(list(folder.glob("step-*"))) == 2


def _refusals(path, read, expected):
    """Returns how many of the flips in a file are refused with its name."""
    refused = 0
    for at in flipped(path, path.name):
        try:
            assert read() == expected, at
        except CacoError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error), at
            refused += 1
    return refused


@pytest.mark.parametrize("name", ["part", "digests.json"])
def test_a_flipped_bit_of_a_checkpoint(tmp_path, name):
    """A flip in `digests.json` is refused, or is one of white space."""
    _write(tmp_path, 5)
    saved = tmp_path / checkpoint_name(5)
    refused = _refusals(saved / name, CheckpointFolder(tmp_path).newest_intact, saved)
    assert refused == FLIPS if name == "part" else refused > FLIPS * 0.8


def test_a_flipped_bit_of_the_loss_so_far(tmp_path):
    path = tmp_path / "loss.jsonl"
    expected = [(Loss(n, n / 4, 2.0 / n, 1e-4, None, 100 * n), 1.5 * n) for n in range(1, 9)]
    for row, seconds in expected:
        append_step(path, row, seconds)
    assert read_steps(path) == expected
    assert _refusals(path, lambda: read_steps(path), expected) > FLIPS * 0.9


def test_a_flipped_bit_of_the_tokens_or_the_task_of_the_ranks(tmp_path):
    tokens, plan = tmp_path / "tokens.parquet", tmp_path / "plan.json"
    tokens.write_bytes(Random("tokens").randbytes(3_000))
    task = RankTask(
        stage="codegen", model="base", tokens=str(tokens), tokens_sha256=file_sha256(tokens),
        end="<|im_end|>", checkpoint="out", checkpoints=str(tmp_path), resume=None,
        save_every_s=9.0, deepspeed={"zero_optimization": {"stage": 2}},
        training="{}",
    )  # fmt: skip
    task.write(plan)
    assert _refusals(tokens, lambda: RankTask.read(plan), task) == FLIPS
    assert _refusals(plan, lambda: RankTask.read(plan), task) > FLIPS * 0.8
