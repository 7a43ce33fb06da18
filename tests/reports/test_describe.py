"""The metadata that `scripts/describe.py` writes has the structure that the validators accepted."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from caco.config.export import Export
from caco.identity import file_sha256
from caco.runtime.chain import load_record
from caco.stages.export.dataset import Dataset, export

ROOT = Path(__file__).resolve().parents[2]
URL = "https://example.org/datasets/mine"
CARD = "---\nlicense: apache-2.0\n---\n\n# Corpus\n\n## Columns\n"


@pytest.fixture
def exported(fake_run):
    """A finished run with an export and its record."""
    paths = fake_run.paths
    card = Path(paths.corpus_card())
    card.write_text(CARD)
    dataset = Dataset(*map(Path, (paths.export_card(), *map(paths.exported, ("sft", "rlvr")))))
    seeds = paths.seeds("families")
    export(dataset, Path(paths.corpus()), card, [Path(seeds)], Export())
    files = [dataset.card, dataset.sft, dataset.rlvr]
    fake_run.record("export", "all", files, [paths.corpus(), seeds, str(ROOT / "LICENSE")], None)
    return fake_run


def describe(run) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts/describe.py", run.paths.root, "--url", URL]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_crate_has_every_job_and_file_and_the_same_bytes_again(exported):
    folder = Path(exported.paths.root)
    done = describe(exported)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no single commit that git has" in done.stdout  # `abc123`
    file = folder / "ro-crate-metadata.json"
    written = file.read_bytes()
    assert describe(exported).returncode == 0 and file.read_bytes() == written
    crate = json.loads(written)
    assert crate["@context"] == [
        "https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context",
    ]  # fmt: skip
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    assert {ref for entity in entities.values() for ref in references(entity)} <= (
        entities.keys()
        | {"https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
        | {"https://w3id.org/ro/crate/1.1", "https://snakemake.github.io"}
    )

    # What the profiles require.
    root, main = entities["./"], entities["Snakefile"]
    assert {ref["@id"] for ref in root["conformsTo"]} == {
        "https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/wfrun/workflow/0.5",
        "https://w3id.org/ro/wfrun/provenance/0.5",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    }  # fmt: skip
    assert root["license"] == {"@id": "https://spdx.org/licenses/Apache-2.0"}
    assert root["mainEntity"] == {"@id": "Snakefile"} and (folder / "Snakefile").is_file()
    assert {"name", "description", "datePublished"} <= root.keys()
    assert main["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
    assert entities[main["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"
    of_type = {
        kind: [entity for entity in entities.values() if entity["@type"] == kind]
        for kind in ("CreateAction", "ControlAction", "HowToStep", "File", "OrganizeAction")
    }
    rules = {path.parent.name for path in exported.records}
    assert {step["name"] for step in of_type["HowToStep"]} == rules
    assert {ref["@id"] for ref in main["step"]} == {f"#step/{rule}" for rule in rules}
    assert {ref["@id"] for ref in main["hasPart"]} == {f"#tool/{rule}" for rule in rules}
    assert all(step["workExample"]["@id"] in entities for step in of_type["HowToStep"])
    (organized,) = of_type["OrganizeAction"]
    assert len(organized["object"]) == len(exported.records) == len(of_type["ControlAction"])
    assert len(of_type["CreateAction"]) == len(exported.records) + 1  # that of the run

    # Every job, with the files of its record.
    for path in exported.records:
        record, job = load_record(path), entities[f"#job/{path.parent.name}/{path.stem}"]
        for key, files in (("object", record["inputs"]), ("result", record["outputs"])):
            named = {entities[ref]["name"]: entities[ref] for ref in references({key: job[key]})}
            for name, sha in files.items():
                inside = Path(name).is_relative_to(folder)
                found = named[str(Path(name).relative_to(folder)) if inside else name]
                assert found["sha256"] == sha
                assert found["@type"] == ("File" if inside else "CreativeWork")
    in_folder = {file["@id"] for file in of_type["File"]}
    assert all((folder / name).is_file() for name in in_folder)
    assert {ref["@id"] for ref in root["hasPart"]} == in_folder | {"Snakefile"}


def references(entity) -> set[str]:
    values = [
        v for value in entity.values() for v in (value if isinstance(value, list) else [value])
    ]
    return {value["@id"] for value in values if isinstance(value, dict)}


def test_croissant_has_every_file_and_column_of_the_export(exported):
    folder = Path(exported.paths.export_card()).parent
    assert describe(exported).returncode == 0
    found = json.loads((folder / "croissant.json").read_text())
    assert found["@type"] == "sc:Dataset" and found["url"] == URL
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert found["license"] == ["https://spdx.org/licenses/Apache-2.0"]
    files = {file["@id"]: file for file in found["distribution"]}
    assert len(files) == 2
    for record_set in found["recordSet"]:
        (source,) = {field["source"]["fileObject"]["@id"] for field in record_set["field"]}
        file = folder / files[source]["contentUrl"]
        assert files[source]["sha256"] == file_sha256(file)
        assert files[source]["encodingFormat"] == "application/x-parquet"
        columns = [field["source"]["extract"]["column"] for field in record_set["field"]]
        assert columns == pq.read_schema(file).names
        assert all(field["description"] for field in record_set["field"])
    types = {
        field["@id"]: field.get("dataType") for s in found["recordSet"] for field in s["field"]
    }
    assert types["sft/instruction"] == "sc:Text" and types["sft/variant"] == "cr:Int64"
    assert types["rlvr/pass_rate"] == "cr:Float64"
    prompt = found["recordSet"][1]["field"][0]
    assert prompt["isArray"] is True and prompt["arrayShape"] == "-1"
    assert [part["@id"] for part in prompt["subField"]] == [
        "rlvr/prompt/role", "rlvr/prompt/content",
    ]  # fmt: skip


def test_a_run_that_is_not_finished_is_not_described(exported):
    lost = Path(exported.paths.shard("judged", "00001"))
    lost.unlink()
    done = describe(exported)
    assert done.returncode == 1
    assert done.stderr.startswith(f"input error: {lost}: the file is missing, although ")
    assert not (Path(exported.paths.root) / "Snakefile").exists()
