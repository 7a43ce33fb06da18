"""A killed or preempted fine-tuning run resumes, and has the result of an uninterrupted one."""

import os
import re
import signal
import time

import pytest
from tests.training.command_line import STEPS, curve, run, spec, start


def _spec(**training):
    return spec(**training, cutoff=60, micro_tokens=60)  # a micro-batch a row


def _flags(inputs):
    return ("--code-cots", inputs / "cots.parquet", "--ranks", 2, "--save-every", 0)


# Replaces srun in a Slurm job of two nodes: runs the command twice.
_SRUN = """#!/bin/bash
while [[ $1 != */python* ]]; do shift; done
for node in 1 2; do "$@" & done
wait -n && wait -n
"""


def _require_losses_of_one_rank(out, trained):
    """Compares a finished run of two ranks with the uninterrupted run of one."""
    found, expected = curve(out), curve(trained[0])
    assert [step for step, *_ in expected] == list(range(1, STEPS + 1))
    assert expected[-1][1] < expected[0][1] - 1
    assert [(step, tokens) for step, _, _, tokens in found] == [
        (step, tokens) for step, _, _, tokens in expected
    ]
    # The third step has one row, so one of the two ranks has none.
    for (_, loss, norm, _), (_, same, same_norm, _) in zip(found[:6], expected[:6], strict=True):
        assert loss == pytest.approx(same, rel=1e-4)
        assert norm == pytest.approx(same_norm, rel=1e-3)
    assert [row[1] for row in found] == pytest.approx([row[1] for row in expected], rel=0.01)
    outputs = {"checkpoint", "manifest.json", "loss.parquet", "record.json"}
    assert {p.name for p in out.iterdir()} == outputs


def _wait_for_checkpoint(process, checkpoints, after):
    """Waits for a checkpoint of more than `after` steps."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if any(int(p.name.removeprefix("step-")) > after for p in checkpoints.glob("step-*")):
            break
        time.sleep(0.005)


def _failed(process):
    """Returns the stderr of a process that ends with an error."""
    stderr = process.communicate(timeout=240)[1]
    assert process.returncode != 0, stderr
    return stderr


def _step(pattern, stderr):
    found = re.search(pattern, stderr)
    assert found, stderr
    return int(found[1])


_RESUMES = r"codegen: resuming after step (\d+)"


def test_a_run_whose_rows_change_and_that_is_preempted_has_the_losses_of_an_uninterrupted_one(
    inputs, trained, tmp_path
):
    checkpoints = tmp_path / "record.training"
    process = start("codegen", inputs, tmp_path, _spec(), *_flags(inputs))
    _wait_for_checkpoint(process, checkpoints, 4)
    (rows,) = checkpoints.glob("scratch/node-*/**/*.arrow")
    with rows.open("r+b") as file:
        file.seek(rows.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    stderr = _failed(process)
    assert process.returncode == 1, stderr
    assert f"{rows}: damaged while it was read" in stderr
    assert not (tmp_path / "manifest.json").exists()

    process = start("codegen", inputs, tmp_path, _spec(), *_flags(inputs))
    _wait_for_checkpoint(process, checkpoints, 12)
    process.send_signal(signal.SIGUSR1)
    stderr = _failed(process)
    assert 4 < _step(_RESUMES, stderr) < 16
    assert process.returncode == os.EX_TEMPFAIL
    preempted = r"cluster notice: codegen was preempted and stopped after step (\d+);"
    stopped = _step(preempted, stderr)
    assert 12 < stopped < STEPS

    stderr = run("codegen", inputs, tmp_path, _spec(), *_flags(inputs))
    assert _step(_RESUMES, stderr) == stopped
    _require_losses_of_one_rank(tmp_path, trained)


def test_a_killed_run_under_zero_3_goes_on_with_its_ranks_on_two_nodes(
    inputs, trained, tmp_path, tmp_path_factory, monkeypatch
):
    training = _spec(zero_stage=3)
    process = start("codegen", inputs, tmp_path, training, *_flags(inputs))
    _wait_for_checkpoint(process, tmp_path / "record.training", 4)
    process.kill()
    _failed(process)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "manifest.json").exists()

    bin = tmp_path_factory.mktemp("bin")
    (bin / "srun").write_text(_SRUN)
    (bin / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    stderr = run("codegen", inputs, tmp_path, training, *_flags(inputs)[:2])
    assert 4 < _step(_RESUMES, stderr) < 16
    _require_losses_of_one_rank(tmp_path, trained)
