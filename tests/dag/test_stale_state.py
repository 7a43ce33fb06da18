"""Stale journals and checkpoints are reported before a run, and discarded on demand."""

import json
from pathlib import Path
from typing import Any

import pytest

from caco.config.config import check_config
from caco.runtime.checksums import write_checked
from caco.runtime.fingerprint import fingerprints
from caco.runtime.journal import Journal
from caco.workflow.rules import StageRules
from tests.dag.checkout import MANIFEST, Checkout

PROVENANCE = "results/embedded/provenance"
MODEL = json.loads(MANIFEST)["digest"]  # the digest of the empty checkpoint


@pytest.fixture
def finished(complete: Checkout, tmp_path: Path) -> Checkout:
    """A checkout after a complete run, for one test."""
    return Checkout(tmp_path, complete)


def fingerprint_parts(finished: Checkout, section: str, config: dict[str, Any]) -> dict[str, str]:
    """Returns the parts of the fingerprint of a job of the rule `section`, without the model."""
    checked = check_config(config, "config")
    params = StageRules(checked, finished.folder).params(section, getattr(checked, section))
    return {"settings": params["spec"], "code": params["code"]}


def journal(finished: Checkout, shard: str, parts: dict[str, str], model: str = MODEL) -> Path:
    """Writes a journal with three rows of a shard."""
    path = finished.folder / PROVENANCE / "sample" / f"{shard}.journal"
    with Journal(path, parts | {"model": model}) as rows:
        for row in ("a", "b", "c"):
            rows.add(row, {"text": "text", "tokens": 1, "finish_reason": "stop"})
    return path


def lower_temperature(finished: Checkout) -> dict[str, Any]:
    config = finished.config()
    config["sample"]["sampling"]["temperature"] = 0.5
    return config


def test_journals_of_other_settings_are_reported_together_and_retained(finished: Checkout) -> None:
    old = fingerprint_parts(finished, "sample", finished.config())
    journals = [journal(finished, shard, old) for shard in ("00000", "00001")]
    refused = finished.try_snakemake(config=lower_temperature(finished))
    assert refused.returncode == 1
    assert (
        f"input error: {PROVENANCE}/sample: 2 journals of 6 rows, saved with other settings; "
        "restore them to resume, or put CACO_DISCARD=1 before your command to discard this state"
    ) in refused.stdout
    assert "Traceback" not in refused.stdout
    assert all(path.exists() for path in journals)
    assert finished.planned() == set(), "no job has started"
    assert "sample:00000" in finished.planned(config=lower_temperature(finished))


def test_only_stale_journals_are_discarded_on_demand(finished: Checkout) -> None:
    stale = journal(finished, "00000", fingerprint_parts(finished, "sample", finished.config()))
    fresh = journal(
        finished, "00001", fingerprint_parts(finished, "sample", lower_temperature(finished))
    )
    finished.environment["CACO_DISCARD"] = "1"
    done = finished.try_snakemake("--until", "sample", config=lower_temperature(finished))
    assert done.returncode == 0, done.stdout
    assert f"notice: {PROVENANCE}/sample: discarded 1 journal of 3 rows, saved with" in done.stdout
    assert not stale.exists() and fresh.exists()


def test_journals_that_a_job_can_resume_do_not_block_a_run(finished: Checkout) -> None:
    journal(finished, "00000", fingerprint_parts(finished, "sample", lower_temperature(finished)))
    finished.snakemake("--until", "sample", config=lower_temperature(finished))


def test_journals_of_another_checkpoint_are_reported_if_the_checkpoint_is_known(
    finished: Checkout,
) -> None:
    parts = fingerprint_parts(finished, "sample", lower_temperature(finished))
    journal(finished, "00000", parts, model="another")
    refused = finished.try_snakemake(config=lower_temperature(finished))
    assert refused.returncode == 1
    assert "sample: 1 journal of 3 rows, saved with other model;" in refused.stdout
    trained = finished.config()
    trained["codegen"]["training"]["epochs"] += 1
    parts = fingerprint_parts(finished, "sample", finished.config())
    journal(finished, "00001", parts, model="another")
    (finished.folder / PROVENANCE / "sample/00000.journal").unlink()
    finished.snakemake("--until", "sample", config=trained)


def test_a_stale_training_is_reported_with_its_steps_and_discarded(finished: Checkout) -> None:
    training = finished.folder / PROVENANCE / "student/all.training"
    (training / "step-00000005").mkdir(parents=True)
    parts = fingerprint_parts(finished, "student", finished.config())
    old = fingerprints(parts | {"model": "m"})
    write_checked(training / "step-00000005/digests.json", {"fingerprint": old, "files": {}})
    config = finished.config()
    config["student"]["training"]["epochs"] += 1
    refused = finished.try_snakemake(config=config)
    assert refused.returncode == 1
    assert "student: 1 training of 5 steps, saved with other settings;" in refused.stdout
    assert training.exists()
    finished.environment["CACO_DISCARD"] = "1"
    finished.snakemake("--until", "student", config=config)
    assert not training.exists()
