"""A flipped bit in a file of a run never leads to other rows: it is refused, or made again.

400 flips at random places for each kind of file. What is refused is named in one sentence.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any, get_type_hints

import pytest
from tests.runtime.test_journal import finished

import caco.rows
from caco.errors import CacoError
from caco.models.manifest import open_checkpoint, point_manifest, write_manifest
from caco.reports.funnel import FunnelStage, read_funnel, write_funnel
from caco.reports.records import planned_jobs
from caco.rows.calibration import PlantedVerdicts
from caco.rows.graded import Graded
from caco.rows.table import Message, read_rows, schema, write_rows
from caco.runtime.cache import cache_folder
from caco.runtime.chain import load_record
from caco.runtime.checksums import write_checked
from caco.stages.bench.scores import read_scores, write_scores
from caco.stages.calibrate.rates import compute_rates, read_rates, write_rates
from caco.workflow.paths import Paths

FLIPS = 400


def row_types() -> dict[str, Any]:
    """Returns every row type that a stage writes, by name."""
    found = {}
    for module in pkgutil.iter_modules(caco.rows.__path__, "caco.rows."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if hasattr(value, "__dataclass_fields__") and value.__module__ == module.name:
                found[name] = value
    return {name: kind for name, kind in found.items() if name != "Row"}  # a protocol


ROW_TYPES = row_types()


def made_rows(row_type: Any, count: int) -> list[Any]:
    """Returns rows with values of every column's type."""
    random, hints = Random(row_type.__name__), get_type_hints(row_type)

    def value(kind: Any) -> Any:
        if (
            kind in (str | None, int | None, float | None, list[int] | None)
            and random.random() < 0.3
        ):
            return None
        if kind is bool:
            return random.random() < 0.5
        if kind in (int, int | None):
            return random.randrange(10**6)
        if kind in (float, float | None):
            return random.random()
        if kind == bytes | None:
            return random.randbytes(9)
        if kind == list[int] | None:
            return [random.randrange(10**5) for _ in range(random.randrange(9))]
        text = f"a text of {random.randrange(10**9)} \u00e4\U0001f600"
        return [Message(role="user", content=text)] if kind == list[Message] else text

    names = [field.name for field in fields(row_type)]
    return [row_type(**{name: value(hints[name]) for name in names}) for _ in range(count)]


def flipped(path: Path, seed: str) -> Iterator[int]:
    """Flips bits of a file, one at a time, and restores it; yields the place of each."""
    whole, random = path.read_bytes(), Random(seed)
    for _ in range(FLIPS):
        at = random.randrange(len(whole))
        flip = bytes([whole[at] ^ 1 << random.randrange(8)])
        path.write_bytes(whole[:at] + flip + whole[at + 1 :])
        yield at
    path.write_bytes(whole)


def refusals(path: Path, seed: str, read: Callable[[], Any], expected: Any) -> int:
    """Returns how many flips of a file are refused; any other must lead to what is expected."""
    refused = 0
    for at in flipped(path, seed):
        try:
            found = read()
        except CacoError as error:
            assert path.name in str(error) and "\n" not in str(error), at
            refused += 1
        else:
            assert found == expected, at
    assert read() == expected
    return refused


@pytest.mark.parametrize(("name", "count"), [("Rejected", 0), *((name, 40) for name in ROW_TYPES)])
def test_rows(tmp_path: Path, name: str, count: int) -> None:
    path, row_type = tmp_path / f"{name}.parquet", ROW_TYPES[name]
    rows = made_rows(row_type, count)
    write_rows(path, row_type, rows)
    refused = refusals(path, name, lambda: list(read_rows(path, row_type)), rows)
    assert refused > FLIPS / 2 or not rows


def test_every_row_type_is_tested() -> None:
    assert {"Seed", "CodeCoT", "Program", "Verified", "Question", "Solution", "CorpusRow", "Loss",
            "Passes", "Answered", "Graded", "Rejected", "Draft",
            "Attempt"} <= set(ROW_TYPES)  # fmt: skip
    assert all(schema(kind) for kind in ROW_TYPES.values())


