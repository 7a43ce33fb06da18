"""A run that was copied without Snakemake's metadata is refused before any job starts."""

import shutil
from pathlib import Path

from tests.dag.checkout import Checkout


def test_a_copied_run_is_refused_and_one_known_job_is_enough(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.snakemake("--until", "seeds")
    metadata = tmp_path / ".snakemake/metadata"
    stored = tmp_path / "stored"
    shutil.move(metadata, stored)
    metadata.mkdir()
    refused = checkout.try_snakemake("--until", "unify")
    assert refused.returncode == 1 and "Traceback" not in refused.stdout
    assert (
        "results/embedded: Snakemake knows none of its 3 finished jobs, as after a copy without "
        "`.snakemake`; type `python scripts/restore.py results/embedded --configfile config.yaml` "
    ) in refused.stdout
    assert not (tmp_path / "results/embedded/code_cots").exists()

    shutil.rmtree(metadata)
    shutil.move(stored, metadata)
    next(path for path in metadata.rglob("*") if path.is_file()).unlink()
    checkout.snakemake("--until", "unify")
    assert (tmp_path / "results/embedded/code_cots").exists()
