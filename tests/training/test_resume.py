"""A fine-tuning that is killed or preempted goes on, and ends where an undisturbed one ends."""

import os
import re
import signal
import time

import pytest
from tests.training.command_line import STEPS, curve, run, spec, start


def _flags(made):
    return ("--code-cots", made / "cots.parquet", "--ranks", 2, "--save-every", 0)


# srun's part in a Slurm job of two nodes: the command once a node.
_SRUN = """#!/bin/bash
while [[ $1 != */python* ]]; do shift; done
for node in 1 2; do "$@" & done
wait -n && wait -n
"""


@pytest.fixture(scope="module", params=[2, 3], ids=["ZeRO-2", "ZeRO-3"])
def undisturbed(made, tmp_path_factory, request):
    """A ZeRO stage, and what two ranks learn under it: of one node, under ZeRO-3 of two."""
    out = tmp_path_factory.mktemp(f"zero{request.param}")
    if request.param == 2:
        run("codegen", made, out, spec(), *_flags(made))
    else:
        bin = tmp_path_factory.mktemp("bin")
        (bin / "srun").write_text(_SRUN)
        (bin / "srun").chmod(0o755)
        with pytest.MonkeyPatch.context() as m:
            m.setenv("PATH", f"{bin}:{os.environ['PATH']}")
            m.setenv("SLURM_JOB_NUM_NODES", "2")
            m.setenv("SLURM_JOB_ID", "42")
            run("codegen", made, out, spec(zero_stage=3), *_flags(made)[:2])
    return request.param, curve(out)


def test_two_ranks_learn_what_one_learns(undisturbed, learnt):
    # Only the first two steps: the third is one row, which two ranks share by seeing it twice.
    for (_, loss, _, tokens), (_, same, _, same_tokens) in zip(
        curve(learnt[0])[:2], undisturbed[1][:2], strict=True
    ):
        assert (loss, tokens) == (pytest.approx(same, rel=1e-4), same_tokens)


def _interrupt(process, kept, after, number):
    """Sends a signal once a checkpoint of more than `after` steps is in place; returns stderr."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if any(int(p.name.removeprefix("step-")) > after for p in kept.glob("step-*")):
            break
        time.sleep(0.005)
    process.send_signal(number)
    said = process.communicate(timeout=120)[1]
    assert process.returncode != 0, said
    return said


def _step(pattern, said):
    found = re.search(pattern, said)
    assert found, said
    return int(found[1])


def test_killed_and_preempted_it_ends_where_the_undisturbed_one_ends(made, undisturbed, tmp_path):
    stage, whole = undisturbed
    kept = tmp_path / "record.training"
    assert [step for step, *_ in whole] == list(range(1, STEPS + 1))
    assert whole[-1][1] < whole[0][1] - 1

    process = start("codegen", made, tmp_path, spec(zero_stage=stage), *_flags(made))
    _interrupt(process, kept, 4, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "manifest.json").exists()

    process = start("codegen", made, tmp_path, spec(zero_stage=stage), *_flags(made))
    said = _interrupt(process, kept, 20, signal.SIGUSR1)
    assert 4 < _step(r"codegen: going on after step (\d+)", said) < 25
    assert process.returncode == os.EX_TEMPFAIL
    ended = _step(r"cluster notice: codegen was told to end and did so after step (\d+);", said)
    assert 20 < ended < STEPS

    said = run("codegen", made, tmp_path, spec(zero_stage=stage), *_flags(made))
    assert _step(r"codegen: going on after step (\d+)", said) == ended
    resumed = curve(tmp_path)
    assert [(step, tokens) for step, _, _, tokens in resumed] == [
        (step, tokens) for step, _, _, tokens in whole
    ]
    assert [row[1] for row in resumed] == pytest.approx([row[1] for row in whole], rel=0.01)
    beside = {"checkpoint", "manifest.json", "loss.parquet", "record.json"}
    assert {p.name for p in tmp_path.iterdir()} == beside
