"""Generation under kills and at scale: fifty kills per stage, and the memory that a row needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.generation.stage import ROOT, STAGES, outputs, prepare

from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected
from caco.rows.reply import Reply
from caco.rows.solution import Solution
from caco.rows.table import count_rows

# Row types of the first output, where it does not hold solutions.
ACCEPTED = {"sample": Program, "question": Question, "redraft": Redraft}
HERE = Path(__file__).parent
FEW, MANY = 2_000, 22_000
MAX_BYTES_PER_ROW = 5_000  # 500 MB for a shard of 100,000 rows


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
    """A state in which a job spends 6% of its time is hit by one of 50 kills in 95 of 100 runs.

    Shorter ones are states of the files, which tests/runtime/test_journal.py makes directly: the
    journal is cut at every byte.
    """
    print(_run("kill_repeatedly", stage, tmp_path, 50))


@pytest.mark.parametrize("stage", STAGES)
def test_the_memory_of_a_shard_grows_by_a_fraction_of_its_rows(tmp_path, stage):
    """The larger job fails shortly before its end and then resumes."""
    peaks = []
    for rows, *fails_after in ([FEW], [MANY, MANY - 200], [MANY]):
        folder = tmp_path / str(rows)
        folder.mkdir(exist_ok=True)
        prepare(stage, folder, rows)
        peaks.append(int(_run("stage", stage, folder, rows, 256, *fails_after)))  # KiB
    few, *many = peaks
    growth = [(peak - few) * 1024 / (MANY - FEW) for peak in many]
    print(f"{stage}: {few >> 10} MiB and {growth[0]:.0f} bytes a row, {growth[1]:.0f} resumed")
    accepted = ACCEPTED.get(stage, Solution)
    files = outputs(stage, tmp_path / str(MANY) / "out")
    counts = [
        count_rows(file, row_type)
        for file, row_type in zip(files, (accepted, Rejected, Reply), strict=False)
    ]
    assert sum(counts[:2]) == MANY
    assert counts[2:] in ([], [MANY])  # replies
    assert max(growth) < MAX_BYTES_PER_ROW
