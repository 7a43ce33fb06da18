"""Half-done work begun with something else is named before a run, and dropped on demand."""

import json
from pathlib import Path
from typing import Any

import pytest

from caco.config.config import check_config
from caco.config.section import spec_json
from caco.runtime.code_digest import code_digest
from caco.runtime.fingerprint import fingerprints
from caco.runtime.journal import Journal
from tests.dag.checkout import Checkout

PROVENANCE = "results/embedded/provenance"
MODEL = ""  # the digest of what stands for a checkpoint


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    """A checkout after a whole run."""
    checkout = Checkout(tmp_path)
    checkout.run()
    return checkout


def basis(made: Checkout, section: str, config: dict[str, Any]) -> dict[str, str]:
    """Returns what a job of the rule `section` would begin its work with."""
    settings = spec_json(section=getattr(check_config(config, "config"), section))
    code = code_digest(made.folder / f"scripts/{section}.py", made.folder / "src")
    return {"settings": settings, "code": code}


def journal(made: Checkout, shard: str, of: dict[str, str], model: str = MODEL) -> Path:
    """Leaves three rows of a shard."""
    path = made.folder / PROVENANCE / "sample" / f"{shard}.journal"
    with Journal(path, of | {"model": model}) as kept:
        for row in ("a", "b", "c"):
            kept.add(row, {"text": "text", "tokens": 1, "finish_reason": "stop"})
    return path


def cooler(made: Checkout) -> dict[str, Any]:
    config = made.config()
    config["sample"]["sampling"]["temperature"] = 0.5
    return config


def test_rows_of_other_settings_are_named_at_once_and_kept(made: Checkout) -> None:
    old = basis(made, "sample", made.config())
    left = [journal(made, shard, old) for shard in ("00000", "00001")]
    refused = made.try_snakemake(config=cooler(made))
    assert refused.returncode == 1
    assert (
        f"input error: {PROVENANCE}/sample: 2 journals of 6 rows begun with other settings; set "
        "them back to go on with that, or put CACO_DISCARD=1 before your command to drop it"
    ) in refused.stdout
    assert "Traceback" not in refused.stdout
    assert all(path.exists() for path in left)
    assert made.planned() == set(), "no job has begun"
    assert "sample:00000" in made.planned(config=cooler(made))


def test_they_are_dropped_on_demand_and_no_others_are(made: Checkout) -> None:
    stale = journal(made, "00000", basis(made, "sample", made.config()))
    fresh = journal(made, "00001", basis(made, "sample", cooler(made)))
    made.environment["CACO_DISCARD"] = "1"
    done = made.try_snakemake(config=cooler(made))
    assert done.returncode == 0, done.stdout
    assert f"notice: {PROVENANCE}/sample: dropped 1 journal of 3 rows begun with" in done.stdout
    assert not stale.exists() and fresh.exists()


def test_rows_that_a_job_would_take_stand_in_no_runs_way(made: Checkout) -> None:
    journal(made, "00000", basis(made, "sample", cooler(made)))
    made.snakemake(config=cooler(made))


def test_rows_of_another_checkpoint_are_named_where_it_is_known(made: Checkout) -> None:
    journal(made, "00000", basis(made, "sample", cooler(made)), model="another")
    refused = made.try_snakemake(config=cooler(made))
    assert refused.returncode == 1
    assert "sample: 1 journal of 3 rows begun with other model;" in refused.stdout
    trained = made.config()
    trained["codegen"]["training"]["epochs"] = 2
    journal(made, "00001", basis(made, "sample", made.config()), model="another")
    (made.folder / PROVENANCE / "sample/00000.journal").unlink()
    made.snakemake(config=trained)


def test_a_training_is_named_with_its_steps_and_dropped_whole(made: Checkout) -> None:
    kept = made.folder / PROVENANCE / "student/all.training"
    (kept / "step-00000005").mkdir(parents=True)
    old = fingerprints(basis(made, "student", made.config()) | {"model": "m"})
    (kept / "fingerprint.json").write_text(json.dumps(old))
    config = made.config()
    config["student"]["training"]["epochs"] = 2
    refused = made.try_snakemake(config=config)
    assert refused.returncode == 1
    assert "student: 1 training of 5 steps begun with other settings;" in refused.stdout
    assert kept.exists()
    made.environment["CACO_DISCARD"] = "1"
    made.snakemake(config=config)
    assert not kept.exists()
