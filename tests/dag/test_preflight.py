"""The preflight job runs once before every GPU job, and re-runs nothing."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from caco.identity import canonical_json, digest
from tests.dag.checkout import ROOT, Checkout
from tests.dag.test_converter import LLM, SOURCE

RESULTS = "results/embedded"
NODE = f"{RESULTS}/preflight/node.json"
CODE_CHANGE = ("src/caco/preflight/node.py", "import json\n", "import json\nimport this\n")


@pytest.fixture
def finished(complete: Checkout, tmp_path: Path) -> Checkout:
    """A checkout after a complete run, for one test."""
    return Checkout(tmp_path, complete)


def with_every_rule(checkout: Checkout) -> dict[str, Any]:
    """Returns the config with the converter `llm` and an LLM judge."""
    raw = checkout.config()
    raw["models"] |= dict.fromkeys(("converter", "judge"), raw["models"]["smollm2"])
    raw["sources"][SOURCE]["unify"] = LLM
    raw["reverse"]["llm_judge"] = {
        "model": "judge",
        "engine": {"kind": "transformers"},
        "sampling": {"temperature": 0.0, "max_new_tokens": 64},
    }
    return raw


def upstream_rules(dot: str) -> dict[str, set[str]]:
    """Returns, by rule, all rules on which it depends, from the output of `--rulegraph`."""
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', dot, re.MULTILINE))
    needs: dict[str, set[str]] = {name: set() for name in names.values()}
    for upper, lower in re.findall(r"^\s*(\d+) -> (\d+)", dot, re.MULTILINE):
        needs[names[lower]].add(names[upper])

    upstream: dict[str, set[str]] = {}
    for rule in needs:
        found: set[str] = set()
        queue = [rule]  # `draft` and `attempt` depend on each other, over the rounds
        while queue:
            more = needs[queue.pop()] - found
            found |= more
            queue += more
        upstream[rule] = found
    return upstream


def test_every_rule_with_a_gpu_depends_on_the_preflight(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    with_gpu = {rule for rule, needs in profile["__variables__"]["jobs"].items() if "gpus" in needs}
    upstream = upstream_rules(checkout.snakemake("--rulegraph", config=with_every_rule(checkout)))
    assert with_gpu <= set(upstream)
    assert {
        rule for rule in with_gpu if not {"preflight", "preflight_passed"} <= upstream[rule]
    } == set()


def test_the_preflight_runs_once_and_its_outputs_may_be_deleted(finished: Checkout) -> None:
    finished.edit(*CODE_CHANGE)
    assert finished.planned() == set()
    shutil.rmtree(finished.folder / RESULTS / "preflight")
    assert finished.planned() == set()
    (finished.folder / RESULTS / "models/preflight_passed.json").unlink()
    assert finished.planned() == set()


def test_a_forced_preflight_that_fails_re_runs_nothing_else(finished: Checkout) -> None:
    (finished.folder / "fails").write_text("scripts/preflight.py")
    failed = finished.try_snakemake(NODE, "--forcerun", "preflight")
    assert failed.returncode == 1
    assert "notice: this run repeats the preflight job" in failed.stdout
    assert not (finished.folder / NODE).exists()
    assert finished.planned() == set()
    config = finished.config()
    config["models"]["other"] = config["models"]["smollm2"]
    config["student"]["model"] = "other"
    assert not {"preflight", "model:smollm2", "codegen"} & finished.planned(config=config)


def test_changes_together_with_the_preflight_are_detected_downstream(finished: Checkout) -> None:
    """Snakemake would not detect them if the preflight, or one of its inputs, always ran."""
    finished.edit(*CODE_CHANGE)
    finished.edit(
        "src/caco/stages/verify/rerun_rules.py", "from dataclasses", "import this\nfrom dataclasses"
    )
    planned = finished.planned()
    assert {"verify:00000", "question:00000", "corpus"} <= planned
    assert not {"preflight", "preflight_passed", "model:smollm2", "codegen"} & planned


def test_simultaneous_changes_of_seeds_and_models_are_both_detected(finished: Checkout) -> None:
    config = finished.config()
    config["models"]["smollm2"]["sha256"] = "0" * 64
    config["sources"]["arithmetic"]["seeds"]["rows"] += 1
    assert {"model:smollm2", "seeds:arithmetic"} <= finished.planned(config=config)


def test_a_failed_preflight_blocks_every_model(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    (checkout.folder / "fails").write_text("scripts/preflight.py")
    assert checkout.try_snakemake("--keep-going").returncode == 1
    results = checkout.folder / RESULTS
    assert (results / "seeds").exists() and not (results / "models/smollm2").exists()
    assert {"preflight", "preflight_passed", "model:smollm2"} <= checkout.planned()


def test_an_incomplete_model_is_reported_and_nothing_runs(finished: Checkout) -> None:
    config = finished.config()
    config["sample"]["sampling"]["temperature"] = 0.5
    manifest = finished.folder / RESULTS / "codegen/manifest.json"
    files = {"model.safetensors": {"bytes": 5, "sha256": "0"}}
    manifest.write_text(
        json.dumps({"folder": ".", "digest": digest(canonical_json(files)), "files": files})
    )
    done = finished.try_snakemake(config=config)
    assert done.returncode == 1
    assert "input error: results/embedded/codegen/model.safetensors: missing, or" in done.stdout
    assert "Traceback" not in done.stdout
    assert "sample:00000" in finished.planned(config=config)


def test_a_run_larger_than_the_free_disk_space_does_not_start(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    config = checkout.config()
    config["sample"]["programs_per_shard"] = 10**12
    done = checkout.try_snakemake(config=config)
    assert done.returncode == 1
    assert re.search(
        r"cluster error: .*: [\d.]+ GB are free, but this run writes about", done.stdout
    )
    assert {file.name for file in (checkout.folder / "results/embedded").iterdir()} == {"run.lock"}


def test_the_job_of_a_model_gets_the_key_for_which_it_needs_a_chat_template(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    config = checkout.config()
    config["models"]["other"] = config["models"]["smollm2"]
    config["student"] |= {"model": "other", "prompt": "alpaca"}
    printed = checkout.snakemake("--dry-run", "--printshellcmds", config=config)
    assert "--name smollm2 --chat-key codegen.model --manifest" in printed
    assert "--name other --chat-key  --manifest" in printed
