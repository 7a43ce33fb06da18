"""A copy of the model on each GPU of a job: the same rows, and nothing left when the job ends."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caco.config.engines import ServerEngineConfig, VllmEngineConfig
from caco.config.engines import TransformersEngineConfig as Settings
from caco.engines.data_parallel import DataParallel
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.engines.transformers_engine import TransformersEngine
from caco.errors import ClusterError, UserError

ROOT = Path(__file__).parents[2]
BATCH = 2


def asked(count):
    return [
        Request(str(i), f"<|im_start|>user\n{i}<|im_end|>\n", 100 + i, 1.0, 1.0, 0, 3 + i % 7)
        for i in range(count)
    ]


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")


def opened(folder):
    return open_engine(folder, Settings(dtype="float32", batch=BATCH))


def test_a_copy_for_each_group_of_gpus(tiny, two_gpus, monkeypatch):
    assert isinstance(opened(tiny), DataParallel)
    assert isinstance(open_engine(tiny, VllmEngineConfig(kind="vllm")), DataParallel)
    assert not isinstance(
        open_engine(tiny, VllmEngineConfig(kind="vllm", tensor_parallel=2)), DataParallel
    )
    monkeypatch.setenv("CACO_SERVER_URL", "http://node/v1")
    assert not isinstance(open_engine(tiny, ServerEngineConfig(kind="server")), DataParallel)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    assert isinstance(opened(tiny), TransformersEngine)


def test_two_copies_complete_every_request_as_one_does(tiny, two_gpus, monkeypatch):
    # More than both may have before they have answered: the rest is drawn as they do.
    requests = asked(50)
    with opened(tiny) as engine:
        first = {c.request_id: c for c in engine.generate(requests)}
        assert len(multiprocessing.active_children()) == 2
        again = {c.request_id: c for c in engine.generate(reversed(requests))}
        assert list(engine.generate([])) == []
    assert multiprocessing.active_children() == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with opened(tiny) as engine:
        alone = {c.request_id: c for c in engine.generate(requests)}
    assert first == again == alone


def test_requests_are_drawn_as_there_is_room_and_whoever_has_enough_leaves_nothing(tiny, two_gpus):
    drawn = []

    def watched():
        for request in asked(200):
            drawn.append(request)
            yield request

    with opened(tiny) as engine:
        answers = engine.generate(watched())
        for _ in range(3):
            next(answers)
        assert len(drawn) < 40
        assert all(copy.under_way for copy in engine._copies)
        answers.close()
        assert multiprocessing.active_children() == []
        assert len(list(engine.generate(asked(5)))) == 5


def test_what_a_copy_cannot_load_is_the_engines_own_sentence(tmp_path, two_gpus, capfd):
    with pytest.raises(UserError, match="no tokenizer that"), opened(tmp_path) as engine:
        list(engine.generate(asked(3)))
    assert multiprocessing.active_children() == []
    assert "Traceback" not in capfd.readouterr().err


def test_a_copy_that_is_killed_is_the_clusters_failure_and_named(tiny, two_gpus):
    with opened(tiny) as engine:
        answers = engine.generate(asked(60))
        next(answers)
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        with pytest.raises(ClusterError, match=r"copy of the model on GPU [45] ended with .* -9"):
            list(answers)
    assert multiprocessing.active_children() == []


_JOB = """
import multiprocessing, sys, time
from pathlib import Path
from caco.config.engines import TransformersEngine as Settings
from caco.engines.data_parallel import Copies
from tests.engines.test_copies import asked

if __name__ == "__main__":
    with Copies(Path(sys.argv[1]), Settings(dtype="float32", batch=2), ["0", "1"]) as engine:
        answers = engine.generate(asked(9))
        next(answers)
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
        time.sleep(60)
"""


def test_a_job_that_is_killed_takes_its_copies_along(tiny, tmp_path):
    script = tmp_path / "job.py"
    script.write_text(_JOB)
    job = subprocess.Popen(
        [sys.executable, script, tiny], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
    )  # fmt: skip
    copies = [int(pid) for pid in job.stdout.readline().split()]
    assert len(copies) == 2
    for pid in copies:
        os.kill(pid, signal.SIGSTOP)  # as one that computes and looks at nothing
    job.kill()
    job.wait()
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in copies):
        assert time.monotonic() < end
        time.sleep(0.05)
