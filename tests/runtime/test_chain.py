"""The chain of records: checksums, digests, and the refusal of inputs that are not as promised."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from caco.errors import UserError
from caco.identity import file_sha256
from caco.models.manifest import write_manifest
from caco.runtime.chain import (
    load_record,
    open_inputs,
    record_digest,
    root_digest,
)
from caco.runtime.checksums import read_checked, write_checked
from caco.runtime.job import Job
from caco.runtime.provenance import record


def made(run: Path, rule: str, identity: str, inputs: list[Path], outputs: list[Path]) -> Path:
    """Writes the record of a job."""
    path = run / "provenance" / rule / f"{identity}.json"
    record(
        path, rule=rule, identity=identity, spec='{"t": 0.5}', code="c",
        inputs=open_inputs(path, inputs), outputs=outputs, counts=None, seed=None, started=0.0,
    )  # fmt: skip
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three jobs: two shards of `sample`, and `verify` of the first."""
    run = tmp_path / "results" / "tiny"
    for name in ("programs/00000", "programs/00001", "verified/00000"):
        path = run / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
    (tmp_path / "outside.jsonl").write_text("seeds")
    for shard in ("00000", "00001"):
        outputs = [run / f"programs/{shard}.parquet"]
        made(run, "sample", shard, [tmp_path / "outside.jsonl"], outputs)
    read = [run / "programs/00000.parquet"]
    made(run, "verify", "00000", read, [run / "verified/00000.parquet"])
    return run


def root(run: Path) -> str:
    records = map(load_record, (run / "provenance").rglob("*.json"))
    return root_digest((r["rule"], r["identity"], record_digest(r)) for r in records)


def test_a_record_has_the_digest_of_the_record_of_each_input(run: Path) -> None:
    values = load_record(run / "provenance/verify/00000.json")
    maker = run / "provenance/sample/00000.json"
    assert values["made_by"] == {
        str(run / "programs/00000.parquet"): {
            "record": str(maker), "digest": record_digest(load_record(maker)),
        }
    }  # fmt: skip
    assert load_record(maker)["made_by"] == {}, "a file from outside the run"


@pytest.mark.parametrize("weights", ["same", "other"])
def test_a_root_depends_on_a_models_files_and_not_on_their_folder(
    tmp_path: Path, weights: str
) -> None:
    roots = []
    for name, content in (("here", "same"), ("there", weights)):
        model, run = tmp_path / name / "model", tmp_path / name / "results" / "tiny"
        model.mkdir(parents=True)
        (model / "model.safetensors").write_text(content)
        manifest = run / "models" / "base" / "manifest.json"
        write_manifest(manifest, model)
        made(run, "model", "base", [], [manifest])
        loss = run / "codegen" / "loss.parquet"
        loss.parent.mkdir()
        loss.write_text("loss")
        made(run, "codegen", "all", [manifest], [loss])
        roots.append((root(run), file_sha256(manifest)))
    (here, _), (there, _) = roots
    assert roots[0][1] != roots[1][1]
    assert (here == there) == (weights == "same")


@pytest.mark.parametrize("bit", range(0, 1400 * 8, 997))
def test_a_flipped_bit_of_an_input_is_refused(run: Path, bit: int) -> None:
    file, record_path = run / "programs/00000.parquet", run / "provenance/sample/00000.json"
    promised = file_sha256(file)
    damaged = bytearray(file.read_bytes())
    damaged[bit // 8] ^= 1 << bit % 8
    file.write_bytes(damaged)
    with pytest.raises(UserError) as refused:
        open_inputs(run / "provenance/verify/00000.json", [file])
    assert str(refused.value) == (
        f"{file}: its SHA-256 is {file_sha256(file)}, but job `sample 00000`, which made it, "
        f"recorded {promised} in {record_path}; type `rm {file}` and then your command again, and "
        "the job makes it again"
    )


def test_a_job_refuses_an_altered_input_before_it_reads_it(run: Path) -> None:
    file = run / "programs/00001.parquet"
    file.write_text("other")
    job = Job("A test.", rule="verify")
    job.reads("--programs", help="rows")
    job.writes("--verified", help="rows")
    with pytest.raises(UserError, match="but job `sample 00001`, which made it, recorded"):
        job.parse(
            ["--programs", str(file), "--verified", str(run / "verified/00001.parquet"),
             "--spec", "{}", "--provenance", str(run / "provenance/verify/00001.json")]
        )  # fmt: skip


def test_a_file_without_a_record_is_refused_in_the_run_only(run: Path) -> None:
    own = run / "provenance/verify/00001.json"
    (run / "provenance/sample/00001.json").unlink()
    with pytest.raises(UserError, match="no record says which job made it; `python scripts/rest"):
        open_inputs(own, [run / "programs/00001.parquet"])
    assert open_inputs(own, [run.parents[1] / "outside.jsonl"]).made_by == {}
    by_hand = open_inputs(run.parent / "record.json", [run / "programs/00001.parquet"])
    assert by_hand.made_by == {}


def test_a_record_that_another_version_left_does_not_count_against_a_file(run: Path) -> None:
    file = run / "programs/00000.parquet"
    maker = load_record(run / "provenance/sample/00000.json")
    left = maker | {"rule": "generate", "outputs": {str(file): "0" * 64}}
    write_checked(run / "provenance/generate/00000.json", left)
    opened = open_inputs(run / "provenance/verify/00000.json", [file])
    assert opened.made_by[file][0] == run / "provenance/sample/00000.json"


def test_an_input_that_changes_while_the_job_runs_is_refused(run: Path) -> None:
    own, file = run / "provenance/verify/00001.json", run / "programs/00001.parquet"
    opened = open_inputs(own, [file])
    file.touch()
    opened.require_unchanged()
    file.write_text("other")
    with pytest.raises(UserError, match="changed while the job read it"):
        opened.require_unchanged()


def test_every_truncation_of_a_record_is_named(run: Path) -> None:
    path = run / "provenance/verify/00000.json"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"verify/00000\.json: not a provenance record, or tor"):
            load_record(path)
    path.write_bytes(whole)
    load_record(path)


