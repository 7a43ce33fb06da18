"""Launching ranks: their number and cores, and no rank outlives its job."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import alive, descendants

from caco.config.training import Training
from caco.errors import ClusterError, UserError
from caco.training.runtime import launch
from caco.training.runtime.launch import Ranks

_SRC = Path(__file__).resolve().parents[2] / "src"


def _training(**changed) -> Training:
    keys = {"epochs": 1.0, "learning_rate": 1e-3, "global_batch": 16}
    return Training(**{**keys, "cutoff": 64, **changed})


def test_a_global_batch_with_fewer_rows_than_ranks_names_the_key_and_the_fix():
    launch.require_rows_for_ranks(_training(), 16, "student")
    with pytest.raises(
        UserError, match=r"`student\.training\.global_batch` is 16.*set it to 17 or"
    ):
        launch.require_rows_for_ranks(_training(), 17, "student")


def test_the_ranks_divide_the_cores_of_the_job(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert launch._environment(Ranks(1, 2))["OMP_NUM_THREADS"] == "2"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert launch._environment(Ranks(1, 1))["OMP_NUM_THREADS"] == "8"


_PRODUCTS = """
import torch

layer = torch.nn.Linear(256, 1024, bias=False).to(torch.bfloat16)
for length in range(64, 364):
    layer(torch.randn(length, 256, dtype=torch.bfloat16, requires_grad=True)).sum().backward()
    if length in (113, 363):
        with open("/proc/self/status") as status:
            print(next(line.split()[1] for line in status if line.startswith("VmRSS")))
"""


def test_rows_of_many_lengths_in_bf16_do_not_fill_the_memory(monkeypatch):
    for name in [name for name in os.environ if name.endswith("CACHE_CAPACITY")]:
        monkeypatch.delenv(name)
    environment = launch._environment(Ranks(1, 1))
    command = [sys.executable, "-c", _PRODUCTS]
    printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    early, late = map(int, printed.split())
    # On a processor with bf16 instructions it was 540 MB with the caches as they come, and 23 MB.
    assert late - early < 150_000


def test_a_failed_rank_prints_the_cause_without_the_log_of_torchrun(tmp_path, capfd):
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(ClusterError, match="exited with code 1"):
        launch.launch(tmp_path / "plan.json", Ranks(1, 1))
    stderr = capfd.readouterr().err
    cause = r"plan\.json: damaged \(.+\); type your command again\n"
    assert re.fullmatch(rf"cluster error: .+/{cause}", stderr)
    with pytest.raises(ClusterError, match="exited with code 1"):
        launch.launch(tmp_path / "plan.json", Ranks(1, 2))
    stderr = capfd.readouterr().err
    assert re.search(cause, stderr)
    assert re.search(rf"rank [01] on {os.uname().nodename}: exit code 1\n$", stderr)
    assert "torch" not in stderr


def test_a_rank_that_is_killed_is_an_error_that_names_the_signal(tmp_path, monkeypatch):
    kill = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    monkeypatch.setattr(launch, "command", lambda plan, ranks: kill)
    with pytest.raises(ClusterError, match="fine-tuning was killed by SIGKILL; see the lines"):
        launch.launch(tmp_path / "plan.json", Ranks(1, 1))


_SIGNALLED = """
import os, signal, sys, time
assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
    os.kill(os.getpid(), number)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
"""


def test_ranks_start_before_their_plan_and_a_single_one_ignores_preemptions(tmp_path, monkeypatch):
    plan = tmp_path / "plan.json"
    monkeypatch.setattr(
        launch, "command", lambda *args: [sys.executable, "-c", _SIGNALLED, str(plan)]
    )
    with launch.starting(plan, Ranks(1, 1)) as wait:
        assert len(descendants(os.getpid())) == 1
        plan.touch()
        wait()
    plan.unlink()
    with pytest.raises(UserError), launch.starting(plan, Ranks(1, 1)):
        (rank,) = descendants(os.getpid())
        raise UserError("too few rows")
    assert not alive(rank)
    with launch.starting(plan, Ranks(2, 1)):
        assert not descendants(os.getpid()), "other nodes see the plan of a shared folder late"


def test_there_is_one_rank_per_gpu_of_every_node_of_the_slurm_job(monkeypatch):
    assert launch.rank_count(3) == Ranks(nodes=1, per_node=3)
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "4")
    monkeypatch.setattr(launch, "_DEVICES", ("/dev/null",))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 8)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert launch.rank_count(None).total == 32


def test_a_driver_that_is_too_old_for_torch_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'H100, 550.1'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(launch, "_DEVICES", ("/dev/null",))
    # NVML counts cards that CUDA cannot use.
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ClusterError, match=r"1 GPUs \(H100, driver 550\.1\), but torch 2"):
        launch.rank_count(None)


def test_one_node_runs_torchrun_and_several_run_it_through_srun(monkeypatch):
    plan = Path("checkpoints/scratch/plan.json")
    assert launch.command(plan, Ranks(1, 1)) == [
        sys.executable,
        "-m",
        "caco.training.rank",
        str(plan),
    ]
    alone = launch.command(plan, Ranks(1, 8))
    assert alone == [
        sys.executable, "-m", "caco.training.runtime.torchrun", "--nproc-per-node", "8",
        "--log-dir", "checkpoints/scratch/torchrun", "--standalone",
        "-m", "caco.training.rank", "checkpoints/scratch/plan.json",
    ]  # fmt: skip
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)))
    together = launch.command(plan, Ranks(2, 8))
    at = together.index(sys.executable)
    assert " ".join(together[:at]) == (
        "srun --overlap --nodes 2 --ntasks 2 --ntasks-per-node 1 --cpus-per-task 16 "
        "--kill-on-bad-exit=1"
    )
    rendezvous = together[together.index("--nnodes") : together.index("--rdzv-endpoint")]
    assert rendezvous == ["--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-id", "42"]
    host, port = together[together.index("--rdzv-endpoint") + 1].split(":")
    assert (host, int(port) > 0) == (socket.gethostname(), True)
    assert together[at : at + 7] == alone[:7]
    assert together[-3:] == alone[-3:]


@pytest.mark.parametrize(("ranks", "processes"), [(1, 1), (2, 3)])  # two, with their torchrun
def test_no_rank_outlives_a_killed_job(tmp_path, ranks, processes):
    # With a named pipe as the plan, each rank blocks while it reads the plan.
    os.mkfifo(tmp_path / "plan.json")
    job = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from caco.training.runtime.launch import *;"
            "launch(Path(sys.argv[1]), Ranks(1, int(sys.argv[2])))",
            str(tmp_path / "plan.json"),
            str(ranks),
        ],
        env={**os.environ, "PYTHONPATH": str(_SRC)},
    )
    try:
        deadline = time.monotonic() + 60
        below = descendants(job.pid)
        while len(below) < processes and time.monotonic() < deadline:
            time.sleep(0.2)
            below = descendants(job.pid)
        assert len(below) == processes
        time.sleep(2)  # until the ranks have set PR_SET_PDEATHSIG
    finally:
        job.send_signal(signal.SIGKILL)
        job.wait()
    deadline = time.monotonic() + 45
    while any(alive(pid) for pid in below) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [pid for pid in below if alive(pid)] == []
