"""The server engine under injected faults: no lost rows, no duplicates, no endless waits."""

import asyncio
import json
import random
import shutil
import threading
import time
from email.utils import formatdate

import httpx2
import pytest
from tests.engines.fault_server import FAULTS, FaultServer

from caco.config.engines import ServerEngineConfig as Settings
from caco.config.models import ServedModel
from caco.engines import server_client as server
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.engines.request_formats import ChatFormat
from caco.engines.resumable import ResumableEngine
from caco.errors import ClusterError, UserError
from caco.models.served import fetch as fetch_served
from caco.models.tokenizer import load_tokenizer
from caco.runtime.journal import Journal


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """Waits milliseconds instead of seconds, and bypasses proxies."""
    monkeypatch.setattr(server, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CACO_SERVER_KEY", raising=False)


@pytest.fixture
def served(tmp_path):
    return fetch_served(
        ServedModel(kind="served", name="big", revision="1"), "big", tmp_path / "served"
    )


def requests(count, start=0, **changed):
    settings = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "max_new_tokens": 12} | changed
    return [Request(f"id{i}", f"prompt {i}", i, **settings) for i in range(start, start + count)]


def engine(folder, url, monkeypatch, **changed):
    monkeypatch.setenv("CACO_SERVER_URL", url)
    settings = {"concurrency": 32, "attempts": 4, "attempt_s": 5.0} | changed
    return open_engine(folder, Settings(kind="server", **settings))


def error_message(folder, faulty, monkeypatch, kind=UserError, **changed):
    """Returns the message with which one request fails."""
    with pytest.raises(kind) as caught:
        list(engine(folder, faulty.url, monkeypatch, **changed).generate(requests(1)))
    return str(caught.value)


def test_every_request_is_completed_once_and_correctly_under_all_faults(served, monkeypatch):
    plan = {
        seed: random.Random(seed).choices(FAULTS, k=random.Random(seed).randrange(3))
        for seed in range(300)
    }
    assert {fault for faults in plan.values() for fault in faults} == set(FAULTS)

    def fault(seed, attempt):
        return plan[seed][attempt] if attempt < len(plan[seed]) else None

    started = time.monotonic()
    with FaultServer(fault) as faulty:
        run = engine(served, faulty.url, monkeypatch, attempts=20, attempt_s=0.2).generate(
            requests(300)
        )
        texts = [(c.request_id, c.text) for c in run]
    assert sorted(texts) == sorted((f"id{i}", f"answer {i}") for i in range(300))
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("fault", ["hang", "trickle", "closed", "500", "truncated", "429"])
def test_a_permanent_fault_fails_the_job_with_the_last_error(served, monkeypatch, fault):
    with FaultServer(lambda seed, attempt: fault) as faulty:
        silent = fault in ("hang", "trickle")
        message = error_message(
            served, faulty, monkeypatch, ClusterError, attempts=3, attempt_s=0.1 if silent else 10
        )
        assert len(faulty.requests) == 3
    assert message.startswith(f"{faulty.url}: no reply after 3 attempts, the last error is ")
    errors = {
        "hang": "no complete reply within 0.1 s",
        "trickle": "no complete reply within 0.1 s",
        "closed": "RemoteProtocolError: ",
        "500": "500: fault 500;",
        "truncated": """malformed reply '{"choices": [{"finish""",
        "429": "429: fault 429;",
    }
    assert errors[fault] in message
    assert message.endswith("then run again: finished rows are saved")


def test_an_unreachable_server_is_a_cluster_error(served, monkeypatch):
    with FaultServer() as faulty:
        pass
    assert "the last error is ConnectError" in error_message(
        served, faulty, monkeypatch, ClusterError
    )


