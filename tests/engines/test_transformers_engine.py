"""The transformers engine with a tiny checkpoint."""

import random
from pathlib import Path

import pytest
import torch

from caco.config.engines import TransformersEngineConfig as Settings
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.engines.resumable import ResumableEngine
from caco.errors import UserError
from caco.models.tokenizer import end_tokens, load_tokenizer
from caco.runtime.journal import Journal

PROMPTS = [
    "<|im_start|>user\n" + "count " * (i % 5) + f"{i} and {i * i}<|im_end|>\n" for i in range(24)
]


def _request(i, prompt=None, **changed):
    settings = {"temperature": 1.0, "top_p": 0.95, "top_k": 50, "max_new_tokens": 12} | changed
    return Request(str(i), PROMPTS[i] if prompt is None else prompt, 1000 + i, **settings)


def _texts(folder, requests, batch):
    with open_engine(folder, Settings(dtype="float32", batch=batch)) as engine:
        return {c.request_id: c for c in engine.generate(requests)}


def test_completions_do_not_depend_on_the_batch(tiny):
    requests = [_request(i, max_new_tokens=3 + i % 11) for i in range(24)]
    alone = _texts(tiny, requests, batch=1)
    assert len({c.text for c in alone.values()}) > 12
    shuffled = random.Random(5).sample(requests, k=len(requests))
    assert _texts(tiny, requests, batch=8) == alone
    assert _texts(tiny, shuffled, batch=64) == alone


def test_a_resumed_run_has_the_completions_of_an_uninterrupted_one(tiny, tmp_path):
    requests = [_request(i) for i in range(24)]
    uninterrupted = _texts(tiny, requests, batch=8)
    section = Settings(dtype="float32", batch=8)
    path = tmp_path / "00000.journal"
    with ResumableEngine(open_engine(tiny, section), Journal(path, {})) as engine:
        first = [c for c, _ in zip(engine.generate(requests), range(9), strict=False)]
    with ResumableEngine(open_engine(tiny, section), Journal(path, {})) as engine:
        resumed = {c.request_id: c for c in engine.generate(requests)}
    assert resumed == uninterrupted
    assert all(resumed[c.request_id] == c for c in first)
    assert len(path.read_text().splitlines()) == 1 + 24


def test_greedy_is_what_transformers_itself_generates(tiny):
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(tiny)
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    completions = _texts(tiny, [_request(i, temperature=0.0) for i in range(6)], batch=4)
    for i in range(6):
        ids = tokenizer(PROMPTS[i], add_special_tokens=False, return_tensors="pt")["input_ids"]
        end = sorted(end_tokens(tokenizer, model.generation_config.eos_token_id))
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False,
            eos_token_id=end, pad_token_id=end[0],
        )[0, ids.shape[1] :].tolist()  # fmt: skip
        without_end = out[:-1] if out[-1] in end else out
        assert completions[str(i)].text == tokenizer.decode(without_end)
        assert completions[str(i)].tokens == len(out)


def test_the_end_of_turn_ends_a_completion_and_is_not_in_its_text(tiny):
    tokenizer = load_tokenizer(tiny)
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") in end_tokens(tokenizer, None)
    # A temperature at which the end token of a small vocabulary is sampled sometimes.
    requests = [
        _request(i, PROMPTS[0], temperature=50.0, top_p=1.0, top_k=0, max_new_tokens=400)
        for i in range(24)
    ]
    answers = _texts(tiny, requests, batch=24).values()
    stopped = [c for c in answers if c.finish_reason == "stop"]
    assert stopped and all(c.tokens <= 400 and "<|im_end|>" not in c.text for c in stopped)
    assert all(c.tokens == 400 for c in answers if c.finish_reason == "length")


def test_the_end_of_turn_is_an_end_token_although_only_the_end_of_text_is_declared(tiny):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny, eos_token="<|endoftext|>")
    turn, text = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    assert end_tokens(tokenizer, text) == {turn, text}
    assert end_tokens(tokenizer, [7, text]) == {7, turn, text}
    tokenizer.chat_template = None
    assert end_tokens(tokenizer, None) == {text}


def test_a_stop_string_ends_a_completion_before_it(tiny):
    expected = _texts(tiny, [_request(0, max_new_tokens=30)], batch=1)["0"].text
    stop = expected[len(expected) // 2 : len(expected) // 2 + 3]
    truncated = _texts(tiny, [_request(0, max_new_tokens=30, stop=(stop,))], batch=1)["0"]
    assert truncated.text == expected[: expected.index(stop)]
    assert truncated.finish_reason == "stop"


def test_a_request_over_its_time_limit_has_a_partial_completion(tiny):
    requests = [_request(i, temperature=0.0, max_new_tokens=900) for i in range(4)]
    timed = Settings(dtype="float32", batch=2, request_s=0.2)
    with open_engine(tiny, timed) as engine:
        truncated = list(engine.generate(requests))
    assert {c.finish_reason for c in truncated} == {"time"}
    assert all(0 < c.tokens < 900 for c in truncated)
    untimed = [
        _request(int(c.request_id), temperature=0.0, max_new_tokens=c.tokens) for c in truncated
    ]
    expected = _texts(tiny, untimed, batch=4)
    assert all((c.text, c.tokens) == (expected[c.request_id].text, c.tokens) for c in truncated)


def test_requests_are_drawn_lazily(tiny):
    drawn = 0

    def requests():
        nonlocal drawn
        for i in range(24):
            drawn += 1
            yield _request(i)

    with open_engine(tiny, Settings(dtype="float32", batch=4)) as engine:
        next(engine.generate(requests()))
    assert drawn <= 8


def test_a_prompt_that_fills_the_context_has_the_finish_reason_length(tiny):
    long = "count " * 20_000
    answers = _texts(tiny, [_request(0, long), _request(1)], batch=2)
    assert (answers["0"].text, answers["0"].finish_reason) == ("", "length")
    assert answers["1"].tokens > 0


def test_without_requests_no_model_is_loaded():
    with open_engine(Path("/nowhere"), Settings()) as engine:
        assert list(engine.generate([])) == []


def test_a_folder_without_a_model_is_a_user_error(tmp_path, tiny):
    with pytest.raises(UserError, match=r"no tokenizer that transformers can load"):
        _texts(tmp_path, [_request(0)], batch=1)
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json", "chat_template.jinja"):
        if (tiny / name).exists():
            (tmp_path / name).write_bytes((tiny / name).read_bytes())
    load_tokenizer.cache_clear()
    with pytest.raises(UserError, match=r"not a checkpoint that transformers can load"):
        _texts(tmp_path, [_request(0)], batch=1)
