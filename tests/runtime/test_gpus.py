"""Which GPUs a job was given and how busy they were, as a stand-in for nvidia-smi tells."""

import json
import time
from pathlib import Path

import pytest
from tests.runtime.test_job import job_with

from caco.errors import ClusterError
from caco.runtime.gpus import GpuMonitor, assigned_gpus, gpu_groups, query_gpus, require_usable_gpus

TWO = "100, 70000\\n50, 71000"


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the file that holds the words with which it was asked, a line a time."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    says(tmp_path, TWO)
    return tmp_path / "asked"


def says(folder: Path, lines: str) -> None:
    script = f'#!/bin/sh\necho "$@" >> "{folder}/asked"\nprintf "{lines}\\n"\n'
    (folder / "nvidia-smi").write_text(script)
    (folder / "nvidia-smi").chmod(0o755)


def watched(watch: GpuMonitor, asked: Path, looks: int) -> dict[str, float]:
    """Returns what was seen after so many looks."""
    end = time.monotonic() + 20
    while not asked.exists() or len(asked.read_text().splitlines()) <= looks:
        assert time.monotonic() < end
        time.sleep(0.01)
    return watch.used()


def test_only_the_jobs_own_gpus_are_asked(nvidia_smi: Path) -> None:
    assert query_gpus("utilization.gpu", "memory.used") == [["100", "70000"], ["50", "71000"]]
    assert nvidia_smi.read_text() == (
        "--query-gpu=utilization.gpu,memory.used --format=csv,noheader,nounits --id=2,3\n"
    )


@pytest.mark.parametrize("said", ["", "NoDevFiles"])
def test_a_job_without_gpus_asks_nobody(
    nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    assert assigned_gpus() == ["2", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", said)
    assert (assigned_gpus(), gpu_groups(1), query_gpus("name")) == ([], [], [])
    assert not nvidia_smi.exists()


def test_where_nobody_gives_gpus_out_all_are_the_jobs(
    nvidia_smi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(tmp_path, "0\\n1")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert assigned_gpus() == ["0", "1"]
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert assigned_gpus() == []


def test_a_library_that_cannot_use_the_jobs_gpus_is_told_and_not_run_on_the_cpu(
    nvidia_smi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(tmp_path, "H100, 550.1\\nH100, 550.1")
    require_usable_gpus(True, "torch 2")
    with pytest.raises(ClusterError, match=r"2 GPUs \(H100, driver 550\.1\), and torch 2 can use"):
        require_usable_gpus(False, "torch 2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    require_usable_gpus(False, "torch 2")


def test_gpus_are_shared_out_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,GPU-a,GPU-b,7")
    assert gpu_groups(1) == ["4", "5", "GPU-a", "GPU-b", "7"]
    assert gpu_groups(2) == ["4,5", "GPU-a,GPU-b"]
    assert gpu_groups(6) == []


def test_the_mean_of_all_looks_and_the_most_memory_count(nvidia_smi: Path, tmp_path: Path) -> None:
    watch = GpuMonitor(every_s=0.05)
    assert watched(watch, nvidia_smi, 1) == {"gpu_busy": 0.75, "gpu_mb": 71_000}
    says(tmp_path, "0, 9000\\n0, 9000")
    used = watched(watch, nvidia_smi, 10)
    assert used["gpu_busy"] < 0.75 and used["gpu_mb"] == 71_000


def test_a_card_that_does_not_tell_says_nothing(nvidia_smi: Path, tmp_path: Path) -> None:
    says(tmp_path, "[N/A], [N/A]")
    assert watched(GpuMonitor(every_s=0.05), nvidia_smi, 2) == {}


def test_without_nvidia_smi_nothing_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert query_gpus("name") == []


def test_the_record_of_a_job_that_generates_tells_how_busy_its_gpus_were(
    nvidia_smi: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("out")
    job = job_with(tmp_path)
    path, _ = job.journal("the model")
    path.touch()
    end = time.monotonic() + 20
    while not (job._gpus and job._gpus.used()):
        assert time.monotonic() < end
        time.sleep(0.01)
    job.done()
    record = json.loads((tmp_path / "p.json").read_text())
    assert record["used"]["gpu_busy"] == 0.75 and record["used"]["gpu_mb"] == 71_000
    assert record["used"]["cpu_s"] > 0
    assert record["gpus"]["visible"] == "2,3"
