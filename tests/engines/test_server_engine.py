"""A server may fail in every way: no row is lost, none comes twice, and nothing waits for ever."""

import random
import threading
import time
from email.utils import formatdate

import pytest
from fault_server import FAULTS, FaultServer

from caco.config.engines import ServerEngineConfig as Settings
from caco.config.models import ServedModel
from caco.engines import server_client as server
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.engines.resumable import ResumableEngine
from caco.errors import ClusterError, UserError
from caco.models.served import fetch as fetch_served
from caco.models.tokenizer import load_tokenizer
from caco.runtime.journal import Journal


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Waits of milliseconds in place of seconds, straight to this machine."""
    monkeypatch.setattr(server, "_FIRST_S", 0.01)
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


def refused(folder, at, monkeypatch, kind=UserError, **changed):
    """Returns the sentence with which one request fails."""
    with pytest.raises(kind) as caught:
        list(engine(folder, at.url, monkeypatch, **changed).generate(requests(1)))
    return str(caught.value)


def test_every_fault_at_once_and_each_row_comes_once_and_right(served, monkeypatch):
    plan = {
        seed: random.Random(seed).choices(FAULTS, k=random.Random(seed).randrange(3))
        for seed in range(300)
    }
    assert {fault for faults in plan.values() for fault in faults} == set(FAULTS)

    def fault(seed, attempt):
        return plan[seed][attempt] if attempt < len(plan[seed]) else None

    started = time.monotonic()
    with FaultServer(fault) as at:
        run = engine(served, at.url, monkeypatch, attempts=20, attempt_s=0.2).generate(
            requests(300)
        )
        texts = [(c.request_id, c.text) for c in run]
    assert sorted(texts) == sorted((f"id{i}", f"answer {i}") for i in range(300))
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("fault", ["hang", "trickle", "closed", "500", "truncated", "429"])
def test_a_server_that_never_recovers_ends_the_job_with_its_last_failure(
    served, monkeypatch, fault
):
    with FaultServer(lambda seed, attempt: fault) as at:
        silent = fault in ("hang", "trickle")
        said = refused(
            served, at, monkeypatch, ClusterError, attempts=3, attempt_s=0.1 if silent else 10
        )
        assert len(at.asked) == 3
    assert said.startswith(f"{at.url}: no answer in 3 attempts, the last time ")
    why = {
        "hang": "no whole reply within 0.1 s",
        "trickle": "no whole reply within 0.1 s",
        "closed": "RemoteProtocolError: ",
        "500": "500: fault 500;",
        "truncated": """a reply of no use: '{"choices": [{"finish""",
        "429": "429: fault 429;",
    }
    assert why[fault] in said
    assert said.endswith("then run again: finished rows are kept")


def test_a_server_that_is_not_there_is_the_clusters_failure(served, monkeypatch):
    with FaultServer() as at:
        pass
    assert "the last time ConnectError" in refused(served, at, monkeypatch, ClusterError)


def test_what_was_finished_before_a_failure_is_not_asked_again(served, monkeypatch, tmp_path):
    broken = True
    path = tmp_path / "a.journal"

    def fault(seed, attempt):
        return "500" if broken and seed == 70 else None

    with FaultServer(fault) as at:

        def rows():
            asked = engine(served, at.url, monkeypatch, concurrency=4)
            with ResumableEngine(asked, Journal(path, {})) as journaled:
                yield from journaled.generate(requests(100))

        with pytest.raises(ClusterError):
            list(rows())
        broken = False
        done = [c.text for c in rows()]
    assert sorted(done) == sorted(f"answer {i}" for i in range(100))
    # Four were under way when the job failed: only their answers may have been lost.
    again = {seed: n for seed, n in at.tries.items() if n > 1}
    assert at.tries[70] == 5 and len(again) <= 4


