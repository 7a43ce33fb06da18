"""Prompts and ends of turns in the templates of three families of models."""

import json

import pytest
from tests.tiny_model import make_tiny_model
from tests.tiny_tokenizers import FAMILIES, MISTRAL, chatml, llama3, mistral
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from caco.errors import UserError
from caco.models.tokenizer import declare_end, declared_ends, end_tokens
from caco.text.chat import chat_prompt, end_of_turn, unconditional_prefix
from caco.training.examples import Example, token_ids

PREFIXES = {
    "chatml": "<|im_start|>user\n",
    "llama3": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
    "mistral": "<s>[INST] ",
}
PROMPTS = {
    "chatml": "<|im_start|>user\nWhat?<|im_end|>\n<|im_start|>assistant\n",
    "llama3": PREFIXES["llama3"] + "What?<|eot_id|><|start_header_id|>assistant<|end_header_id|>"
    "\n\n",
    "mistral": "<s>[INST] What? [/INST]",
}
ENDS = {
    "chatml": {"<|endoftext|>", "<|im_end|>"},
    "llama3": {"<|end_of_text|>", "<|eot_id|>"},
    "mistral": {"</s>"},
}


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def tokenizer(family, tmp_path):
    make, _ = FAMILIES[family]
    return make(tmp_path)


def with_template(tokenizer, template):
    tokenizer.chat_template = template
    return tokenizer


def test_the_end_is_the_token_after_the_content_of_an_assistants_turn(tokenizer, family):
    _, end = FAMILIES[family]
    assert end_of_turn(tokenizer) == end


def test_a_user_turn_that_ends_differently_does_not_count(tmp_path):
    tokenizer = mistral(tmp_path)
    assert chat_prompt(tokenizer, "What?").endswith("[/INST]")
    assert "[/INST]" in map(str, tokenizer.added_tokens_decoder.values())
    assert end_of_turn(tokenizer) == "</s>"
    assert end_tokens(tokenizer, None) == {tokenizer.eos_token_id}


def test_earlier_turns_stand_before_the_last_and_are_ended(tokenizer, family):
    prompt = chat_prompt(tokenizer, "One?", "Two.", "What?")
    _, end = FAMILIES[family]
    before, _, after = prompt.partition("Two.")
    assert "One?" in before and after.lstrip().startswith(end)
    assert prompt.endswith(PROMPTS[family].removeprefix("<s>").removeprefix("<|begin_of_text|>"))


def test_prompts_and_prefixes_are_those_of_the_template(tokenizer, family):
    assert chat_prompt(tokenizer, "What?") == PROMPTS[family]
    assert unconditional_prefix(tokenizer) == PREFIXES[family]


def test_a_completion_ends_at_the_end_of_text_and_at_the_end_of_a_turn(tokenizer, family):
    assert end_tokens(tokenizer, None) == set(tokenizer.convert_tokens_to_ids([*ENDS[family]]))
    assert end_tokens(tokenizer, [9, 8]) == end_tokens(tokenizer, None) | {8, 9}


def test_the_end_of_a_training_example_is_one_labelled_token(tokenizer, family):
    _, end = FAMILIES[family]
    ((ids, labels),) = token_ids([Example("Solve.", "x = 1" + end)], tokenizer, 100)
    assert ids[-1] == labels[-1] == tokenizer.convert_tokens_to_ids(end)
    assert ids[-1] in end_tokens(tokenizer, None)


def test_without_a_token_after_the_content_a_turn_ends_with_the_end_of_text(tmp_path):
    next_role = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    assert end_of_turn(with_template(chatml(tmp_path), next_role)) == "<|endoftext|>"
    assert end_of_turn(with_template(chatml(tmp_path), None)) == "<|endoftext|>"


def test_thoughts_that_a_template_begins_in_the_prompt_are_ended_there(tmp_path):
    begins = "{% for m in messages %}{{ m['content'] }}{% endfor %}<|im_start|>assistant\n<think>\n"
    tokenizer = with_template(chatml(tmp_path), begins)
    prompt = "What?<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert chat_prompt(tokenizer, "What?") == prompt


@pytest.mark.parametrize("variable", ["enable_thinking", "thinking"])
def test_both_variables_with_which_templates_disable_thinking_are_set(tmp_path, variable):
    template = (
        "{% for m in messages %}{{ m['content'] }}{% endfor %}"
        "{% if not (V is defined and V is false) %}<think>Hm{% endif %}"
    )
    tokenizer = with_template(chatml(tmp_path), template.replace("V", variable))
    assert chat_prompt(tokenizer, "What?") == "What?"