def test_completions_from_before_a_failure_are_not_requested_again(served, monkeypatch, tmp_path):
    broken = True
    path = tmp_path / "a.journal"

    def fault(seed, attempt):
        return "500" if broken and seed == 70 else None

    with FaultServer(fault) as faulty:

        def rows():
            opened = engine(served, faulty.url, monkeypatch, concurrency=4)
            with ResumableEngine(opened, Journal(path, {})) as journaled:
                yield from journaled.generate(requests(100))

        with pytest.raises(ClusterError):
            list(rows())
        broken = False
        done = [c.text for c in rows()]
    assert sorted(done) == sorted(f"answer {i}" for i in range(100))
    # Four requests were in flight when the job failed: only their replies may have been lost.
    again = {seed: n for seed, n in faulty.attempts.items() if n > 1}
    assert faulty.attempts[70] == 5 and len(again) <= 4


class SimulatedTime(asyncio.SelectorEventLoop):
    """An event loop that does not wait: its time jumps to the next timer, on any machine."""

    now_s = 1.0

    def time(self):
        return self.now_s

    def _run_once(self):
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now_s = max(self.now_s, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def test_the_rate_limiter_finds_the_limit_of_the_server(monkeypatch):
    """The server accepts four requests at a time: few attempts suffice for all rows.

    100 rows take 112 requests, and 144 if the limit is not halved.
    """
    busy, arrived = 0, []

    async def reply(request):
        nonlocal busy
        arrived.append(busy)
        if busy == 4:
            return httpx2.Response(429)
        busy += 1
        await asyncio.sleep(0.01)
        busy -= 1
        return httpx2.Response(200, json=json.loads(request.content)["row"])

    async def rows():
        limited = server.Server(Settings(kind="server", concurrency=32, attempts=3))
        limited._client = httpx2.AsyncClient(transport=httpx2.MockTransport(reply))
        calls = (limited.call("/rows", int, {"row": row}) for row in range(100))
        return await asyncio.gather(*calls)

    monkeypatch.setenv("CACO_SERVER_URL", "http://server/v1")
    monkeypatch.setattr(server, "_JITTER", random.Random(0))
    with asyncio.Runner(loop_factory=SimulatedTime) as runner:
        monkeypatch.setattr(time, "monotonic", runner.get_loop().time)
        assert runner.run(rows()) == list(range(100))
    assert max(arrived) == 4
    assert len(arrived) <= 120


@pytest.mark.parametrize("status", ["429", "503"])
def test_retry_after_applies_to_every_request(served, monkeypatch, status):
    refused_at: list[float] = []

    def fault(seed, attempt):
        if len(faulty.requests) >= 40 and not refused_at:
            refused_at.append(time.monotonic())
            return f"{status} retry-after 3"
        return None

    with FaultServer(fault, takes_s=0.005) as faulty:
        opened = engine(served, faulty.url, monkeypatch, concurrency=8)
        assert len(list(opened.generate(requests(120)))) == 120
    after = [moment - refused_at[0] for _, _, moment in faulty.requests]
    # Requests in flight at that moment arrive, and no others before the pause is over.
    assert not [s for s in after if 1 < s < 2.95]
    assert sum(s >= 2.95 for s in after) > 60


def test_retry_after_may_be_a_date_and_is_limited():
    later = server._retry_after_s(formatdate(time.time() + 30, usegmt=True))
    assert later is not None and 25 < later <= 30
    assert server._retry_after_s(formatdate(time.time() - 30, usegmt=True)) == 0
    assert server._retry_after_s("1e9") == server._MAX_RETRY_AFTER_S
    assert server._retry_after_s("soon") is None


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((401, {"error": {"message": "bad key"}}),
         "{url}: the server rejects the API key (401: bad key); set the environment variable "
         "CACO_SERVER_KEY to a valid key"),
        ((404, {"error": {"message": "The model `big` does not exist."}}),
         "{url}/chat/completions: the server has no such path or model (404: The model `big` "
         "does not exist.); CACO_SERVER_URL must hold its address up to `/v1`, and `name` of the "
         "served model must be one of the names at {url}/models"),
        ((400, {"detail": "top_k is unknown"}),
         "{url}/chat/completions: the server rejects the request (400: top_k is unknown); correct "
         "the parameter that it names: the name of the model, a key of `sampling`, or "
         "`engine.disable_thinking` for `chat_template_kwargs`"),
    ],
)  # fmt: skip
def test_permanent_errors_are_not_retried(served, monkeypatch, reply, message):
    with FaultServer(lambda seed, attempt: reply) as faulty:
        assert error_message(served, faulty, monkeypatch) == message.format(url=faulty.url)
        assert len(faulty.requests) == 1


