"""The exported folder, as `datasets` and the hub's library read it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard

from caco.config.checks import Corpus
from caco.config.export import Export
from caco.errors import UserError
from caco.rows.corpus import CorpusRow
from caco.rows.seed import Seed
from caco.rows.table import check_rows, write_rows
from caco.runtime.provenance import Counts
from caco.stages.corpus.card import card
from caco.stages.corpus.families import Families
from caco.stages.corpus.statement_counts import statement_counts
from caco.stages.export.dataset import Dataset, export, questions

ROOT = Path(__file__).resolve().parents[3]


def row(n: int, **changed: Any) -> CorpusRow:
    return replace(
        CorpusRow(
            f"What is {n} + 1?", f"It is \\boxed{{{n + 1}}}.", str(n + 1), f"output = {n} + 1",
            f"q{n}", f"p{n}", f"s{n}", "00000", "c", "qm", "sm", "qp", "sp",
        ),
        **changed,
    )  # fmt: skip


ROWS = [
    row(1),
    row(2),
    row(2, output="One more: \\boxed{3}.", solution_variant=1),
    row(3, pass_rate=0.25),
]


def seed(n: int, source: str, licence: str) -> Seed:
    return Seed(f"{source}{n}", source, "math", f"Problem {n}?", None, None, "1", licence)


SEEDS = [seed(1, "easy", "Apache-2.0"), seed(2, "easy", "Apache-2.0"), seed(1, "math", "MIT")]


class Made(SimpleNamespace):
    """The inputs and the outputs of an export, in a folder."""

    def export(self, **settings: Any) -> None:
        export(self.dataset, self.corpus, self.card, [self.seeds], Export(**settings))

    def load(self, *name: str):
        """Loads a configuration, without the caches of the machine."""
        folder = self.dataset.card.parent
        loaded = load_dataset(str(folder), *name, split="train", cache_dir=str(self.folder / "hf"))
        return list(loaded)


@pytest.fixture
def made(tmp_path):
    corpus, seeds = tmp_path / "corpus/train.parquet", tmp_path / "seeds.parquet"
    write_rows(corpus, CorpusRow, ROWS)
    write_rows(seeds, Seed, SEEDS)
    counts, families = Counts(9, 4, {"contaminated": 5}), Families((), [])
    sources = Counter({("easy", "Apache-2.0", "math"): 2, ("math", "MIT", "math"): 1})
    text = card(counts, families, sources, 7, Corpus(), statement_counts(corpus))
    (tmp_path / "corpus/README.md").write_text(text)
    folder = tmp_path / "export"
    files = [folder / f"{name}/train.parquet" for name in ("sft", "rlvr")]
    return Made(
        folder=tmp_path, corpus=corpus, card=tmp_path / "corpus/README.md", seeds=seeds,
        dataset=Dataset(folder / "README.md", *files),
    )  # fmt: skip


def with_seeds(made, *seeds: Seed) -> None:
    write_rows(made.seeds, Seed, seeds)


def test_the_configurations_are_loaded_by_name_and_have_the_rows_of_the_corpus(made):
    made.export()
    assert [CorpusRow(**loaded) for loaded in made.load("sft")] == ROWS
    assert made.load() == made.load("sft")
    rlvr = made.load("rlvr")
    assert [r["prompt"] for r in rlvr] == [
        [{"role": "user", "content": f"What is {n} + 1?"}] for n in (1, 2, 3)
    ]
    assert [r["answer"] for r in rlvr] == ["2", "3", "4"]
    assert [r["pass_rate"] for r in rlvr] == [None, None, 0.25]
    for loaded, n in zip(rlvr, (1, 2, 3), strict=True):
        expected = asdict(row(n))
        for column in ("question_id", "program_id", "sample_id", "shard"):
            assert loaded[column] == expected[column]


def test_the_files_have_the_checksums_of_their_rows(made):
    made.export()
    for file in (made.dataset.sft, made.dataset.rlvr):
        check_rows(file)


def test_the_card_has_what_the_hub_reads(made):
    made.export()
    data = DatasetCard.load(made.dataset.card).data.to_dict()
    assert data["license"] == ["apache-2.0", "mit"]
    assert data["size_categories"] == ["n<1K"]
    assert data["tags"] == ["synthetic", "reasoning", "code", "rlvr"]
    assert [c["config_name"] for c in data["configs"]] == ["sft", "rlvr"]
    assert [c["config_name"] for c in data["dataset_info"]] == ["sft", "rlvr"]
    assert [f["name"] for f in data["dataset_info"][1]["features"]] == [
        "prompt", "answer", "question_id", "program_id", "sample_id", "shard", "pass_rate",
    ]  # fmt: skip


def test_the_library_ignores_no_part_of_the_metadata(made, caplog):
    made.export()
    datasets.logging.enable_propagation()  # to the handler of `caplog`
    try:
        made.load("rlvr")
    finally:
        datasets.logging.disable_propagation()
    assert "dataset card" not in caplog.text  # "Ignoring part of dataset_info from the ..."


def test_the_card_is_that_of_the_corpus_with_configurations_and_licences(made):
    made.export()
    text = made.dataset.card.read_text()
    original = made.card.read_text().split("\n---\n", 1)[1]
    before, found, after = original.partition("## Columns\n")
    assert found and text.split("\n---\n", 1)[1].startswith(before) and text.endswith(found + after)
    assert "| `rlvr` | 3 |" in text and "| `sft` (default) | 4 |" in text
    assert "| Apache-2.0 | 2 | easy |\n| MIT | 1 | math |" in text
    assert "- Attribution: MIT, Apache-2.0." in text
    assert "{{" not in text


def test_a_non_commercial_source_makes_the_whole_non_commercial(made):
    with_seeds(made, *SEEDS, seed(3, "code", "CC-BY-NC-4.0"))
    made.export()
    assert DatasetCard.load(made.dataset.card).data.license == "cc-by-nc-4.0"
    text = made.dataset.card.read_text()
    assert "The data set as a whole: CC-BY-NC-4.0." in text
    assert "- Non-commercial use only: CC-BY-NC-4.0." in text


def test_licences_that_exclude_each_other_are_refused_or_named_in_the_card(made):
    with_seeds(made, *SEEDS, seed(3, "sa", "CC-BY-SA-4.0"), seed(4, "nc", "CC-BY-NC-4.0"))
    with pytest.raises(UserError, match=r"`sa` \(CC-BY-SA-4.0\) and `nc` \(CC-BY-NC-4.0\) exclude"):
        made.export()
    assert not made.dataset.card.parent.exists()
    made.export(licences="warn")
    assert "**Not for publication as it is:**" in made.dataset.card.read_text()


def test_an_allowed_licence_is_another_one_on_the_hub(made):
    with_seeds(made, *SEEDS, seed(3, "own", "LicenseRef-Ours"))
    made.export(allow=["LicenseRef-Ours"])
    data = DatasetCard.load(made.dataset.card).data.to_dict()
    assert data["license"] == ["apache-2.0", "mit", "other"]
    assert data["license_name"] == "Apache-2.0 and LicenseRef-Ours and MIT"


def test_a_corpus_without_its_card_is_an_error(made):
    made.card.write_text("# A title\n")
    with pytest.raises(UserError, match="begins with no front matter"):
        made.export()


def test_a_file_outside_the_folder_is_an_error(made):
    made.dataset = replace(made.dataset, rlvr=made.folder / "elsewhere.parquet")
    with pytest.raises(UserError, match="is not in the folder of the card"):
        made.export()


def test_a_failed_export_leaves_the_earlier_folder(made):
    made.export()
    before = made.dataset.card.read_text()
    made.corpus.write_bytes(made.corpus.read_bytes()[:-20])
    with pytest.raises(UserError):
        made.export()
    assert made.dataset.card.read_text() == before and len(made.load("sft")) == 4
    assert [path.name for path in made.folder.glob(".export*")] == []


def test_questions_are_streamed():
    rows = questions(iter([row(1), row(1, solution_variant=1), row(2)]))
    assert next(rows).question_id == "q1" and next(rows).question_id == "q2"


def command(made) -> list[str]:
    return [
        sys.executable, str(ROOT / "scripts/export.py"),
        "--corpus", str(made.corpus), "--corpus-card", str(made.card), "--seeds", str(made.seeds),
        "--card", str(made.dataset.card), "--sft", str(made.dataset.sft),
        "--rlvr", str(made.dataset.rlvr), "--spec", "{}",
        "--provenance", str(made.folder / "record.json"),
    ]  # fmt: skip


def test_the_script_records_every_file(made):
    done = subprocess.run(command(made), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    record = json.loads((made.folder / "record.json").read_text())
    assert set(record["outputs"]) == {
        str(made.dataset.card), str(made.dataset.sft), str(made.dataset.rlvr),
    }  # fmt: skip


def test_a_killed_export_leaves_no_folder_that_passes_for_whole(made):
    many = (row(n) for n in range(15_000))
    write_rows(made.corpus, CorpusRow, many)
    process = subprocess.Popen(command(made), stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not list(made.folder.glob(".export.*.part/sft/.train.parquet.*")):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.002)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not made.dataset.card.parent.exists() and not (made.folder / "record.json").exists()
    write_rows(made.corpus, CorpusRow, ROWS)
    made.export()
    assert [path.name for path in made.folder.glob(".export*")] == []  # what the job left is gone
