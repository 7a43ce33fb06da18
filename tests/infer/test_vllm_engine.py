"""The engine over real vLLM and a real model, held to what `caco.engines.protocol` promises."""

from pathlib import Path

import pytest
from chats import PROMPTS, answers, asked, chat
from conftest import SETTINGS

from caco.config.engines import TransformersEngineConfig
from caco.engines.open import open_engine
from caco.engines.resumable import ResumableEngine
from caco.errors import UserError
from caco.models.tokenizer import load_tokenizer
from caco.runtime.journal import Journal


@pytest.fixture
def timed(vllm, monkeypatch):
    """Gives the engine a time limit a request."""

    def within(seconds):
        section = SETTINGS.model_copy(update={"request_s": seconds})
        monkeypatch.setattr(vllm, "_section", section)
        return vllm

    return within


def test_greedy_in_float32_is_what_our_transformers_engine_gives(vllm, model):
    requests = [asked(i, temperature=0.0, max_new_tokens=24) for i in range(64)]
    ours = answers(vllm, requests)
    with open_engine(model.folder, TransformersEngineConfig(dtype="float32")) as engine:
        theirs = answers(engine, requests)
    assert len({c.text for c in theirs.values()}) > 48
    other = [name for name in theirs if ours[name] != theirs[name]]
    for name in other:
        print(f"{PROMPTS[int(name)]!r}\n  vLLM         {ours[name]}\n  transformers {theirs[name]}")
    print(f"{64 - len(other)} of 64 completions are equal")
    assert len(other) <= 0.05 * 64


def test_the_same_requests_draw_the_same_twice_and_another_seed_draws_another(vllm):
    requests = [asked(i) for i in range(24)]
    first = answers(vllm, requests)
    assert answers(vllm, requests) == first
    others = [asked(i, PROMPTS[0]) for i in range(16)]
    assert len({c.text for c in answers(vllm, others).values()}) > 8


def test_prompts_that_do_not_fit_into_one_step_are_answered_too(vllm):
    # On a CPU vLLM cannot draw with a seed after half a prompt.
    requests = [asked(i, chat(f"{i} " * 400), max_new_tokens=4) for i in range(12)]
    assert len(answers(vllm, requests)) == 12


def test_resumed_from_its_journal_it_makes_each_row_once(vllm, tmp_path):
    requests = [asked(i) for i in range(24)]
    path = tmp_path / "00000.journal"
    with Journal(path, {}) as journal:
        engine = ResumableEngine(vllm, journal)
        first = [c for c, _ in zip(engine.generate(requests), range(9), strict=False)]
        resumed = answers(engine, requests)
        assert len(journal) == 24
    assert set(resumed) == {r.request_id for r in requests}
    assert all(resumed[c.request_id] == c for c in first)
    assert len(path.read_text().splitlines()) == 1 + 24
    # In other batches the arithmetic may differ in its last bit, and a near tie fall otherwise.
    undisturbed = answers(vllm, requests)
    assert sum(resumed[name] == undisturbed[name] for name in undisturbed) >= 0.95 * 24


def test_the_end_of_turn_ends_a_completion_and_is_not_in_its_text(vllm):
    short = asked(0, chat("Answer with one word: is snow white?"), max_new_tokens=100)
    long = asked(1, chat("Count from 1 to 100."), temperature=0.0, max_new_tokens=20)
    got = answers(vllm, [short, long])
    assert (got["0"].finish_reason, got["1"].finish_reason) == ("stop", "length")
    assert "<|im_end|>" not in got["0"].text
    assert got["1"].tokens == 20


def test_nothing_is_added_to_a_prompt_nor_taken_from_a_text(vllm, model):
    # A model shown turns goes on with turns: their special tokens stay in the text.
    turns = "<|im_start|>user\nHi<|im_end|>\n" * 3 + "<|im_start|>user\nHi"
    answer = answers(vllm, [asked(0, turns, temperature=0.0, stop=("Hi",))])["0"]
    tokenizer = load_tokenizer(model.folder)
    assert tokenizer(turns, add_special_tokens=False)["input_ids"][-1] != tokenizer.eos_token_id
    with open_engine(model.folder, TransformersEngineConfig(dtype="float32")) as engine:
        assert answer == answers(engine, [asked(0, turns, temperature=0.0, stop=("Hi",))])["0"]


def test_a_stop_text_ends_a_completion_before_it(vllm):
    greedy = {"temperature": 0.0, "max_new_tokens": 30}
    whole = answers(vllm, [asked(0, **greedy)])["0"].text
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    cut = answers(vllm, [asked(0, **greedy, stop=("never", stop))])["0"]
    assert cut.text == whole[: whole.index(stop)]
    assert cut.finish_reason == "stop"


def test_a_request_whose_time_is_over_ends_with_what_it_has(vllm, timed):
    greedy = {"temperature": 0.0, "max_new_tokens": 900}
    requests = [asked(i, chat("Count from 1 to 1000."), **greedy) for i in range(4)]
    cut = answers(timed(1.0), requests)
    assert {c.finish_reason for c in cut.values()} == {"time"}
    tokens = cut["0"].tokens
    assert 0 < tokens < 900
    whole = answers(timed(None), [asked(0, requests[0].prompt, temperature=0.0,
                                            max_new_tokens=tokens)])["0"]  # fmt: skip
    assert (whole.text, whole.finish_reason) == (cut["0"].text, "length")


def test_one_that_ends_in_time_is_as_without_a_limit(vllm, timed):
    requests = [asked(i) for i in range(8)]
    untimed = answers(vllm, requests)
    assert answers(timed(300.0), requests) == untimed


def test_requests_are_drawn_only_as_there_is_room_and_the_rest_is_left(vllm):
    drawn = 0

    def requests():
        nonlocal drawn
        for i in range(64):
            drawn += 1
            yield asked(i, max_new_tokens=4 + i % 4)

    generating = vllm.generate(requests())
    next(generating)
    assert drawn <= SETTINGS.batch
    generating.close()
    got = answers(vllm, [asked(0)])
    assert list(got) == ["0"]


def test_a_prompt_that_fills_the_context_is_cut_not_a_crash(vllm):
    got = answers(vllm, [asked(0, "count " * 2_000), asked(1)])
    assert (got["0"].text, got["0"].tokens, got["0"].finish_reason) == ("", 0, "length")
    assert got["1"].tokens > 0


def test_without_requests_no_model_is_loaded():
    with open_engine(Path("/nowhere"), SETTINGS) as engine:
        assert list(engine.generate([])) == []


def test_what_vllm_cannot_run_is_one_sentence_with_the_keys(model, tmp_path):
    with pytest.raises(UserError, match=r"no tokenizer that transformers can load"):
        answers(open_engine(tmp_path, SETTINGS), [asked(0)])
    long = SETTINGS.model_copy(update={"context": 1_000_000})
    with pytest.raises(UserError, match=r"vLLM cannot run.*1000000.*`context`") as e:
        answers(open_engine(model.folder, long), [asked(0)])
    assert "\n" not in str(e.value)
