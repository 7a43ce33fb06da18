"""A served model has a manifest, and its prompts are framed by the server."""

import pytest
from tests.tiny_model import make_tiny_model
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from caco.config.models import ServedModel
from caco.errors import UserError
from caco.models.fetch import fetch_model
from caco.models.manifest import read_manifest
from caco.models.served import served_model
from caco.models.tokenizer import framing, load_tokenizer, turns_framing
from caco.text.chat import alpaca_prompt, chat_prompt


def _fetched(folder, **changed):
    section = ServedModel(**{"kind": "served", "name": "big-72b", "revision": "2026-11"} | changed)
    fetch_model(section, "big", folder / "manifest.json")
    return read_manifest(folder / "manifest.json")


def test_the_digest_of_its_manifest_identifies_model_and_revision(tmp_path):
    model = _fetched(tmp_path / "a")
    assert served_model(model.folder) == ServedModel(
        kind="served", name="big-72b", revision="2026-11"
    )
    assert model.digest == _fetched(tmp_path / "b").digest
    assert model.digest != _fetched(tmp_path / "c", revision="2026-12").digest
    assert model.digest != _fetched(tmp_path / "d", name="big-7b").digest


def test_an_invalid_note_is_a_user_error(tmp_path):
    model = _fetched(tmp_path)
    (model.folder / "served.json").write_text('{"name": 3}')
    with pytest.raises(
        UserError, match=r"served\.json: not the note of a served model; delete its manif"
    ):
        served_model(model.folder)


def test_prompts_of_a_served_model_are_framed_by_the_server(tmp_path):
    served = _fetched(tmp_path).folder
    tiny = make_tiny_model(tmp_path / "tiny")
    assert framing(served)("How much?") == "How much?"
    assert framing(tiny)("How much?") == chat_prompt(load_tokenizer(tiny), "How much?")
    for folder in (served, tiny):
        assert framing(folder, "alpaca")("How much?") == alpaca_prompt("How much?")


def test_a_served_model_takes_one_turn_and_a_checkpoint_several(tmp_path):
    assert turns_framing(_fetched(tmp_path).folder) is None
    tiny = make_tiny_model(tmp_path / "tiny")
    converse = turns_framing(tiny)
    assert converse is not None
    turns = ("2 + 2?", "4", "How much?")
    assert converse(*turns) == chat_prompt(load_tokenizer(tiny), *turns)
    assert converse("How much?") == framing(tiny)("How much?")


def test_the_headings_of_alpaca_follow_the_bos_token(tmp_path):
    tiny = make_tiny_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.bos_token = tokenizer.eos_token
    bos = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{bos[0]} $A", special_tokens=[bos]
    )
    tokenizer.save_pretrained(tiny)
    prompt = framing(tiny, "alpaca")("How much?")
    assert prompt == bos[0] + alpaca_prompt("How much?")
    assert load_tokenizer(tiny)(prompt, add_special_tokens=False)["input_ids"][0] == bos[1]


def test_a_tokenizer_is_loaded_with_the_first_text(tmp_path):
    frame = framing(tmp_path)
    with pytest.raises(UserError, match="no tokenizer that transformers can load"):
        frame("How much?")
