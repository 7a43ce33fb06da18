"""The server engine with a vLLM server that serves the model of these tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.infer.chats import chat, completions, request
from tests.infer.conftest import SETTINGS

from caco.config.engines import ServerEngineConfig as Settings
from caco.config.models import ServedModel
from caco.engines.open import open_engine
from caco.models.manifest import Manifest
from caco.models.served import fetch as fetch_served
from caco.models.tokenizer import framing

_NAME = "small"  # name of the model at the server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def server(model: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the settings of the offline engine."""
    port, log = _free_port(), tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model.folder,
             "--served-model-name", _NAME, "--host", "127.0.0.1", "--port", str(port),
             "--dtype", SETTINGS.dtype, "--max-num-seqs", str(SETTINGS.batch),
             "--max-model-len", str(SETTINGS.context), "--enforce-eager"],
            stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"},
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(60)


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 240
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, TimeoutError):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.5)
        else:
            return


@pytest.fixture
def settings(server: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CACO_SERVER_URL", server)
    return Settings(kind="server")


def without_ids(found):
    """A server returns no token ids."""
    return {name: replace(completion, token_ids=None) for name, completion in found.items()}


def test_completions_of_a_checkpoint_equal_those_of_the_offline_engine(vllm, model, settings):
    requests = [request(i, temperature=0.0, max_new_tokens=24) for i in range(32)]
    requests += [request(i, temperature=0.0, max_new_tokens=24, stop=(" the", "\n"))
                 for i in range(32, 64)]  # fmt: skip
    offline = without_ids(completions(vllm, requests))
    with open_engine(model.folder, settings) as engine:
        served = completions(engine, requests)
    assert {c.finish_reason for c in served.values()} == {"stop", "length"}
    # Batches differ in the last bits, so a near tie may be decided differently.
    assert sum(served[name] == offline[name] for name in offline) >= 0.95 * 64


def test_a_prompt_that_fills_the_context_has_the_finish_reason_length(model, settings):
    long = chat("one " * 1100)
    with open_engine(model.folder, settings) as engine:
        (completion,) = engine.generate([request(0, long)])
    assert (completion.text, completion.finish_reason) == ("", "length")


def test_a_served_model_is_prompted_with_a_user_turn(vllm, model, tmp_path, settings):
    served = ServedModel(kind="served", name=_NAME, revision="1")
    users = ["How many legs have three cats?", "Name a colour."]
    framed = map(framing(model.folder), users)
    greedy = {"temperature": 0.0, "max_new_tokens": 24}
    with open_engine(fetch_served(served, "served", tmp_path / "model"), settings) as engine:
        online = completions(engine, [request(i, user, **greedy) for i, user in enumerate(users)])
    offline = [request(i, prompt, **greedy) for i, prompt in enumerate(framed)]
    assert online == without_ids(completions(vllm, offline))