def test_a_tokenizer_without_any_end_is_an_error_that_names_the_fix(tmp_path):
    tokenizer = with_template(chatml(tmp_path), None)
    tokenizer.eos_token = None
    with pytest.raises(UserError) as caught:
        end_of_turn(tokenizer)
    assert str(caught.value) == (
        f"{tmp_path}: the tokenizer has no `eos_token`, and no chat template ends a turn with a "
        "token, so no completion would end; add `eos_token` to its tokenizer_config.json"
    )


@pytest.mark.parametrize("render", [unconditional_prefix, lambda t: chat_prompt(t, "What?")])
def test_a_missing_template_is_one_sentence(tmp_path, render):
    with pytest.raises(UserError) as caught:
        render(with_template(chatml(tmp_path), None))
    assert str(caught.value) == (
        f"{tmp_path}: the model has no chat template, in which its prompts are written; name a "
        "model that has one"
    )


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (MISTRAL.replace("!= (loop", "== (loop"), "Conversation roles must alternate user/assis"),
        ("{% for m in messages %}{{ m['role'] }}{% endfor %}", "it leaves out the content"),
        ("{{ messages[0]['content'][0]['text'] + 1 }}", "'str object' has no attribute 'text'"),
        ("{% for m in messages %}", "Unexpected end of template."),
    ],
)
def test_a_template_that_cannot_be_rendered_is_one_sentence(tmp_path, template, why):
    with pytest.raises(UserError) as caught:
        unconditional_prefix(with_template(llama3(tmp_path), template))
    message = str(caught.value)
    assert message.startswith(
        f"{tmp_path}: the chat template of the model cannot render turns of user and assistant "
        f"({why}"
    )
    assert message.endswith("); correct the template, or name another model")
    assert "\n" not in message


def test_a_checkpoint_declares_what_it_was_taught_and_what_it_declared_before(tmp_path):
    model = AutoModelForCausalLM.from_pretrained(make_tiny_model(tmp_path / "model"))
    tokenizer = chatml(tmp_path / "tokenizer")
    text, turn = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_end|>"])
    for earlier, expected in {None: [text, turn], text: [text, turn], 7: [text, turn, 7]}.items():
        tokenizer = chatml(tmp_path / "tokenizer")
        model.generation_config = GenerationConfig(eos_token_id=earlier)
        model.config.eos_token_id = text
        declare_end(model, tokenizer, end_of_turn(tokenizer))
        model.save_pretrained(tmp_path / "saved")
        tokenizer.save_pretrained(tmp_path / "saved")
        assert GenerationConfig.from_pretrained(tmp_path / "saved").eos_token_id == expected
        assert json.loads((tmp_path / "saved/config.json").read_text())["eos_token_id"] == turn
        saved = AutoTokenizer.from_pretrained(tmp_path / "saved")
        assert (saved.eos_token, len(saved)) == ("<|im_end|>", len(tokenizer))
        assert declared_ends(tmp_path / "saved") == expected


def test_declared_ends_are_those_of_the_generation_config_or_else_of_the_config(tmp_path):
    assert declared_ends(tmp_path) == []
    (tmp_path / "config.json").write_text('{"eos_token_id": 3}')
    assert declared_ends(tmp_path) == [3]
    (tmp_path / "generation_config.json").write_text("{}")
    assert declared_ends(tmp_path) == [3]
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [5, 6]}')
    assert declared_ends(tmp_path) == [5, 6]


def test_transformers_stops_at_the_end_that_a_checkpoint_was_taught(tmp_path):
    model = AutoModelForCausalLM.from_pretrained(make_tiny_model(tmp_path / "model"))
    tokenizer = chatml(tmp_path / "tokenizer")
    text, turn = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_end|>"])
    model.config.eos_token_id = model.generation_config.eos_token_id = text
    declare_end(model, tokenizer, "<|im_end|>")
    model.save_pretrained(tmp_path / "saved")
    saved = AutoModelForCausalLM.from_pretrained(tmp_path / "saved")
    for end in (text, turn):
        bias = {"sequence_bias": [[[end], 1e9]], "do_sample": False, "max_new_tokens": 4}
        ids = saved.generate(**tokenizer("Solve.", return_tensors="pt"), **bias)
        assert (ids[0] == end).sum() == 1