def test_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "00000.journal"
    rows, _ = finished(path, 12)
    whole = path.read_bytes()

    def read() -> Any:
        try:
            return finished(path, 12)[0]
        except CacoError:
            assert path.read_bytes() != whole  # it is kept as it was found
            raise

    refused = refusals(path, "journal", read, rows)
    assert 0 < refused < FLIPS / 2  # those of its first line; the others cost their own row


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint whose files are hashed each time."""
    monkeypatch.setenv("CACO_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "codegen" / "checkpoint"
    folder.mkdir(parents=True)
    random = Random("weights")
    (folder / "model.safetensors").write_bytes(random.randbytes(4_000))
    (folder / "tokenizer.json").write_text(json.dumps({"vocab": {str(n): n for n in range(300)}}))
    (folder / "config.json").write_text(json.dumps({"eos_token_id": 2}))
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    write_manifest(tmp_path / "codegen" / "manifest.json", folder)
    return tmp_path / "codegen"


def opened(manifest: Path) -> Callable[[], Any]:
    def read() -> Any:
        (cache_folder() / "digests.jsonl").unlink(missing_ok=True)
        return open_checkpoint(manifest)

    return read


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "chat_template.jinja"]
)
def test_a_file_of_a_checkpoint(checkpoint: Path, name: str) -> None:
    read = opened(checkpoint / "manifest.json")
    assert refusals(checkpoint / "checkpoint" / name, name, read, read()) == FLIPS


@pytest.mark.parametrize("pointed", [False, True])
def test_a_manifest(checkpoint: Path, pointed: bool) -> None:
    path = checkpoint / "manifest.json"
    if pointed:
        path = checkpoint.parent / "writer" / "manifest.json"
        point_manifest(path, checkpoint / "manifest.json")
    read = opened(path)
    assert refusals(path, "manifest", read, read()) > FLIPS / 2


def test_the_cache_of_digests(checkpoint: Path) -> None:
    """A damaged line of the cache makes no file a damaged one."""
    manifest = checkpoint / "manifest.json"
    expected = open_checkpoint(manifest)
    cache = cache_folder() / "digests.jsonl"
    whole = cache.read_bytes()

    def read() -> Any:
        found = open_checkpoint(manifest)
        cache.write_bytes(whole)
        return found

    assert refusals(cache, "cache", read, expected) == 0


def test_a_record(tmp_path: Path) -> None:
    """Its checksum covers every value: a flip is refused, or is one of white space."""
    path = tmp_path / "00000.json"
    written = {
        "rule": "verify", "identity": "00000", "spec": {"variants": 1},
        "inputs": {"programs/00000.parquet": "a" * 64},
        "outputs": {"verified/00000.parquet": "b" * 64},
        "rows": {"in": 1234, "accepted": 1000, "rejected": {"exception": 200, "trivial": 34}},
        "versions": {"python": "3.12.1"}, "commit": "c" * 40, "host": "node",
    }  # fmt: skip
    write_checked(path, written)
    expected = load_record(path)
    assert refusals(path, "record", lambda: load_record(path), expected) > FLIPS * 0.9


def _json_files(folder: Path) -> dict[str, tuple[Path, Callable[[], Any]]]:
    """Writes the JSON files that reports read; returns each with a function that reads it."""
    scores, rates, funnel = (folder / f"{name}.json" for name in ("scores", "rates", "funnel"))
    reply = ("It is 4.", "4", "correct", "4 is 4", "wrong")
    answers = [
        Graded("gsm8k", "base", "p1", "2 + 2?", "4", n, *reply, 1, 0, 9, "stop") for n in (0, 1)
    ]
    write_rows(folder / "graded.parquet", Graded, answers)
    write_scores([folder / "graded.parquet"], scores, {})
    planted = ("q1", "r1", "off_by_one", "?", "4", "5", "accepted", "accepted", "accepted")
    write_rates(rates, compute_rates([PlantedVerdicts(*planted, None, "")]))
    stage = FunnelStage("verify", 1234, 1000, {"exception": 200, "trivial": 34}, 12.5, 4)
    write_funnel(funnel, [stage])
    jobs = Path(Paths("r", str(folder)).jobs())
    write_checked(jobs, {"jobs": {"verify": [f"{n:05d}" for n in range(40)], "report": ["all"]}})
    return {
        "scores": (scores, lambda: read_scores(scores)),
        "rates": (rates, lambda: read_rates(rates)),
        "funnel": (funnel, lambda: read_funnel(funnel)),
        "jobs": (jobs, lambda: planned_jobs(folder / "r")),
    }


@pytest.mark.parametrize("name", ["scores", "rates", "funnel", "jobs"])
def test_json_that_reports_read(tmp_path: Path, name: str) -> None:
    """A flip is refused, or is one of white space."""
    path, read = _json_files(tmp_path)[name]
    assert refusals(path, name, read, read()) > FLIPS / 2
