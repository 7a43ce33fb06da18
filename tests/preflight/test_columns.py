"""A field map that names a column which a file lacks is an error before a run starts."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.config.config import Config, check_config, read_config
from caco.preflight.checks import preflight_errors
from caco.preflight.columns import missing_columns

ROOT = Path(__file__).resolve().parents[2]
JOBS = [
    job("seeds", wildcards=("mine",)),
    job("seeds", wildcards=("arithmetic",)),
    job("bench_problems", wildcards=("ours",)),
    job("sample", wildcards=("00000",)),
]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"question": "One?", "meta": {"answer": 1}}, {"question": "Two?", "level": 2}]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def config(problem: str, answer: str, **table: Any) -> Config:
    raw = read_config(ROOT / "config.yaml")
    columns = {"fields": {"problem": problem, "answer": answer}, "path": "rows.jsonl", **table}
    seeds = {"reader": "table", "licence": "MIT", **columns}
    raw["sources"]["mine"] = {"seeds": seeds, "unify": {"converter": "equations"}}
    raw["bench"]["benchmarks"]["ours"] = {"kind": "table", **columns}
    return check_config(raw, "config.yaml")


def test_a_map_whose_columns_the_file_has_is_no_error() -> None:
    assert missing_columns(JOBS, config("question", "meta.answer", filters=["level < 3"])) == []


def test_every_wrong_name_is_reported_before_anything_starts() -> None:
    wrong = config("problem", "meta.answer")
    found = [str(error) for error in preflight_errors(JOBS, wrong, slurm=False)]
    assert found == [
        "rows.jsonl: it has no column `problem`, which "
        f"`{key}.fields.problem` names; it has `level`, `meta`, `question`"
        for key in ("sources.mine.seeds", "bench.benchmarks.ours")
    ]
    assert missing_columns(JOBS[1:2], wrong) == []


def test_a_filter_that_cannot_be_parsed_is_an_error() -> None:
    (error, _) = missing_columns(JOBS, config("question", "meta.answer", filters=["level <"]))
    assert str(error).startswith("`sources.mine.seeds.filters`: ")


def test_a_data_set_of_the_hub_is_read_by_its_job() -> None:
    hub = {"repo": "a/b", "revision": "0" * 40, "files": "*.parquet"}
    raw = read_config(ROOT / "config.yaml")
    raw["sources"]["mine"] = {
        "seeds": {"reader": "table", "licence": "MIT", "hub": hub, "fields": {"problem": "x",
                  "answer": "y"}},
        "unify": {"converter": "equations"},
    }  # fmt: skip
    assert missing_columns(JOBS[:1], check_config(raw, "config.yaml")) == []
