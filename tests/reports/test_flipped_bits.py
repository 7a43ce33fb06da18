"""A bit that is flipped in any file of a run is found and named: 100 places of each kind."""

import inspect
import json
from pathlib import Path
from random import Random

import pytest
from tests.reports.conftest import FakeRun
from tests.reports.flipped_bits import HIDING, KINDS, files_of, kind_of

from caco.errors import UserError
from caco.models.manifest import write_manifest
from caco.reports.audit.verify import audit
from caco.reports.page.build import build_report
from caco.runtime.chain import load_record, write_record
from caco.runtime.kept import CHANGES, keep
from caco.workflow.paths import WILDCARDS, Paths

FLIPS = 100


def text(random: Random, length: int) -> str:
    return "".join(random.choices("abcdef 0123456789\n", k=length))


@pytest.fixture
def run(fake_run: FakeRun) -> Path:
    """A finished run with files of every kind."""
    paths, random = fake_run.paths, Random(1)
    folder = Path(paths.root)
    model = Path(paths.model("tiny")).parent
    (model / "checkpoint").mkdir(parents=True)
    (model / "checkpoint/model.safetensors").write_bytes(random.randbytes(5_000))
    (model / "checkpoint/config.json").write_text(json.dumps({"eos_token_id": 2}))
    (model / "checkpoint/chat_template.jinja").write_text("{{ messages }}")
    write_manifest(model / "manifest.json", model / "checkpoint")
    fake_run.record("model", "tiny", [model / "manifest.json"], [], None)
    card, node, rates = map(Path, (paths.export_card(), paths.preflight(), paths.rates()))
    for file in (card, node, rates):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(random, 1_000))
    made = fake_run.record("export", "all", [card], [], None)
    patch = keep(folder, CHANGES, text(random, 800).encode())
    write_record(made, load_record(made) | {"changes": patch})
    fake_run.record("preflight", "all", [node], [], None)
    long = fake_run.record("calibrate", "all", [rates], [], None, json.dumps({"n": [9] * 900}))
    write_record(long, load_record(long))
    files = fake_run.files()
    build_report("tiny", files, Path(paths.funnel()), Path(paths.report()))
    fake_run.record("report", "all", [Path(paths.funnel()), Path(paths.report())], [], None)
    assert audit(folder).differences == []
    return folder


def flip(file: Path, random: Random) -> bytes:
    """Flips a bit of a file; returns the whole content."""
    whole = file.read_bytes()
    at = random.randrange(len(whole))
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << random.randrange(8)]) + whole[at + 1 :])
    return whole


def hidden(file: Path, run: Path) -> set[Path]:
    """Returns the files whose digests are in a record, manifest or file of long values."""
    if file.name == "manifest.json":
        return set(file.parent.rglob("*"))
    if kind_of(file, run) == "long values":
        return {run / "calibration/rates.json", run / "provenance/calibrate/all.json"}
    values = load_record(file)
    outputs = {Path(name) for name in values["outputs"]}
    kept = {run / CHANGES.format(values["changes"]), *(run / "long_values").glob(
        f"{values.get('long_values')}.json")}  # fmt: skip
    return (
        outputs | kept | {f for m in outputs if m.name == "manifest.json" for f in hidden(m, run)}
    )


def test_100_flips_of_each_kind_are_found_and_named(run: Path) -> None:
    random, files = Random(2), files_of(run)
    assert set(files) == KINDS | {"checkpoint "}  # the weights of `fake_run` have no suffix
    single = {only for only, *others in files.values() if not others}
    for _ in range(FLIPS):
        flipped: dict[Path, bytes] = {}
        unseen: set[Path] = set()
        for kind in sorted(KINDS - {"jobs"}, key=lambda kind: (kind not in HIDING, kind)):
            shown = [
                file
                for file in files[kind]
                if file not in unseen
                and not (kind in HIDING and hidden(file, run) & (single | flipped.keys()))
            ]
            file = random.choice(shown)
            unseen |= hidden(file, run) if kind in HIDING else set()
            flipped[file] = flip(file, random)
        found = audit(run)
        assert found.root is None
        for file in flipped:
            assert sum(d.count(f"{file}: ") for d in found.differences) == 1, file
        assert len(found.differences) == len(flipped), found.differences
        for file, whole in flipped.items():
            file.write_bytes(whole)
    assert audit(run).differences == []
    (jobs,) = files["jobs"]
    for _ in range(FLIPS):
        whole = flip(jobs, random)
        with pytest.raises(UserError, match=f"{jobs}: damaged"):
            audit(run)
        jobs.write_bytes(whole)


def test_every_path_of_a_run_is_of_a_kind_that_is_tested() -> None:
    paths = Paths("tiny", "results")
    values = {**dict.fromkeys(("step", "stage", "identity", "trained", "configuration"), "x"),
              **dict.fromkeys(WILDCARDS, "x"), "round_": "1", "rule": "x"}  # fmt: skip
    for name, method in inspect.getmembers(paths, inspect.ismethod):
        if name in ("__init__", "log", "deepspeed", "ablation"):  # no file of a run
            continue
        needed = inspect.signature(method).parameters
        file = Path(method(**{key: values[key] for key in needed}))
        assert kind_of(file, Path(paths.root)) in KINDS, name