@pytest.mark.parametrize("address", [None, "", "node:8000/v1", "http:///v1"])
def test_an_invalid_address_names_its_variable(served, monkeypatch, address):
    opened = engine(served, address or "", monkeypatch)
    if address is None:
        monkeypatch.delenv("CACO_SERVER_URL")
    with pytest.raises(UserError, match=r"variable CACO_SERVER_URL is '.*set it to the server's"):
        list(opened.generate(requests(1)))
    assert list(opened.generate([])) == []


def test_a_prompt_that_the_server_finds_too_long_fails_only_its_row(served, monkeypatch):
    long = (400, {"error": {"message": "This model's maximum context length is 1024 tokens."}})
    with FaultServer(lambda seed, attempt: long if seed == 3 else None) as faulty:
        found = {
            c.request_id: c for c in engine(served, faulty.url, monkeypatch).generate(requests(6))
        }
    assert (found["id3"].text, found["id3"].finish_reason) == ("", "length")
    assert [c.finish_reason for c in found.values()].count("stop") == 5


def test_a_request_over_its_time_limit_has_the_finish_reason_time(served, monkeypatch):
    with FaultServer(lambda seed, attempt: "hang" if seed == 3 else None) as faulty:
        opened = engine(served, faulty.url, monkeypatch, request_s=0.3)
        found = {c.request_id: c for c in opened.generate(requests(6))}
        assert faulty.attempts[3] == 1
    assert (found["id3"].text, found["id3"].finish_reason) == ("", "time")
    assert found["id2"].finish_reason == "stop"


def test_a_served_model_is_prompted_with_one_user_turn(served, monkeypatch):
    monkeypatch.setenv("CACO_SERVER_KEY", "secret")
    with FaultServer() as faulty:
        (done,) = engine(served, faulty.url, monkeypatch).generate(requests(1, 7, stop=("###",)))
        path, body, _ = faulty.requests[0]
        assert faulty.keys == {"Bearer secret"}
    assert (done.text, done.tokens, done.finish_reason) == ("answer 7", 3, "stop")
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "big", "messages": [{"role": "user", "content": "prompt 7"}], "max_tokens": 12,
        "temperature": 0.7, "top_p": 0.8, "top_k": 20, "seed": 7, "stop": ["###"],
        "chat_template_kwargs": {"enable_thinking": False, "thinking": False},
    }  # fmt: skip


def test_a_server_gets_on_demand_no_parameter_that_openai_rejects(served, monkeypatch):
    with FaultServer() as faulty:
        opened = engine(served, faulty.url, monkeypatch, disable_thinking=False)
        list(opened.generate(requests(1, top_k=0)))
        _, body, _ = faulty.requests[0]
    assert set(body) == {"model", "messages", "max_tokens", "temperature", "top_p", "seed"}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize(("content", "text"), [("What?", "What?"), (None, "")])
def test_thoughts_that_a_server_returns_apart_are_no_part_of_the_text(
    served, monkeypatch, field, content, text
):
    message = {"role": "assistant", field: "They have 3.", "content": content}
    reply = {
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 9},
    }
    with FaultServer(lambda seed, attempt: (200, reply)) as faulty:
        (done,) = engine(served, faulty.url, monkeypatch).generate(requests(1))
    assert (done.text, done.tokens, done.finish_reason) == (text, 9, "stop")