def test_a_flipped_bit_of_a_record_is_named_or_changes_no_value(run: Path) -> None:
    path = run / "provenance/verify/00000.json"
    whole, values = path.read_bytes(), load_record(path)
    draw = random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            assert load_record(path) == values, "a flip in white space"
        except UserError as error:
            assert "scripts/restore.py" in str(error)


def test_another_text_of_the_same_values_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    write_checked(file, {"rate": 1e-5, "name": "\u00e4"})
    assert read_checked(file) == {"rate": 1e-5, "name": "\u00e4"}
    text = file.read_text(encoding="utf-8")
    assert "1e-05" in text
    file.write_text(text.replace("1e-05", "1E-05"), encoding="utf-8")
    with pytest.raises(ValueError, match="not those that were written"):
        read_checked(file)


def test_a_record_of_an_older_version_is_refused(run: Path) -> None:
    path = run / "provenance/sample/00000.json"
    old = {k: v for k, v in load_record(path).items() if k != "made_by"}
    path.write_text(json.dumps(old, indent=1) + "\n")
    with pytest.raises(UserError, match="or torn, changed or of another version"):
        load_record(path)


def test_times_host_and_counts_are_not_in_the_digest_but_all_that_decides_rows_is(
    run: Path,
) -> None:
    values = load_record(run / "provenance/verify/00000.json")
    digest = record_digest(values)
    for name in ("seconds", "host", "started", "ended", "versions", "used", "rows", "command"):
        assert record_digest(values | {name: "other"}) == digest
    other = {str(run / "verified/00000.parquet"): "0" * 64}
    for name, value in {
        "rule": "x", "identity": "x", "spec": {}, "code": "x", "inputs": other, "outputs": other,
        "made_by": {},
    }.items():  # fmt: skip
        assert record_digest(values | {name: value}) != digest, name


def test_the_root_changes_with_any_output_and_with_nothing_else(run: Path) -> None:
    before = root(run)
    for path in sorted((run / "provenance").rglob("*.json")):
        values = load_record(path)
        write_checked(path, values | {"seconds": 9.0, "host": "elsewhere"})
    assert root(run) == before
    seen = {before}
    for path in sorted((run / "provenance").rglob("*.json")):
        values = load_record(path)
        for file in values["outputs"]:
            write_checked(path, values | {"outputs": values["outputs"] | {file: "0" * 64}})
            seen.add(root(run))
        write_checked(path, values)
    assert len(seen) == 4 and root(run) == before


def test_a_run_that_is_moved_has_the_same_root(run: Path, tmp_path: Path) -> None:
    before = root(run)
    shutil.move(run, tmp_path / "archive")
    assert root(tmp_path / "archive") == before


def test_equal_runs_in_two_folders_have_the_same_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        folder = Path("results") / name
        (folder / "programs").mkdir(parents=True)
        (folder / "programs/00000.parquet").write_text("rows")
        (folder / "verified.parquet").write_text("rows")
        made(folder, "sample", "00000", [], [folder / "programs/00000.parquet"])
        made(folder, "verify", "all", [folder / "programs/00000.parquet"],
             [folder / "verified.parquet"])  # fmt: skip
        os.utime(folder / "programs/00000.parquet")
        roots.add(root(folder))
    assert len(roots) == 1
