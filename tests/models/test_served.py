"""A model that only a server has goes through the workflow like any other."""

import json

import pytest
from tests.tiny_model import make_tiny_model
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from caco.config.models import ServedModel, read_model
from caco.errors import UserError
from caco.models.fetch import fetch_model
from caco.models.manifest import read_manifest
from caco.models.served import served_model
from caco.models.tokenizer import framing, load_tokenizer
from caco.text.chat import alpaca_prompt, chat_prompt


def _fetched(folder, **changed):
    spec = {"kind": "served", "name": "big-72b", "revision": "2026-11"} | changed
    fetch_model(read_model(json.dumps(spec), "big"), "big", folder / "manifest.json")
    return read_manifest(folder / "manifest.json")


def test_its_manifest_names_model_and_revision(tmp_path):
    model = _fetched(tmp_path / "a")
    assert served_model(model.folder) == ServedModel(
        kind="served", name="big-72b", revision="2026-11"
    )
    assert model.digest == _fetched(tmp_path / "b").digest
    assert model.digest != _fetched(tmp_path / "c", revision="2026-12").digest
    assert model.digest != _fetched(tmp_path / "d", name="big-7b").digest


def test_a_damaged_note_is_one_sentence(tmp_path):
    model = _fetched(tmp_path)
    (model.folder / "served.json").write_text('{"name": 3}')
    with pytest.raises(UserError, match=r"served\.json: names no served model; delete its manif"):
        served_model(model.folder)


def test_the_server_frames_its_prompts_and_a_checkpoint_its_own(tmp_path):
    served = _fetched(tmp_path).folder
    tiny = make_tiny_model(tmp_path / "tiny")
    assert framing(served)("How much?") == "How much?"
    assert framing(tiny)("How much?") == chat_prompt(load_tokenizer(tiny), "How much?")
    for folder in (served, tiny):
        assert framing(folder, "alpaca")("How much?") == alpaca_prompt("How much?")


def test_headings_follow_the_token_with_which_a_tokenizer_begins(tmp_path):
    tiny = make_tiny_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.bos_token = tokenizer.eos_token
    begin = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{begin[0]} $A", special_tokens=[begin]
    )
    tokenizer.save_pretrained(tiny)
    prompt = framing(tiny, "alpaca")("How much?")
    assert prompt == begin[0] + alpaca_prompt("How much?")
    assert load_tokenizer(tiny)(prompt, add_special_tokens=False)["input_ids"][0] == begin[1]


def test_a_tokenizer_is_loaded_with_the_first_text(tmp_path):
    frame = framing(tmp_path)
    with pytest.raises(UserError, match="no tokenizer that transformers can load"):
        frame("How much?")
