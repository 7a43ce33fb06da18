"""Precisions of gradients and optimiser: what DeepSpeed computes with each, and what is refused.

`CACO_PRECISIONS=all` trains with every combination, for a minute more; a new DeepSpeed needs that.
"""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.training.command_line import spec

from caco.config.training import Training
from caco.models.tokenizer import load_tokenizer
from caco.training.examples import Example, write_tokens

_ROOT = Path(__file__).resolve().parents[2]

# Of the optimiser in a checkpoint, per parameter: two moments, and the weights that it updates.
BYTES = {"fp32": 12, "bf16": 6}
COMBINATIONS = [
    (0, "bf16", "fp32"),
    (1, "bf16", "fp32"), (1, "fp32", "fp32"), (1, "bf16", "bf16"),
    (2, "bf16", "fp32"), (2, "fp32", "fp32"), (2, "bf16", "bf16"), (2, "fp32", "bf16"),
    (3, "bf16", "fp32"), (3, "fp32", "fp32"), (3, "bf16", "bf16"), (3, "fp32", "bf16"),
]  # fmt: skip
_REFERENCE = (2, "fp32", "fp32")
_TRAINED = [
    _REFERENCE, (1, "fp32", "fp32"), (2, "bf16", "fp32"), (2, "fp32", "bf16"), (3, "bf16", "bf16"),
]  # fmt: skip
if os.environ.get("CACO_PRECISIONS") == "all":
    _TRAINED = COMBINATIONS


def _training(stage, gradients, optimizer, precision="bf16"):
    # Several micro-batches a step: there is no sum of the gradients of one.
    changed = {"precision": precision, "epochs": 1, "cutoff": 64, "micro_tokens": 64}
    return Training(
        **spec(**changed)["training"],
        zero_stage=stage,
        gradient_precision=gradients,
        optimizer_precision=optimizer,
    )


@pytest.fixture(scope="module")
def found(inputs, tmp_path_factory):
    """By combination: its steps, its resumed steps, and bytes of the optimiser per parameter."""
    folder = tmp_path_factory.mktemp("precisions")
    rows = [Example("", f"input = {i}\noutput = {i} + {i}\nprint(output)") for i in range(9)]
    write_tokens(rows, load_tokenizer(inputs / "tiny"), 64, folder / "tokens.parquet")
    sections = [_training(*combination).model_dump() for combination in _TRAINED]
    process = subprocess.run(
        [sys.executable, "-m", "tests.training.precisions", inputs / "tiny",
         folder / "tokens.parquet", folder / "scratch", json.dumps(sections)],
        cwd=_ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(_ROOT / "src")},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout.splitlines()[-1])
    return dict(zip(_TRAINED, found, strict=True))


@pytest.mark.parametrize("combination", _TRAINED)
def test_every_combination_trains_resumes_exactly_and_has_its_size(found, combination):
    steps, resumed, size = found[combination]
    assert len(steps) == 3
    assert resumed == steps
    assert size == pytest.approx(BYTES[combination[2]], rel=0.01)
    # bf16 has 8 bits: of three steps the losses are about the same.
    for (loss, norm), (same, same_norm) in zip(steps, found[_REFERENCE][0], strict=True):
        assert loss == pytest.approx(same, rel=0.02)
        assert norm == pytest.approx(same_norm, rel=0.1)


def test_a_setting_has_an_effect(found):
    for combination in [(2, "bf16", "fp32"), (2, "fp32", "bf16")]:
        assert found[combination][0] != found[_REFERENCE][0]


def test_every_other_combination_is_allowed_or_refused():
    for combination in itertools.product(range(4), BYTES, BYTES):
        if combination in COMBINATIONS:
            _training(*combination)
        else:
            with pytest.raises(ValueError, match="DeepSpeed"):
                _training(*combination)


@pytest.mark.parametrize(
    ("stage", "gradients", "optimizer", "precision", "message"),
    [
        (0, "fp32", "fp32", "bf16", "adds up the gradients in bf16 under `zero_stage: 0`; remove"),
        (0, None, "bf16", "bf16", "no `optimizer_precision: bf16` under `zero_stage: 0`; remove"),
        (1, "fp32", "bf16", "bf16", "keeps the optimizer in fp32 where `zero_stage: 1` adds"),
        (2, "bf16", "fp32", "fp32", "`gradient_precision: bf16` needs `precision: bf16`; remove"),
        (2, None, "bf16", "fp32", "`optimizer_precision: bf16` needs `precision: bf16`; remove"),
    ],
)
def test_what_deepspeed_does_not_compute_is_refused(
    stage, gradients, optimizer, precision, message
):
    with pytest.raises(ValueError, match=message):
        _training(stage, gradients, optimizer, precision=precision)


def test_a_spec_has_the_precisions_only_where_they_are_set():
    unset = _training(2, None, "fp32").model_dump(mode="json")
    assert not {"gradient_precision", "optimizer_precision"} & set(unset)
    found = _training(2, "bf16", "bf16").model_dump(mode="json")
    assert (found["gradient_precision"], found["optimizer_precision"]) == ("bf16", "bf16")
