"""A fine-tuning that is killed or preempted goes on, and ends where an undisturbed one ends."""

import os
import re
import signal
import time

import pytest
from tests.training.command_line import curve, run, spec, start

_STEPS = 45


def _spec(stage):
    return spec(epochs=15, learning_rate=2e-3, zero_stage=stage)


def _flags(made):
    return ("--code-cots", made / "cots.parquet", "--ranks", 2, "--save-every", 0)


@pytest.fixture(scope="module", params=[2, 3], ids=["ZeRO-2", "ZeRO-3"])
def undisturbed(made, tmp_path_factory, request):
    """A ZeRO stage, and what two ranks learn under it."""
    out = tmp_path_factory.mktemp(f"zero{request.param}")
    run("codegen", made, out, _spec(request.param), *_flags(made))
    return request.param, curve(out)


def _interrupt(process, kept, after, number):
    """Sends a signal once a checkpoint of more than `after` steps is in place; returns stderr."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if any(int(p.name.removeprefix("step-")) > after for p in kept.glob("step-*")):
            break
        time.sleep(0.005)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode != 0, said
    return said


def _step(pattern, said):
    found = re.search(pattern, said)
    assert found, said
    return int(found[1])


def test_killed_and_preempted_it_ends_where_the_undisturbed_one_ends(made, undisturbed, tmp_path):
    stage, whole = undisturbed
    kept = tmp_path / "record.training"
    assert [step for step, *_ in whole] == list(range(1, _STEPS + 1))
    assert whole[-1][1] < whole[0][1] - 1

    process = start("codegen", made, tmp_path, _spec(stage), *_flags(made))
    _interrupt(process, kept, 4, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "manifest.json").exists()

    process = start("codegen", made, tmp_path, _spec(stage), *_flags(made))
    said = _interrupt(process, kept, 20, signal.SIGUSR1)
    assert 4 < _step(r"codegen: going on after step (\d+)", said) < 25
    assert process.returncode == os.EX_TEMPFAIL
    ended = _step(r"cluster notice: codegen was told to end and did so after step (\d+);", said)
    assert 20 < ended < _STEPS

    said = run("codegen", made, tmp_path, _spec(stage), *_flags(made))
    assert _step(r"codegen: going on after step (\d+)", said) == ended
    resumed = curve(tmp_path)
    assert [(step, tokens) for step, _, _, tokens in resumed] == [
        (step, tokens) for step, _, _, tokens in whole
    ]
    assert resumed[-1][1] == pytest.approx(whole[-1][1], rel=0.01)
    beside = {"checkpoint", "manifest.json", "loss.parquet", "record.json"}
    assert {p.name for p in tmp_path.iterdir()} == beside
