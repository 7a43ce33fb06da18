"""The profile's wrappers of Slurm commands, which handle errors that the executor does not."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def call(folder: Path, *command: str, **bodies: str) -> subprocess.CompletedProcess[str]:
    """Calls a wrapper; the scripts in `bodies` replace Slurm's commands, `sleep` does nothing."""
    for name, body in {**bodies, "sleep": ""}.items():
        (folder / name).write_text(f"#!/bin/bash\ncd {folder}\n{body}\n")
        (folder / name).chmod(0o755)
    path = f"{ROOT}/profiles/slurm/bin:{folder}:{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=folder,
        env={"SNAKEMAKE_PID": str(os.getpid()), **os.environ, "PATH": path},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def submit(folder: Path, sbatch: str, squeue: str = "") -> subprocess.CompletedProcess[str]:
    job = ("sbatch", "--job-name", "caco_1", "--comment", "rule_sample")
    return call(folder, *job, sbatch=sbatch, squeue=squeue)


@pytest.mark.parametrize(
    "refusal",
    [
        "sbatch: error: Batch job submission failed: Unable to contact slurm controller",
        "sbatch: error: QOSMaxSubmitJobPerUserLimit",
        "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy "
        "(job submit limit, the size and/or time limits)",
        "sbatch: error: Batch job submission failed: "
        "Required partition not available (inactive or drain)",
        "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying",
    ],
)
def test_a_temporary_refusal_is_retried(tmp_path: Path, refusal: str) -> None:
    done = submit(
        tmp_path,
        f"echo >> calls; if [ $(wc -l < calls) -le 3 ]; then echo '{refusal}' >&2; exit 1; fi\n"
        "echo 'sbatch: warning: shown' >&2; echo 42",
    )
    assert (done.returncode, done.stdout) == (0, "42\n")
    assert (tmp_path / "calls").read_text() == "\n" * 4
    # The executor treats a job as failed if stderr contains "submission failed".
    assert done.stderr == "sbatch: warning: shown\n"


@pytest.mark.parametrize(
    "refusal",
    [
        "sbatch: error: Invalid account",
        "sbatch: error: QOSMaxWallDurationPerJobLimit\n"
        "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy "
        "(job submit limit, the size and/or time limits)",
    ],
)
def test_a_permanent_refusal_fails_immediately(tmp_path: Path, refusal: str) -> None:
    done = submit(tmp_path, f"echo >> calls; echo '{refusal}' >&2; exit 3")
    assert (done.returncode, done.stderr) == (3, f"{refusal}\n")
    assert (tmp_path / "calls").read_text() == "\n"


def test_a_job_accepted_without_a_reply_is_not_submitted_twice(tmp_path: Path) -> None:
    done = submit(
        tmp_path,
        "echo >> calls; echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1",
        "echo '6|rule_verify'; echo '7|rule_sample'",
    )
    assert (done.returncode, done.stdout) == (0, "7\n")
    assert (tmp_path / "calls").read_text() == "\n"


def test_retries_stop_when_snakemake_has_exited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exited = subprocess.Popen(["true"])
    exited.wait()
    monkeypatch.setenv("SNAKEMAKE_PID", str(exited.pid))
    refused = "sbatch: error: Batch job submission failed: Unable to contact slurm controller"
    done = submit(tmp_path, f"echo >> calls; echo '{refused}' >&2; exit 1")
    assert (done.returncode, done.stdout) == (1, "")
    assert (tmp_path / "calls").read_text() == "\n"


SACCT_QUERY = ("sacct", "-X", "--name", "caco_1")
SQUEUE_SCRIPT = "[[ $* == *'--name caco_1'* ]] && echo '7|RUNNING'"


def test_without_accounting_sacct_queries_squeue(tmp_path: Path) -> None:
    (tmp_path / ".snakemake").mkdir()
    done = call(tmp_path, *SACCT_QUERY, sacct="echo disabled >&2; exit 1", squeue=SQUEUE_SCRIPT)
    assert (done.returncode, done.stdout) == (0, "7|RUNNING\n")


def test_with_accounting_sacct_is_unchanged(tmp_path: Path) -> None:
    done = call(tmp_path, *SACCT_QUERY, sacct="echo '7|COMPLETED'", squeue=SQUEUE_SCRIPT)
    assert (done.returncode, done.stdout) == (0, "7|COMPLETED\n")


STATUS_QUERY = ("squeue", "--format=%i|%T", "--states=all", "--noheader", "--name", "caco_1")


def test_a_job_missing_from_squeue_has_ended(tmp_path: Path) -> None:
    (tmp_path / ".snakemake").mkdir()
    replies = ("7|RUNNING\n8|PENDING\n", "8|RUNNING\n", "")
    printed = [call(tmp_path, *STATUS_QUERY, squeue=f"printf '{text}'").stdout for text in replies]
    assert [text.split() for text in printed] == [
        ["7|RUNNING", "8|PENDING"], ["7|UNKNOWN", "8|RUNNING"], ["7|UNKNOWN", "8|UNKNOWN"],
    ]  # fmt: skip
    other = ("squeue", "--noheader", "--format", "%i|%T")
    assert call(tmp_path, *other, squeue="echo '9|PREEMPTED'").stdout == "9|PREEMPTED\n"


def test_no_job_has_ended_when_the_controller_does_not_respond(tmp_path: Path) -> None:
    (tmp_path / ".snakemake").mkdir()
    call(tmp_path, *STATUS_QUERY, squeue="echo '7|RUNNING'")
    done = call(tmp_path, *STATUS_QUERY, squeue="echo no controller >&2; exit 1")
    assert (done.returncode, done.stdout) == (1, "")


def test_a_preempted_job_that_is_not_requeued_has_failed(tmp_path: Path) -> None:
    (tmp_path / ".snakemake").mkdir()
    assert call(tmp_path, *STATUS_QUERY, squeue="echo '7|PREEMPTED'").stdout == "7|FAILED\n"