def test_the_prompt_of_a_checkpoint_is_sent_as_token_ids(tiny, monkeypatch):
    tokenizer = load_tokenizer(tiny)
    prompt = "<|im_start|>user\nSolve the problem.<|im_end|>\n"
    request = Request("a", prompt, 5, 0.0, 1.0, 0, 12, ("###",))
    with FaultServer() as faulty:
        list(engine(tiny, faulty.url, monkeypatch).generate([request]))
        path, body, _ = faulty.requests[0]
    assert path == "/v1/completions"
    assert tokenizer.decode(body.pop("prompt")) == prompt
    assert body == {
        "model": "tiny", "max_tokens": 12, "temperature": 0.0, "top_p": 1.0, "seed": 5,
        "stop": ["<|im_end|>", "###"], "skip_special_tokens": False,
        "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0,
        "stop_token_ids": [tokenizer.convert_tokens_to_ids("<|im_end|>")],
    }  # fmt: skip


def test_a_server_stops_at_every_end_that_the_checkpoint_declares(tiny, monkeypatch, tmp_path):
    shutil.copytree(tiny, tmp_path / "model")
    declared = tmp_path / "model" / "generation_config.json"
    declared.write_text(json.dumps(json.loads(declared.read_text()) | {"eos_token_id": [0, 9999]}))
    with FaultServer() as faulty:
        list(engine(tmp_path / "model", faulty.url, monkeypatch).generate(requests(1)))
        _, body, _ = faulty.requests[0]
    assert body["stop_token_ids"] == [0, 2, 9999]
    assert body["stop"] == ["<|endoftext|>", "<|im_end|>"]


def test_a_prompt_that_fills_the_context_has_the_finish_reason_length(tiny, monkeypatch):
    long = Request("long", "count " * 20_000, 1, 0.0, 1.0, 0, 12)
    with FaultServer() as faulty:
        run = engine(tiny, faulty.url, monkeypatch).generate(
            [long, *requests(1, max_new_tokens=5000)]
        )
        found = {c.request_id: c for c in run}
        (body,) = [body for _, body, _ in faulty.requests]
    assert (found["long"].text, found["long"].finish_reason) == ("", "length")
    assert body["max_tokens"] == 1024 - len(body["prompt"])


def test_a_stop_string_that_the_server_returns_is_removed(tiny, monkeypatch):
    choice = {"text": "done\n### next<|im_end|>", "finish_reason": "length"}
    reply = {"choices": [choice], "usage": {"completion_tokens": 9}}
    with FaultServer(lambda seed, attempt: (200, reply)) as faulty:
        (done,) = engine(tiny, faulty.url, monkeypatch).generate(requests(1, stop=("###",)))
    assert (done.text, done.tokens, done.finish_reason) == ("done\n", 9, "stop")


def test_of_several_models_the_one_with_the_name_of_the_folder_is_used(tiny, monkeypatch):
    others = {"data": [{"id": "a"}, {"id": "b"}]}
    with FaultServer(models=others) as faulty:
        assert error_message(tiny, faulty, monkeypatch) == (
            f"{faulty.url}/models: the server has 2 models (a, b); serve only {tiny}, or serve it "
            "under that name"
        )
    others["data"].append({"id": str(tiny)})
    with FaultServer(models=others) as faulty:
        list(engine(tiny, faulty.url, monkeypatch).generate(requests(1)))
        assert faulty.requests[0][1]["model"] == str(tiny)


def test_requests_are_drawn_lazily_and_closing_early_stops_all_threads(served, monkeypatch):
    drawn = 0

    def counted():
        nonlocal drawn
        for request in requests(100):
            drawn += 1
            yield request

    before = threading.active_count()
    with FaultServer(lambda seed, attempt: "hang" if seed else None) as faulty:
        run = engine(served, faulty.url, monkeypatch, concurrency=8).generate(counted())
        assert next(run).request_id == "id0"
        assert faulty.max_busy <= 8 and drawn == 8
        started = time.monotonic()
        run.close()
        assert time.monotonic() - started < 2
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_half_a_character_is_replaced():
    """A server may end a text in the middle of an emoji; no file of rows can hold that."""
    reply = json.loads(
        '{"choices": [{"message": {"content": "a \\ud83d\\ude00 b \\ud83d"}, "finish_reason": '
        '"length"}], "usage": {"completion_tokens": 4}}'
    )
    completion = ChatFormat("big", disable_thinking=False).read(requests(1)[0], reply)
    assert completion.text == "a \U0001f600 b \ufffd"
