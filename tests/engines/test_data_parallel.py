"""One replica of the model per GPU of a job: equal rows, and no process outlives the job."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.forked import FORKS, start_server

from caco.config.engines import ServerEngineConfig, VllmEngineConfig
from caco.config.engines import TransformersEngineConfig as Settings
from caco.engines.data_parallel import DataParallel
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.engines.transformers_engine import TransformersEngine
from caco.errors import ClusterError, UserError
from caco.runtime.engine_start import last_ready

ROOT = Path(__file__).parents[2]
BATCH = 2


def requests(count):
    return [
        Request(str(i), f"<|im_start|>user\n{i}<|im_end|>\n", 100 + i, 1.0, 1.0, 0, 3 + i % 7)
        for i in range(count)
    ]


@pytest.fixture
def two_gpus(monkeypatch):
    """A job of two GPUs, whose replicas are forked from a process that has imported torch."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    start_server("tests.preloaded_torch")
    monkeypatch.setattr("caco.engines.data_parallel.mp.get_context", lambda method: FORKS)


def opened(folder):
    return open_engine(folder, Settings(dtype="float32", batch=BATCH))


def test_there_is_one_replica_per_group_of_gpus(tiny, two_gpus, monkeypatch):
    assert isinstance(opened(tiny), DataParallel)
    assert isinstance(open_engine(tiny, VllmEngineConfig(kind="vllm")), DataParallel)
    assert not isinstance(
        open_engine(tiny, VllmEngineConfig(kind="vllm", tensor_parallel=2)), DataParallel
    )
    monkeypatch.setenv("CACO_SERVER_URL", "http://node/v1")
    assert not isinstance(open_engine(tiny, ServerEngineConfig(kind="server")), DataParallel)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    assert isinstance(opened(tiny), TransformersEngine)


def test_two_replicas_return_the_completions_of_one(tiny, two_gpus, monkeypatch):
    # More than the queues of both replicas hold.
    all_requests = requests(50)
    began = time.monotonic()
    with opened(tiny) as engine:
        first = {c.request_id: c for c in engine.generate(all_requests)}
        assert len(multiprocessing.active_children()) == 2
        assert began < (last_ready(since=began) or 0) < time.monotonic()
        again = {c.request_id: c for c in engine.generate(reversed(all_requests))}
        assert list(engine.generate([])) == []
    assert multiprocessing.active_children() == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with opened(tiny) as engine:
        alone = {c.request_id: c for c in engine.generate(all_requests)}
    assert first == again == alone


def test_requests_are_drawn_lazily_and_closing_early_stops_the_replicas(tiny, two_gpus):
    drawn = []

    def watched():
        for request in requests(200):
            drawn.append(request)
            yield request

    with opened(tiny) as engine:
        completions = engine.generate(watched())
        for _ in range(3):
            next(completions)
        assert len(drawn) < 40
        assert all(replica.in_flight for replica in engine._replicas)
        completions.close()
        assert multiprocessing.active_children() == []
        assert len(list(engine.generate(requests(5)))) == 5


def test_a_load_error_in_a_replica_is_raised_by_the_engine(tmp_path, two_gpus, capfd):
    with pytest.raises(UserError, match="no tokenizer that"), opened(tmp_path) as engine:
        list(engine.generate(requests(3)))
    assert multiprocessing.active_children() == []
    assert "Traceback" not in capfd.readouterr().err


def test_a_killed_replica_is_a_cluster_error_that_names_the_gpu(tiny, two_gpus):
    with opened(tiny) as engine:
        completions = engine.generate(requests(60))
        next(completions)
        (pid, *_) = (child.pid for child in multiprocessing.active_children())
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(
            ClusterError, match=r"replica of the model on GPU [45] exited with code -9"
        ):
            list(completions)
    assert multiprocessing.active_children() == []


_JOB = """
import multiprocessing, sys, time
from pathlib import Path
from caco.config.engines import TransformersEngineConfig as Settings
from caco.engines.data_parallel import DataParallel
from caco.engines.transformers_engine import TransformersEngine
from tests.engines.test_data_parallel import requests

if __name__ == "__main__":
    settings = Settings(dtype="float32", batch=2)
    with DataParallel(Path(sys.argv[1]), settings, TransformersEngine, ["0", "1"]) as engine:
        # A replica that has replied has set its death signal.
        assert len(list(engine.generate(requests(9)))) == 9
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
        time.sleep(60)
"""


def test_the_replicas_of_a_killed_job_are_killed(tiny, tmp_path):
    script = tmp_path / "job.py"
    script.write_text(_JOB)
    job = subprocess.Popen(
        [sys.executable, script, tiny], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
    )  # fmt: skip
    assert job.stdout is not None
    replicas = [int(pid) for pid in job.stdout.readline().split()]
    assert len(replicas) == 2
    for pid in replicas:
        os.kill(pid, signal.SIGSTOP)  # as a replica that computes and does not read its pipe
    job.kill()
    job.wait()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in replicas):
        assert time.monotonic() < deadline
        time.sleep(0.05)
