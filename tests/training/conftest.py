"""Inputs of the fine-tuning scripts: a tiny model and a few rows."""

from pathlib import Path
from typing import Any

import pytest
from tests.tiny_model import make_tiny_model
from tests.training.command_line import run, spec

from caco.models.manifest import write_manifest
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.seed import Seed
from caco.rows.table import write_rows


@pytest.fixture(scope="session")
def inputs(tmp_path_factory) -> Path:
    """A folder with a tiny model, Code CoTs, their seeds and a corpus."""
    folder = tmp_path_factory.mktemp("inputs")
    write_manifest(folder / "base.json", make_tiny_model(folder / "tiny"))
    programs = [f'input = {{"a": {i}}}\noutput = input["a"] * 2\nprint(output)\n' for i in range(9)]
    write_rows(
        folder / "cots.parquet",
        CodeCoT,
        [
            CodeCoT(f"p{i}", f"s{i}", "x", program, "program", f'{{"a":{i}}}', str(2 * i))
            for i, program in enumerate(programs)
        ],
    )
    write_rows(
        folder / "seeds.parquet",
        Seed,
        [
            Seed(f"s{i}", "x", "math", f"Double {i}?", f"{i} + {i}." if i % 2 else None, None,
                 str(2 * i), "MIT")
            for i in range(9)
        ],
    )  # fmt: skip
    parents: Any = ["x"] * 9
    write_rows(
        folder / "corpus.parquet",
        CorpusRow,
        [CorpusRow(f"Double {i}?", f"It is {2 * i}.", str(2 * i), "", *parents) for i in range(9)],
    )
    write_rows(folder / "empty.parquet", CorpusRow, [])
    return folder


@pytest.fixture(scope="session")
def trained(inputs, tmp_path_factory) -> tuple[Path, str]:
    """A code generator fine-tuned on one rank, and the stderr of the script."""
    out = tmp_path_factory.mktemp("trained")
    return out, run("codegen", inputs, out, spec(), "--code-cots", inputs / "cots.parquet")
