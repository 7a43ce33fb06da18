"""The vLLM engine with a real model: the guarantees of `caco.engines.protocol`."""

from pathlib import Path

import pytest
from tests.infer.chats import PROMPTS, chat, completions, request
from tests.infer.conftest import SETTINGS

from caco.config.engines import NgramSpeculation, TransformersEngineConfig
from caco.engines.open import open_engine
from caco.engines.resumable import ResumableEngine
from caco.engines.vllm_start import _arguments
from caco.errors import UserError
from caco.models.tokenizer import load_tokenizer
from caco.runtime.journal import Journal


@pytest.fixture
def timed(vllm, monkeypatch):
    """Sets the time limit of the engine."""

    def within(seconds):
        section = SETTINGS.model_copy(update={"request_s": seconds})
        monkeypatch.setattr(vllm, "_section", section)
        return vllm

    return within


def test_greedy_completions_in_float32_equal_those_of_the_transformers_engine(vllm, model):
    requests = [request(i, temperature=0.0, max_new_tokens=24) for i in range(64)]
    ours = completions(vllm, requests)
    with open_engine(model.folder, TransformersEngineConfig(dtype="float32")) as engine:
        theirs = completions(engine, requests)
    assert len({c.text for c in theirs.values()}) > 48
    different = [name for name in theirs if ours[name] != theirs[name]]
    for name in different:
        print(f"{PROMPTS[int(name)]!r}\n  vLLM         {ours[name]}\n  transformers {theirs[name]}")
    print(f"{64 - len(different)} of 64 completions are equal")
    assert len(different) <= 0.05 * 64


def test_sampling_is_reproducible_and_depends_on_the_seed(vllm):
    requests = [request(i) for i in range(24)]
    first = completions(vllm, requests)
    assert completions(vllm, requests) == first
    others = [request(i, PROMPTS[0]) for i in range(16)]
    assert len({c.text for c in completions(vllm, others).values()}) > 8


def test_prompts_that_exceed_the_tokens_of_a_step_are_completed(vllm):
    # On a CPU vLLM cannot sample with a seed under chunked prefill.
    requests = [request(i, chat(f"{i} " * 400), max_new_tokens=4) for i in range(12)]
    assert len(completions(vllm, requests)) == 12


def test_a_resumed_run_completes_each_request_once(vllm, tmp_path):
    requests = [request(i) for i in range(24)]
    path = tmp_path / "00000.journal"
    with Journal(path, {}) as journal:
        engine = ResumableEngine(vllm, journal)
        first = [c for c, _ in zip(engine.generate(requests), range(9), strict=False)]
        resumed = completions(engine, requests)
        assert len(journal) == 24
    assert set(resumed) == {r.request_id for r in requests}
    assert all(resumed[c.request_id] == c for c in first)
    assert len(path.read_text().splitlines()) == 1 + 24
    # Batches differ in the last bits, so a near tie may be decided differently.
    uninterrupted = completions(vllm, requests)
    assert sum(resumed[name] == uninterrupted[name] for name in uninterrupted) >= 0.95 * 24


def test_the_end_of_turn_ends_a_completion_and_is_not_in_its_text(vllm):
    short = request(0, chat("Answer with one word: is snow white?"), max_new_tokens=100)
    long = request(1, chat("Count from 1 to 100."), temperature=0.0, max_new_tokens=20)
    got = completions(vllm, [short, long])
    assert (got["0"].finish_reason, got["1"].finish_reason) == ("stop", "length")
    assert "<|im_end|>" not in got["0"].text
    assert got["1"].tokens == 20


def test_prompts_and_texts_are_not_modified(vllm, model):
    # A prompt of turns is completed by turns, whose special tokens stay in the text.
    turns = "<|im_start|>user\nHi<|im_end|>\n" * 3 + "<|im_start|>user\nHi"
    completion = completions(vllm, [request(0, turns, temperature=0.0, stop=("Hi",))])["0"]
    tokenizer = load_tokenizer(model.folder)
    assert tokenizer(turns, add_special_tokens=False)["input_ids"][-1] != tokenizer.eos_token_id
    with open_engine(model.folder, TransformersEngineConfig(dtype="float32")) as engine:
        expected = completions(engine, [request(0, turns, temperature=0.0, stop=("Hi",))])["0"]
    assert completion == expected


