"""A checkpoint is compared with the loss curve of its record, on its own rows."""

from pathlib import Path

import pytest
from tests.proof.conftest import manifest_of

from caco.proof.training import prove_training
from caco.rows.code_cot import CodeCoT
from caco.rows.loss import Loss
from caco.rows.table import write_rows


def _record(folder: Path, manifest: Path, losses: list[float], cutoff: int = 64) -> dict:
    """Writes the files of a training that left `manifest`, with these losses in two epochs."""
    rows = [
        CodeCoT(f"p{n}", f"s{n}", "easy", f"output = {n} + {n}", "symbolic", "{}", f"{n}")
        for n in range(5)
    ]
    write_rows(folder / "cots.parquet", CodeCoT, rows)
    steps = len(losses) // 2
    curve = [Loss(n, n / steps, loss, 1e-3, 1.0, n) for n, loss in enumerate(losses, 1)]
    write_rows(folder / "loss.parquet", Loss, curve)
    training = {"epochs": 2, "learning_rate": 1e-3, "global_batch": 1, "cutoff": cutoff,
                "precision": "fp32"}  # fmt: skip
    return {
        "record": str(folder / "record.json"),
        "rule": "codegen",
        "identity": "all",
        "spec": {"model": "m", "training": training},
        "command": [
            "scripts/codegen.py", "--model", str(manifest), "--code-cots",
            str(folder / "cots.parquet"), "--checkpoint", str(manifest),
            "--loss", str(folder / "loss.parquet"),
        ],
    }  # fmt: skip


def test_a_checkpoint_whose_loss_is_that_of_the_last_epoch_is_consistent(tmp_path):
    manifest = manifest_of(tmp_path / "model", 1.0)
    first = prove_training(_record(tmp_path, manifest, [9.0] * 4), tmp_path)
    assert (first.verdict, first.rows) == ("consistent", 5)
    assert first.loss == pytest.approx(first.base) and first.loss > 1
    # The first epoch does not count, and a little more than the last is not refuted.
    again = prove_training(
        _record(tmp_path, manifest, [0.1, 0.1, first.loss, first.loss]), tmp_path
    )
    assert again.verdict == "consistent"
    assert again.recorded == pytest.approx(first.loss, rel=1e-6)


def test_a_checkpoint_that_does_not_fit_its_rows_is_inconsistent(tmp_path):
    manifest = manifest_of(tmp_path / "model", 1.0)
    record = _record(tmp_path, manifest, [9.0, 9.0, 0.5, 0.4])
    found = prove_training(record, tmp_path)
    assert found.verdict == "inconsistent"
    assert found.line.startswith("inconsistent: loss ") and " 0.450 in the last epoch" in found.line


def test_nothing_was_trained(tmp_path):
    manifest = manifest_of(tmp_path / "model", 1.0)
    record = _record(tmp_path, manifest, [])
    assert prove_training(record, tmp_path).line == "not scorable: nothing was trained"
