"""One vLLM engine for all tests of this folder, because it is slow to start."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from caco.config.config import check_config, read_config
from caco.config.engines import VllmEngineConfig as Settings
from caco.config.section import spec_json
from caco.engines.open import open_engine
from caco.engines.protocol import Engine
from caco.identity import digest
from caco.models.manifest import Manifest, read_manifest
from caco.runtime.cache import cache_folder
from caco.runtime.code_digest import code_digest

ROOT = Path(__file__).resolve().parents[2]
# As caco.workflow.rules does for jobs: spinning threads slow down the ones they wait for.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
SETTINGS = Settings(kind="vllm", dtype="float32", batch=16, context=1024, eager=True)


@pytest.fixture(scope="session")
def manifest() -> Path:
    """The manifest of SmolLM2-135M-Instruct, converted once from the embedded run's package."""
    os.chdir(ROOT)
    section = check_config(read_config(ROOT / "config.yaml"), "config.yaml").models["smollm2"]
    spec = spec_json(section=section)
    name = digest(spec, code_digest(ROOT / "scripts" / "model.py", ROOT / "src"))
    made = (cache_folder() / "models" / "checkpoints" / name / "manifest.json").resolve()
    if not made.is_file():
        subprocess.run(
            ["envs/python", "train", "scripts/model.py", "--name", "smollm2", "--manifest", made,
             "--spec", spec, "--provenance", made.with_name("record.json")],
            check=True, timeout=300,
        )  # fmt: skip
    return made


@pytest.fixture(scope="session")
def model(manifest: Path) -> Manifest:
    return read_manifest(manifest)


@pytest.fixture(scope="session")
def vllm(model: Manifest) -> Iterator[Engine]:
    with open_engine(model.folder, SETTINGS) as engine:
        yield engine
