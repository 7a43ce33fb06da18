"""Generation at scale: killed at fifty random moments a stage, and a hundred thousand rows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.generation.stage import ROOT, STAGES, outputs, prepare

from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.rejected import Rejected
from caco.rows.solution import Solution
from caco.rows.table import count_rows

HERE = Path(__file__).parent
ROWS = 100_000
MOST_MB = 500


def _ran(program: str, *given: object) -> str:
    done = subprocess.run(
        [sys.executable, HERE / f"{program}.py", *map(str, given)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_fifty_random_moments_a_shard_ends_with_the_same_bytes(tmp_path, stage):
    print(_ran("killing", stage, tmp_path, 50))


@pytest.mark.parametrize("stage", STAGES)
def test_a_shard_of_a_hundred_thousand_rows_needs_little_memory(tmp_path, stage):
    """Through the script's own code, dead shortly before its end and then resumed."""
    prepare(stage, tmp_path, ROWS)
    peaks = [
        int(_ran("stage", stage, tmp_path, ROWS, 256, *dies_after)) / 1024
        for dies_after in ([ROWS - 1_000], [])
    ]
    print(f"{stage}: {ROWS:,} rows, at most {peaks[0]:.0f} MB, {peaks[1]:.0f} MB resumed")
    kept = {"sample": Program, "question": Question}.get(stage, Solution)
    files = outputs(stage, tmp_path / "out")
    types = [kept, Rejected][: len(files)]
    assert sum(count_rows(f, t) for f, t in zip(files, types, strict=True)) == ROWS
    assert max(peaks) < MOST_MB