def test_a_stop_string_ends_a_completion_before_it(vllm):
    greedy = {"temperature": 0.0, "max_new_tokens": 30}
    expected = completions(vllm, [request(0, **greedy)])["0"].text
    stop = expected[len(expected) // 2 : len(expected) // 2 + 3]
    truncated = completions(vllm, [request(0, **greedy, stop=("never", stop))])["0"]
    assert truncated.text == expected[: expected.index(stop)]
    assert truncated.finish_reason == "stop"


def test_a_request_over_its_time_limit_has_a_partial_completion(vllm, timed):
    greedy = {"temperature": 0.0, "max_new_tokens": 900}
    requests = [request(i, chat("Count from 1 to 1000."), **greedy) for i in range(4)]
    truncated = completions(timed(1.0), requests)
    assert {c.finish_reason for c in truncated.values()} == {"time"}
    tokens = truncated["0"].tokens
    assert 0 < tokens < 900
    expected = completions(timed(None), [request(0, requests[0].prompt, temperature=0.0,
                                            max_new_tokens=tokens)])["0"]  # fmt: skip
    assert (expected.text, expected.finish_reason) == (truncated["0"].text, "length")


def test_a_time_limit_does_not_change_completions_within_it(vllm, timed):
    requests = [request(i) for i in range(8)]
    untimed = completions(vllm, requests)
    assert completions(timed(300.0), requests) == untimed


def test_requests_are_drawn_lazily_and_closing_early_aborts_them(vllm):
    drawn = 0

    def requests():
        nonlocal drawn
        for i in range(64):
            drawn += 1
            yield request(i, max_new_tokens=4 + i % 4)

    generating = vllm.generate(requests())
    next(generating)
    assert drawn <= (SETTINGS.batch or 0)
    generating.close()
    got = completions(vllm, [request(0)])
    assert list(got) == ["0"]


def test_sampling_with_proposals_is_refused_where_vllm_draws_wrong_tokens(vllm, monkeypatch):
    completions(vllm, [request(0)])  # vLLM has started
    speculative = NgramSpeculation(num_speculative_tokens=2)
    monkeypatch.setattr(vllm, "_section", SETTINGS.model_copy(update={"speculative": speculative}))
    with pytest.raises(UserError, match=r"older model runner.*or set `sampling.temperature: 0`"):
        completions(vllm, [request(0)])
    assert completions(vllm, [request(0, temperature=0.0)])["0"].tokens
    monkeypatch.setattr(vllm, "_older_runner", False)
    assert completions(vllm, [request(0)])["0"].tokens


def test_without_a_batch_there_are_as_many_requests_as_vllm_has_chosen(vllm, monkeypatch):
    monkeypatch.setattr(vllm, "_section", SETTINGS.model_copy(update={"batch": None}))
    queue = iter([request(i, max_new_tokens=8) for i in range(64)])
    generating = vllm.generate(queue)
    next(generating)
    assert 64 - len(list(queue)) == SETTINGS.batch  # with which this vLLM was started
    generating.close()


def test_a_prompt_that_fills_the_context_has_the_finish_reason_length(vllm):
    got = completions(vllm, [request(0, "count " * 2_000), request(1)])
    assert (got["0"].text, got["0"].tokens, got["0"].finish_reason) == ("", 0, "length")
    assert got["1"].tokens > 0


def test_without_requests_no_model_is_loaded():
    with open_engine(Path("/nowhere"), SETTINGS) as engine:
        assert list(engine.generate([])) == []


def test_speculation_and_prefix_caching_are_those_of_the_section(model):
    from vllm import EngineArgs

    unset = EngineArgs(**_arguments(model.folder, SETTINGS, on_cpu=True)).create_engine_config()
    assert unset.speculative_config is None and unset.cache_config.enable_prefix_caching
    speculative = NgramSpeculation(num_speculative_tokens=3, prompt_lookup_max=5)
    section = SETTINGS.model_copy(update={"prefix_caching": False, "speculative": speculative})
    found = EngineArgs(**_arguments(model.folder, section, on_cpu=True)).create_engine_config()
    assert not found.cache_config.enable_prefix_caching
    ngram = found.speculative_config
    assert (ngram.method, ngram.num_speculative_tokens) == ("ngram", 3)
    assert (ngram.prompt_lookup_max, ngram.prompt_lookup_min) == (5, 2)


def test_a_failure_of_vllm_is_one_sentence_with_the_keys(model, tmp_path):
    with pytest.raises(UserError, match=r"no tokenizer that transformers can load"):
        completions(open_engine(tmp_path, SETTINGS), [request(0)])
    long = SETTINGS.model_copy(update={"context": 1_000_000})
    with pytest.raises(UserError, match=r"vLLM cannot run.*1000000.*`context`") as e:
        completions(open_engine(model.folder, long), [request(0)])
    assert "\n" not in str(e.value)
