"""The engine over real vLLM and a real model, held to what `caco.engines.protocol` promises."""

from pathlib import Path

import pytest
from conftest import SETTINGS

from caco.config.engines import TransformersEngine
from caco.engines.journal import Journal, Journaled
from caco.engines.open import open_engine
from caco.engines.protocol import Request
from caco.errors import UserError
from caco.models.tokenizer import load_tokenizer

THINGS = ("apples", "books", "cups", "stamps", "coins", "chairs", "eggs", "pens")
ASKED = (
    "Ann has {i} {thing} and buys {j} more. How many {thing} has she now?",
    "A box holds {i} {thing}. How many {thing} do {j} boxes hold?",
    "Write one sentence about {i} {thing}.",
    "Write a Python function that counts {thing}.",
)


def _chat(user):
    return f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"


PROMPTS = [
    _chat(ASKED[i % 4].format(i=i + 2, j=i % 7 + 3, thing=THINGS[i // 4 % 8])) for i in range(64)
]


def _request(i, prompt=None, **changed):
    settings = {"temperature": 0.9, "top_p": 0.95, "top_k": 50, "max_new_tokens": 12} | changed
    return Request(str(i), PROMPTS[i] if prompt is None else prompt, 1000 + i, **settings)


def _answers(engine, requests):
    return {c.request_id: c for c in engine.generate(requests)}


@pytest.fixture
def timed(vllm, monkeypatch):
    """Gives the engine a time limit a request."""

    def within(seconds):
        section = SETTINGS.model_copy(update={"request_s": seconds})
        monkeypatch.setattr(vllm, "_section", section)
        return vllm

    return within


def test_greedy_in_float32_is_what_our_transformers_engine_gives(vllm, model):
    requests = [_request(i, temperature=0.0, max_new_tokens=24) for i in range(64)]
    ours = _answers(vllm, requests)
    with open_engine(model.folder, TransformersEngine(dtype="float32")) as engine:
        theirs = _answers(engine, requests)
    assert len({c.text for c in theirs.values()}) > 48
    other = [name for name in theirs if ours[name] != theirs[name]]
    for name in other:
        print(f"{PROMPTS[int(name)]!r}\n  vLLM         {ours[name]}\n  transformers {theirs[name]}")
    print(f"{64 - len(other)} of 64 completions are equal")
    assert len(other) <= 0.05 * 64


def test_the_same_requests_draw_the_same_twice_and_another_seed_draws_another(vllm):
    requests = [_request(i) for i in range(24)]
    first = _answers(vllm, requests)
    assert _answers(vllm, requests) == first
    others = [_request(i, PROMPTS[0]) for i in range(16)]
    assert len({c.text for c in _answers(vllm, others).values()}) > 8


def test_resumed_from_its_journal_it_makes_each_row_once(vllm, tmp_path):
    requests = [_request(i) for i in range(24)]
    path = tmp_path / "00000.journal"
    with Journal(path, {}) as journal:
        engine = Journaled(vllm, journal)
        first = [c for c, _ in zip(engine.generate(requests), range(9), strict=False)]
        resumed = _answers(engine, requests)
        assert len(journal) == 24
    assert set(resumed) == {r.request_id for r in requests}
    assert all(resumed[c.request_id] == c for c in first)
    assert len(path.read_text().splitlines()) == 1 + 24
    # In other batches the arithmetic may differ in its last bit, and a near tie fall otherwise.
    undisturbed = _answers(vllm, requests)
    assert sum(resumed[name] == undisturbed[name] for name in undisturbed) >= 0.95 * 24


def test_the_end_of_turn_ends_a_completion_and_is_not_in_its_text(vllm):
    short = _request(0, _chat("Answer with one word: is snow white?"), max_new_tokens=100)
    long = _request(1, _chat("Count from 1 to 100."), temperature=0.0, max_new_tokens=20)
    answers = _answers(vllm, [short, long])
    assert (answers["0"].finish_reason, answers["1"].finish_reason) == ("stop", "length")
    assert "<|im_end|>" not in answers["0"].text
    assert answers["1"].tokens == 20


def test_nothing_is_added_to_a_prompt_nor_taken_from_a_text(vllm, model):
    # A model shown turns goes on with turns: their special tokens stay in the text.
    turns = "<|im_start|>user\nHi<|im_end|>\n" * 3 + "<|im_start|>user\nHi"
    answer = _answers(vllm, [_request(0, turns, temperature=0.0, stop=("Hi",))])["0"]
    tokenizer = load_tokenizer(model.folder)
    assert tokenizer(turns, add_special_tokens=False)["input_ids"][-1] != tokenizer.eos_token_id
    with open_engine(model.folder, TransformersEngine(dtype="float32")) as engine:
        assert answer == _answers(engine, [_request(0, turns, temperature=0.0, stop=("Hi",))])["0"]


def test_a_stop_text_ends_a_completion_before_it(vllm):
    greedy = {"temperature": 0.0, "max_new_tokens": 30}
    whole = _answers(vllm, [_request(0, **greedy)])["0"].text
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    cut = _answers(vllm, [_request(0, **greedy, stop=("never", stop))])["0"]
    assert cut.text == whole[: whole.index(stop)]
    assert cut.finish_reason == "stop"


def test_a_request_whose_time_is_over_ends_with_what_it_has(vllm, timed):
    greedy = {"temperature": 0.0, "max_new_tokens": 900}
    requests = [_request(i, _chat("Count from 1 to 1000."), **greedy) for i in range(4)]
    cut = _answers(timed(1.0), requests)
    assert {c.finish_reason for c in cut.values()} == {"time"}
    tokens = cut["0"].tokens
    assert 0 < tokens < 900
    whole = _answers(timed(None), [_request(0, requests[0].prompt, temperature=0.0,
                                            max_new_tokens=tokens)])["0"]  # fmt: skip
    assert (whole.text, whole.finish_reason) == (cut["0"].text, "length")


def test_one_that_ends_in_time_is_as_without_a_limit(vllm, timed):
    requests = [_request(i) for i in range(8)]
    untimed = _answers(vllm, requests)
    assert _answers(timed(300.0), requests) == untimed


def test_requests_are_drawn_only_as_there_is_room_and_the_rest_is_left(vllm):
    drawn = 0

    def requests():
        nonlocal drawn
        for i in range(64):
            drawn += 1
            yield _request(i, max_new_tokens=4 + i % 4)

    generating = vllm.generate(requests())
    next(generating)
    assert drawn <= SETTINGS.batch
    generating.close()
    answers = _answers(vllm, [_request(0)])
    assert list(answers) == ["0"]


def test_a_prompt_that_fills_the_context_is_cut_not_a_crash(vllm):
    answers = _answers(vllm, [_request(0, "count " * 2_000), _request(1)])
    assert (answers["0"].text, answers["0"].tokens, answers["0"].finish_reason) == ("", 0, "length")
    assert answers["1"].tokens > 0


def test_without_requests_no_model_is_loaded():
    with open_engine(Path("/nowhere"), SETTINGS) as engine:
        assert list(engine.generate([])) == []


def test_what_vllm_cannot_run_is_one_sentence_with_the_keys(model, tmp_path):
    with pytest.raises(UserError, match=r"no tokenizer that transformers can load"):
        _answers(open_engine(tmp_path, SETTINGS), [_request(0)])
    long = SETTINGS.model_copy(update={"context": 1_000_000})
    with pytest.raises(UserError, match=r"vLLM cannot run.*1000000.*`context`") as e:
        _answers(open_engine(model.folder, long), [_request(0)])
    assert "\n" not in str(e.value)
