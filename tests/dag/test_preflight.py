"""Preflight comes before every GPU, once, and makes nothing run again."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dag.checkout import ROOT, Checkout
from tests.dag.test_converter import LLM, SOURCE

RESULTS = "results/embedded"
NODE = f"{RESULTS}/preflight/node.json"
CODE = ("src/caco/preflight/node.py", "import json\n", "import json\nimport this\n")


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    """A checkout after a whole run."""
    checkout = Checkout(tmp_path)
    checkout.run()
    return checkout


def with_every_rule(checkout: Checkout) -> dict[str, Any]:
    """Returns the config with a converter and a judge that are models."""
    raw = checkout.config()
    raw["models"] |= dict.fromkeys(("converter", "judge"), raw["models"]["smollm2"])
    raw["sources"][SOURCE]["unify"] = LLM
    raw["reverse"]["llm_judge"] = {
        "model": "judge",
        "engine": {"kind": "transformers"},
        "sampling": {"temperature": 0.0, "max_new_tokens": 64},
    }
    return raw


def rules_above(dot: str) -> dict[str, set[str]]:
    """Returns, by rule, every rule that it waits for, from Snakemake's graph of the rules."""
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', dot, re.MULTILINE))
    needs: dict[str, set[str]] = {name: set() for name in names.values()}
    for above, below in re.findall(r"^\s*(\d+) -> (\d+)", dot, re.MULTILINE):
        needs[names[below]].add(names[above])

    above: dict[str, set[str]] = {}
    for rule in needs:
        found: set[str] = set()
        todo = [rule]  # rounds of a converter make `draft` and `attempt` wait for each other
        while todo:
            more = needs[todo.pop()] - found
            found |= more
            todo += more
        above[rule] = found
    return above


def test_no_rule_with_a_gpu_starts_before_a_node_was_found_fit(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    with_gpu = {rule for rule, needs in profile["__variables__"]["jobs"].items() if "gpus" in needs}
    above = rules_above(checkout.snakemake("--rulegraph", config=with_every_rule(checkout)))
    assert with_gpu <= set(above)
    assert {
        rule for rule in with_gpu if not {"preflight", "preflight_passed"} <= above[rule]
    } == set()


def test_a_node_is_tried_once_and_its_findings_may_go(made: Checkout) -> None:
    made.edit(*CODE)
    assert made.planned() == set()
    shutil.rmtree(made.folder / RESULTS / "preflight")
    assert made.planned() == set()
    (made.folder / RESULTS / "models/preflight_passed.json").unlink()
    assert made.planned() == set()


def test_a_preflight_asked_for_again_that_fails_costs_nothing_else(made: Checkout) -> None:
    (made.folder / "fails").write_text("scripts/preflight.py")
    failed = made.try_snakemake(NODE, "--forcerun", "preflight")
    assert failed.returncode == 1
    assert "notice: a node is tried again" in failed.stdout
    assert not (made.folder / NODE).exists()
    assert made.planned() == set()
    config = made.config()
    config["models"]["other"] = config["models"]["smollm2"]
    config["student"]["model"] = "other"
    assert not {"preflight", "model:smollm2", "codegen"} & made.planned(config=config)


def test_what_changes_with_the_preflight_is_seen_below_it(made: Checkout) -> None:
    """As it would not be if preflight were sure to run, or waited for what is."""
    made.edit(*CODE)
    made.edit(
        "src/caco/stages/verify/rules.py", "from dataclasses", "import this\nfrom dataclasses"
    )
    planned = made.planned()
    assert {"verify:00000", "question:00000", "corpus"} <= planned
    assert not {"preflight", "preflight_passed", "model:smollm2", "codegen"} & planned


def test_seeds_and_models_that_change_together_are_both_seen(made: Checkout) -> None:
    config = made.config()
    config["models"]["smollm2"]["sha256"] = "0" * 64
    config["sources"]["arithmetic"]["seeds"]["rows"] += 1
    assert {"model:smollm2", "seeds:arithmetic"} <= made.planned(config=config)


def test_a_preflight_that_fails_stops_every_model(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    (checkout.folder / "fails").write_text("scripts/preflight.py")
    assert checkout.try_snakemake("--keep-going").returncode == 1
    results = checkout.folder / RESULTS
    assert (results / "seeds").exists() and not (results / "models/smollm2").exists()
    assert {"preflight", "preflight_passed", "model:smollm2"} <= checkout.planned()


def test_a_model_without_a_file_is_named_and_nothing_is_run(made: Checkout) -> None:
    config = made.config()
    config["sample"]["sampling"]["temperature"] = 0.5
    manifest = made.folder / RESULTS / "codegen/manifest.json"
    raw = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(raw | {"files": {"model.safetensors": {"bytes": 5}}}))
    done = made.try_snakemake(config=config)
    assert done.returncode == 1
    assert "input error: results/embedded/codegen/model.safetensors: missing or not" in done.stdout
    assert "Traceback" not in done.stdout
    assert "sample:00000" in made.planned(config=config)


def test_a_run_that_the_disk_cannot_hold_is_not_begun(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    config = checkout.config()
    config["sample"]["programs_per_shard"] = 10**12
    done = checkout.try_snakemake(config=config)
    assert done.returncode == 1
    assert re.search(
        r"cluster error: .*: [\d.]+ GB are free, and this run is to write", done.stdout
    )
    assert not (checkout.folder / "results").exists()
