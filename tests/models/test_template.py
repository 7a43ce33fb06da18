"""A model without the chat template of its prompts is one sentence, before it is loaded."""

import json
from pathlib import Path

import pytest
from tests.forked import run_script
from tests.models.test_served import _fetched
from tests.tiny_tokenizers import CHATML, FAMILIES, chatml

from caco.errors import UserError
from caco.models.manifest import write_manifest
from caco.models.template import require_chat_template
from caco.rows.seed import Seed
from caco.rows.table import write_rows

ROOT = Path(__file__).resolve().parents[2]
SAMPLING = {"temperature": 0.7, "max_new_tokens": 8}
ENGINE = {"engine": {"kind": "transformers"}, "sampling": SAMPLING}
TRAINING = {
    "epochs": 1, "learning_rate": 1e-3, "global_batch": 1, "cutoff": 64,
}  # fmt: skip
TRAINS = ("--deepspeed", "config/deepspeed/zero2.json", "--loss", "loss", "--checkpoint", "out")
ANSWERS = ("--name", "base", "--benchmark", "b", "--problems", "rows", "--answers", "out")


def set_config(folder, **changed):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


@pytest.fixture
def plain(tmp_path):
    """A folder with a tokenizer without a chat template, and without weights."""
    folder = tmp_path / "plain"
    chatml(folder)
    (folder / "chat_template.jinja").unlink()
    return folder


def missing(folder, key, fix=""):
    return (
        f"{folder}: the model has no chat template, in which its prompts are written; name a model "
        f"that has one in `{key}`{fix}"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_template_in_a_file_of_its_own_suffices(tmp_path, family):
    make, _ = FAMILIES[family]
    make(tmp_path)
    assert (tmp_path / "chat_template.jinja").is_file()
    require_chat_template(tmp_path, "codegen.model")


@pytest.mark.parametrize("template", [CHATML, [{"name": "default", "template": CHATML}]])
def test_a_template_in_the_config_of_the_tokenizer_suffices(plain, template):
    set_config(plain, chat_template=template)
    require_chat_template(plain, "codegen.model")


@pytest.mark.parametrize("template", [None, "", [{"name": "tool_use", "template": CHATML}]])
def test_without_a_template_model_and_key_are_named(plain, template):
    set_config(plain, chat_template=template)
    with pytest.raises(UserError) as caught:
        require_chat_template(plain, "codegen.model")
    assert str(caught.value) == missing(plain, "codegen.model")


def test_the_student_may_be_prompted_without_a_template(plain):
    with pytest.raises(UserError) as caught:
        require_chat_template(plain, "student.model")
    assert str(caught.value) == missing(
        plain, "student.model", ", or set `student.prompt` to `alpaca`"
    )


def test_the_prompts_of_a_served_model_are_framed_by_the_server(tmp_path):
    require_chat_template(_fetched(tmp_path).folder, "reverse.question.model")


def run(script, folder, spec, *flags):
    return run_script(
        [f"scripts/{script}.py", "--spec", json.dumps(spec), *flags,
         "--provenance", folder / "record.json"],
        ROOT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "key", "spec", "flags"),
    [
        ("codegen", "codegen.model", {"training": TRAINING}, (*TRAINS, "--code-cots", "rows")),
        ("writer", "writer.model", {"training": TRAINING, "fine_tune": True},
         (*TRAINS, "--code-cots", "rows", "--seeds", "rows")),
        ("student", "student.model", {"training": TRAINING, "prompt": "chat"},
         (*TRAINS, "--corpus", "rows")),
        ("sample", "codegen.model", ENGINE | {"programs_per_shard": 1},
         ("--shard", "00000", "--programs", "out")),
        ("answer", "student.model", ENGINE | {"prompt": "chat", "samples": 1}, ANSWERS),
    ],
)  # fmt: skip
def test_a_job_ends_with_one_sentence_before_the_model_is_loaded(
    tmp_path, plain, script, key, spec, flags
):
    write_manifest(tmp_path / "base.json", plain)
    write_rows(tmp_path / "rows", Seed, [])
    flags = [tmp_path / flag if flag in ("rows", "out", "loss") else flag for flag in flags]
    training = {"model": "plain"} if "training" in spec else {}
    done = run(script, tmp_path, training | spec, "--model", tmp_path / "base.json", *flags)
    fix = ", or set `student.prompt` to `alpaca`" if key == "student.model" else ""
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"input error: {missing(plain, key, fix)}"
    assert "Traceback" not in done.stderr


def test_the_job_that_fetches_a_model_fails_if_the_config_needs_its_template(tmp_path, plain):
    (plain / "config.json").write_text("{}")
    (plain / "model.safetensors").write_bytes(b"")
    flags = ("--name", "plain", "--manifest", tmp_path / "manifest.json")
    spec = {"kind": "local", "path": str(plain)}
    done = run("model", tmp_path, spec, *flags, "--chat-key", "codegen.model")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"input error: {missing(plain, 'codegen.model')}"
    done = run("model", tmp_path, spec, *flags, "--chat-key")
    assert done.returncode == 0, done.stderr