def test_a_limit_that_the_server_does_not_tell_is_found(served, monkeypatch):
    """It takes four at a time and refuses the rest: few attempts are enough for all rows."""
    with FaultServer(takes_s=0.01, slots=4) as at:
        asked = engine(served, at.url, monkeypatch, attempts=3)
        texts = [c.text for c in asked.generate(requests(100))]
    assert sorted(texts) == sorted(f"answer {i}" for i in range(100))
    assert len(at.asked) < 3 * 100


@pytest.mark.parametrize("status", ["429", "503"])
def test_retry_after_is_obeyed_by_every_request(served, monkeypatch, status):
    refusal: list[float] = []

    def fault(seed, attempt):
        if len(at.asked) >= 40 and not refusal:
            refusal.append(time.monotonic())
            return f"{status} retry-after 3"
        return None

    with FaultServer(fault, takes_s=0.005) as at:
        asked = engine(served, at.url, monkeypatch, concurrency=8)
        assert len(list(asked.generate(requests(120)))) == 120
    after = [moment - refusal[0] for _, _, moment in at.asked]
    # Those that were on their way at that moment arrive, and nothing else before its time.
    assert not [s for s in after if 1 < s < 2.95]
    assert sum(s >= 2.95 for s in after) > 60


def test_retry_after_may_be_a_date_and_is_never_waited_out_for_ever():
    assert 25 < server._retry_after_s(formatdate(time.time() + 30, usegmt=True)) <= 30
    assert server._retry_after_s(formatdate(time.time() - 30, usegmt=True)) == 0
    assert server._retry_after_s("1e9") == server._OBEYED_S
    assert server._retry_after_s("soon") is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, {"error": {"message": "bad key"}}),
         "{url}: the server refuses the key (401: bad key); set the environment variable "
         "CACO_SERVER_KEY to one that it takes"),
        ((404, {"error": {"message": "The model `big` does not exist."}}),
         "{url}/chat/completions: the server has no such address or model (404: The model `big` "
         "does not exist.); CACO_SERVER_URL must hold its address up to `/v1`, and `name` of a "
         "served model one of the names at {url}/models"),
        ((400, {"detail": "top_k is unknown"}),
         "{url}/chat/completions: the server refuses the request (400: top_k is unknown); correct "
         "what it names: the model's name, or a key of the sampling that it does not take"),
    ],
)  # fmt: skip
def test_what_no_further_try_would_mend_is_said_at_once(served, monkeypatch, reply, said):
    with FaultServer(lambda seed, attempt: reply) as at:
        assert refused(served, at, monkeypatch) == said.format(url=at.url)
        assert len(at.asked) == 1


@pytest.mark.parametrize("address", [None, "", "node:8000/v1", "http:///v1"])
def test_an_address_that_is_none_names_its_variable(served, monkeypatch, address):
    asked = engine(served, address or "", monkeypatch)
    if address is None:
        monkeypatch.delenv("CACO_SERVER_URL")
    with pytest.raises(UserError, match=r"variable CACO_SERVER_URL is '.*set it to the server's"):
        list(asked.generate(requests(1)))
    assert list(asked.generate([])) == []


def test_a_prompt_that_the_server_finds_too_long_is_one_rows_fate(served, monkeypatch):
    long = (400, {"error": {"message": "This model's maximum context length is 1024 tokens."}})
    with FaultServer(lambda seed, attempt: long if seed == 3 else None) as at:
        found = {c.request_id: c for c in engine(served, at.url, monkeypatch).generate(requests(6))}
    assert (found["id3"].text, found["id3"].finish_reason) == ("", "length")
    assert [c.finish_reason for c in found.values()].count("stop") == 5


def test_a_request_that_takes_too_long_ends_with_time(served, monkeypatch):
    with FaultServer(lambda seed, attempt: "hang" if seed == 3 else None) as at:
        asked = engine(served, at.url, monkeypatch, request_s=0.3)
        found = {c.request_id: c for c in asked.generate(requests(6))}
        assert at.tries[3] == 1
    assert (found["id3"].text, found["id3"].finish_reason) == ("", "time")
    assert found["id2"].finish_reason == "stop"


