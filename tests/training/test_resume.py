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


@pytest.fixture(scope="module", params=[2, 3], ids=["ZeRO-2", "ZeRO-3"])
def uninterrupted(inputs, tmp_path_factory, request):
    """A ZeRO stage, and the loss curve of two ranks: on one node, under ZeRO-3 on two nodes."""
    out = tmp_path_factory.mktemp(f"zero{request.param}")
    if request.param == 2:
        run("codegen", inputs, out, _spec(), *_flags(inputs))
    else:
        bin = tmp_path_factory.mktemp("bin")
        (bin / "srun").write_text(_SRUN)
        (bin / "srun").chmod(0o755)
        with pytest.MonkeyPatch.context() as m:
            m.setenv("PATH", f"{bin}:{os.environ['PATH']}")
            m.setenv("SLURM_JOB_NUM_NODES", "2")
            m.setenv("SLURM_JOB_ID", "42")
            run("codegen", inputs, out, _spec(zero_stage=3), *_flags(inputs)[:2])
    return request.param, curve(out)


def test_two_ranks_have_the_losses_of_one(uninterrupted, trained):
    # The third step has one row, so one of the two ranks has none.
    for (_, loss, norm, tokens), (_, same, same_norm, same_tokens) in zip(
        curve(trained[0])[:6], uninterrupted[1][:6], strict=True
    ):
        assert (loss, tokens) == (pytest.approx(same, rel=1e-4), same_tokens)
        assert norm == pytest.approx(same_norm, rel=1e-3)


def _interrupt(process, checkpoints, after, number):
    """Sends a signal once there is a checkpoint of more than `after` steps; returns stderr."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if any(int(p.name.removeprefix("step-")) > after for p in checkpoints.glob("step-*")):
            break
        time.sleep(0.005)
    process.send_signal(number)
    stderr = process.communicate(timeout=120)[1]
    assert process.returncode != 0, stderr
    return stderr


def _step(pattern, stderr):
    found = re.search(pattern, stderr)
    assert found, stderr
    return int(found[1])


def test_a_killed_and_preempted_run_has_the_losses_of_an_uninterrupted_one(
    inputs, uninterrupted, tmp_path
):
    """Under ZeRO-3 it is only killed: a preemption saves what every step saves here."""
    stage, expected = uninterrupted
    checkpoints = tmp_path / "record.training"
    assert [step for step, *_ in expected] == list(range(1, STEPS + 1))
    assert expected[-1][1] < expected[0][1] - 1

    process = start("codegen", inputs, tmp_path, _spec(zero_stage=stage), *_flags(inputs))
    _interrupt(process, checkpoints, 4, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "manifest.json").exists()

    resumes = r"codegen: resuming after step (\d+)"
    if stage == 2:
        process = start("codegen", inputs, tmp_path, _spec(zero_stage=stage), *_flags(inputs))
        stderr = _interrupt(process, checkpoints, 12, signal.SIGUSR1)
        assert 4 < _step(resumes, stderr) < 16
        assert process.returncode == os.EX_TEMPFAIL
        preempted = r"cluster notice: codegen was preempted and stopped after step (\d+);"
        stopped = _step(preempted, stderr)
        assert 12 < stopped < STEPS

    stderr = run("codegen", inputs, tmp_path, _spec(zero_stage=stage), *_flags(inputs))
    assert _step(resumes, stderr) == stopped if stage == 2 else 4 < _step(resumes, stderr) < 16
    resumed = curve(tmp_path)
    assert [(step, tokens) for step, _, _, tokens in resumed] == [
        (step, tokens) for step, _, _, tokens in expected
    ]
    assert [row[1] for row in resumed] == pytest.approx([row[1] for row in expected], rel=0.01)
    outputs = {"checkpoint", "manifest.json", "loss.parquet", "record.json"}
    assert {p.name for p in tmp_path.iterdir()} == outputs


def test_rows_that_change_while_they_are_read_end_the_training(inputs, tmp_path):
    checkpoints = tmp_path / "record.training"
    process = start("codegen", inputs, tmp_path, _spec(), *_flags(inputs))
    deadline = time.monotonic() + 240
    while not list(checkpoints.glob("step-*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    (rows,) = checkpoints.glob("scratch/node-*/**/*.arrow")
    with rows.open("r+b") as file:
        file.seek(rows.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    stderr = process.communicate(timeout=240)[1]
    assert process.returncode == 1, stderr
    assert f"{rows}: damaged while it was read" in stderr
    assert not (tmp_path / "manifest.json").exists()
