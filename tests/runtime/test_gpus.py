"""The GPUs of a job and their load, from a stand-in for nvidia-smi."""

import json
import time
from pathlib import Path

import pytest
from tests.runtime.test_job import job_with

from caco.errors import ClusterError
from caco.runtime.gpus import GpuMonitor, assigned_gpus, gpu_groups, query_gpus, require_usable_gpus

TWO = "100, 70000, 300.5\\n50, 71000, 99.5"


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the file with the arguments of each call, one line per call."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    prints(tmp_path, TWO)
    return tmp_path / "calls"


def prints(folder: Path, lines: str) -> None:
    script = f'#!/bin/sh\necho "$@" >> "{folder}/calls"\nprintf "{lines}\\n"\n'
    (folder / "nvidia-smi").write_text(script)
    (folder / "nvidia-smi").chmod(0o755)


def sampled(monitor: GpuMonitor, calls: Path, samples: int) -> dict[str, float]:
    """Returns the summary after so many samples."""
    end = time.monotonic() + 20
    while not calls.exists() or len(calls.read_text().splitlines()) <= samples:
        assert time.monotonic() < end
        time.sleep(0.01)
    return monitor.used()


def test_only_the_jobs_own_gpus_are_queried(nvidia_smi: Path) -> None:
    fields = ("utilization.gpu", "memory.used", "power.draw")
    assert query_gpus(*fields) == [["100", "70000", "300.5"], ["50", "71000", "99.5"]]
    assert nvidia_smi.read_text() == (
        "--query-gpu=utilization.gpu,memory.used,power.draw --format=csv,noheader,nounits "
        "--id=2,3\n"
    )


@pytest.mark.parametrize("visible", ["", "NoDevFiles"])
def test_a_job_without_gpus_calls_nothing(
    nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch, visible: str
) -> None:
    assert assigned_gpus() == ["2", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert (assigned_gpus(), gpu_groups(1), query_gpus("name")) == ([], [], [])
    assert not nvidia_smi.exists()


def test_without_a_scheduler_a_job_has_all_gpus(
    nvidia_smi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints(tmp_path, "0\\n1")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert assigned_gpus() == ["0", "1"]
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert assigned_gpus() == []


def test_a_library_that_cannot_use_the_jobs_gpus_is_an_error_and_does_not_run_on_the_cpu(
    nvidia_smi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints(tmp_path, "H100, 550.1\\nH100, 550.1")
    require_usable_gpus(True, "torch 2")
    with pytest.raises(ClusterError, match=r"2 GPUs \(H100, driver 550\.1\), but torch 2 can use"):
        require_usable_gpus(False, "torch 2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    require_usable_gpus(False, "torch 2")


def test_gpus_are_divided_into_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,GPU-a,GPU-b,7")
    assert gpu_groups(1) == ["4", "5", "GPU-a", "GPU-b", "7"]
    assert gpu_groups(2) == ["4,5", "GPU-a,GPU-b"]
    assert gpu_groups(6) == []


def test_the_mean_of_all_samples_and_the_largest_memory_count(
    nvidia_smi: Path, tmp_path: Path
) -> None:
    monitor = GpuMonitor(interval_s=0.05)
    used = sampled(monitor, nvidia_smi, 1)
    del used["gpu_j"]  # depends on the time
    assert used == {"gpu_busy": 0.75, "gpu_mb": 71_000}
    prints(tmp_path, "0, 9000, [N/A]\\n0, 9000, 70")
    used = sampled(monitor, nvidia_smi, 10)
    assert used["gpu_busy"] < 0.75 and used["gpu_mb"] == 71_000


def test_the_energy_of_the_gpus_is_their_power_over_time(nvidia_smi: Path, tmp_path: Path) -> None:
    before = time.monotonic()
    monitor = GpuMonitor(interval_s=0.02)
    sampled(monitor, nvidia_smi, 5)
    used, sampling = monitor.used()["gpu_j"], time.monotonic() - before
    assert 0 < used <= 400 * sampling
    time.sleep(0.1)
    assert monitor.used()["gpu_j"] >= used + 0.09 * 400


def test_gpus_that_do_not_report_their_power_have_no_energy(
    nvidia_smi: Path, tmp_path: Path
) -> None:
    prints(tmp_path, "100, 70000, [N/A]\\n50, 71000, 99.5")
    assert sampled(GpuMonitor(interval_s=0.05), nvidia_smi, 2) == {
        "gpu_busy": 0.75, "gpu_mb": 71_000,
    }  # fmt: skip


def test_a_gpu_that_does_not_report_its_load_has_no_summary(
    nvidia_smi: Path, tmp_path: Path
) -> None:
    prints(tmp_path, "[N/A], [N/A], [N/A]")
    assert sampled(GpuMonitor(interval_s=0.05), nvidia_smi, 2) == {}


def test_without_nvidia_smi_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert query_gpus("name") == []


def test_the_record_of_a_generating_job_holds_the_load_of_its_gpus(
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
