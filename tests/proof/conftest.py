"""Programs of a tiny checkpoint, sampled by `scripts/sample.py`'s function with a record."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.tiny_model import make_tiny_model

from caco.config.generation import Sample
from caco.engines.open import open_engine, prompted
from caco.models.manifest import Manifest, open_checkpoint, write_manifest
from caco.rows.program import Program
from caco.rows.table import write_rows
from caco.stages.sample import sample_shard

SPEC: dict[str, Any] = {
    "programs_per_shard": 64,
    "engine": {"kind": "transformers", "dtype": "float32", "batch": 64},
    "sampling": {"temperature": 0.9, "top_p": 0.95, "max_new_tokens": 24, "seed": 1},
}


def manifest_of(folder: Path, scale: float) -> Path:
    """Writes a tiny checkpoint whose logits are `scale` times those of `make_tiny_model`."""
    from transformers import AutoModelForCausalLM

    checkpoint = make_tiny_model(folder / "checkpoint")
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    with torch.no_grad():
        model.model.norm.weight.mul_(scale)
    model.save_pretrained(checkpoint)
    write_manifest(folder / "manifest.json", checkpoint)
    return folder / "manifest.json"


def sampled(manifest: Path, **sampling) -> tuple[Manifest, list[Program]]:
    """Returns the checkpoint and a shard of its programs."""
    section = Sample.model_validate({**SPEC, "sampling": {**SPEC["sampling"], **sampling}})
    model = open_checkpoint(manifest)
    with open_engine(model.folder, section.engine) as engine:
        return model, list(sample_shard(prompted(engine, model, "unconditional"), section, "00000"))


def recorded(folder: Path, manifest: Path, rows: list[Program], **sampling):
    """Writes a shard and returns a record that says how it was made."""
    model = open_checkpoint(manifest)
    file = folder / "programs.parquet"
    write_rows(file, Program, [replace(row, model=model.digest) for row in rows])
    return {
        "record": str(folder / "record.json"),
        "rule": "sample",
        "identity": "00000",
        "spec": {**SPEC, "sampling": {**SPEC["sampling"], **sampling}},
        "command": [
            "scripts/sample.py", "--model", str(manifest), "--shard", "00000",
            "--programs", str(file),
        ],
    }  # fmt: skip


@pytest.fixture(scope="session")
def codegen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a checkpoint with peaked distributions."""
    return manifest_of(tmp_path_factory.mktemp("codegen"), 12.0)


@pytest.fixture(scope="session")
def programs(codegen: Path) -> list[Program]:
    return sampled(codegen)[1]
