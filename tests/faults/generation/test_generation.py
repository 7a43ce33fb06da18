"""Generation under kills and at scale: fifty kills per stage, and shards of 100,000 rows."""

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
MAX_MB = 500


def _run(program: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, HERE / f"{program}.py", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_shards_killed_fifty_times_at_random_are_byte_identical(tmp_path, stage):
    print(_run("kill_repeatedly", stage, tmp_path, 50))


@pytest.mark.parametrize("stage", STAGES)
def test_the_memory_of_a_shard_of_100_000_rows_is_bounded(tmp_path, stage):
    """The job fails shortly before its end and then resumes."""
    prepare(stage, tmp_path, ROWS)
    peaks = [
        int(_run("stage", stage, tmp_path, ROWS, 256, *fails_after)) / 1024
        for fails_after in ([ROWS - 1_000], [])
    ]
    print(f"{stage}: {ROWS:,} rows, at most {peaks[0]:.0f} MB, {peaks[1]:.0f} MB resumed")
    accepted = {"sample": Program, "question": Question}.get(stage, Solution)
    files = outputs(stage, tmp_path / "out")
    types = [accepted, Rejected][: len(files)]
    assert sum(count_rows(f, t) for f, t in zip(files, types, strict=True)) == ROWS
    assert max(peaks) < MAX_MB