def test_a_served_model_is_asked_in_one_user_turn(served, monkeypatch):
    monkeypatch.setenv("CACO_SERVER_KEY", "secret")
    with FaultServer() as at:
        (done,) = engine(served, at.url, monkeypatch).generate(requests(1, 7, stop=("###",)))
        path, body, _ = at.asked[0]
        assert at.keys == {"Bearer secret"}
    assert (done.text, done.tokens, done.finish_reason) == ("answer 7", 3, "stop")
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "big", "messages": [{"role": "user", "content": "prompt 7"}], "max_tokens": 12,
        "temperature": 0.7, "top_p": 0.8, "top_k": 20, "seed": 7, "stop": ["###"],
    }  # fmt: skip


def test_a_checkpoint_is_asked_with_its_own_prompt_token_by_token(tiny, monkeypatch):
    tokenizer = load_tokenizer(tiny)
    prompt = "<|im_start|>user\nSolve the problem.<|im_end|>\n"
    asked = Request("a", prompt, 5, 0.0, 1.0, 0, 12, ("###",))
    with FaultServer() as at:
        list(engine(tiny, at.url, monkeypatch).generate([asked]))
        path, body, _ = at.asked[0]
    assert path == "/v1/completions"
    assert tokenizer.decode(body.pop("prompt")) == prompt
    assert body == {
        "model": "tiny", "max_tokens": 12, "temperature": 0.0, "top_p": 1.0, "seed": 5,
        "stop": ["<|im_end|>", "###"], "skip_special_tokens": False,
        "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0,
        "stop_token_ids": [tokenizer.convert_tokens_to_ids("<|im_end|>")],
    }  # fmt: skip


def test_a_prompt_that_fills_the_context_is_cut_not_a_crash(tiny, monkeypatch):
    long = Request("long", "count " * 20_000, 1, 0.0, 1.0, 0, 12)
    with FaultServer() as at:
        run = engine(tiny, at.url, monkeypatch).generate([long, *requests(1, max_new_tokens=5000)])
        found = {c.request_id: c for c in run}
        (body,) = [body for _, body, _ in at.asked]
    assert (found["long"].text, found["long"].finish_reason) == ("", "length")
    assert body["max_tokens"] == 1024 - len(body["prompt"])


def test_the_text_of_a_stop_is_cut_where_a_server_leaves_it(tiny, monkeypatch):
    choice = {"text": "done\n### next<|im_end|>", "finish_reason": "length"}
    reply = {"choices": [choice], "usage": {"completion_tokens": 9}}
    with FaultServer(lambda seed, attempt: (200, reply)) as at:
        (done,) = engine(tiny, at.url, monkeypatch).generate(requests(1, stop=("###",)))
    assert (done.text, done.tokens, done.finish_reason) == ("done\n", 9, "stop")


def test_of_several_models_the_one_of_the_folders_name_is_asked(tiny, monkeypatch):
    others = {"data": [{"id": "a"}, {"id": "b"}]}
    with FaultServer(models=others) as at:
        assert refused(tiny, at, monkeypatch) == (
            f"{at.url}/models: the server has 2 models (a, b); let it serve {tiny} alone, or "
            "under that name"
        )
    others["data"].append({"id": str(tiny)})
    with FaultServer(models=others) as at:
        list(engine(tiny, at.url, monkeypatch).generate(requests(1)))
        assert at.asked[0][1]["model"] == str(tiny)


def test_requests_are_drawn_as_there_is_room_and_leaving_early_leaves_nothing(served, monkeypatch):
    drawn = 0

    def counted():
        nonlocal drawn
        for request in requests(100):
            drawn += 1
            yield request

    before = threading.active_count()
    with FaultServer(lambda seed, attempt: "hang" if seed else None) as at:
        run = engine(served, at.url, monkeypatch, concurrency=8).generate(counted())
        assert next(run).request_id == "id0"
        assert at.most <= 8 and drawn == 8
        started = time.monotonic()
        run.close()
        assert time.monotonic() - started < 2
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before
