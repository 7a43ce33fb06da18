import json
import subprocess
import sys
from pathlib import Path

from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import write_rows
from caco.rows.verified import Verified

ROOT = Path(__file__).parents[3]


def test_the_script_writes_the_corpus_the_card_the_rejected_rows_and_a_record(
    tmp_path, solution, verified, seed
):
    write_rows(tmp_path / "00000.parquet", Solution, [solution(1), solution(2), solution(1)])
    write_rows(tmp_path / "00001.parquet", Solution, [solution(3, question="Asked?")])
    for shard in ("00000", "00001"):
        write_rows(tmp_path / "verified" / f"{shard}.parquet", Verified, [verified(int(shard))])
    write_rows(tmp_path / "problems.parquet", Seed, [seed("asked")])
    write_rows(tmp_path / "seeds.parquet", Seed, [seed("a"), seed("b")])
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "scripts" / "corpus.py"),
            "--checked", "00000.parquet", "--shards", "2",
            "--verified", "verified/00000.parquet",
            "--problems", "problems.parquet", "--seeds", "seeds.parquet",
            "--corpus", "corpus/train.parquet", "--card", "corpus/README.md",
            "--rejected", "rejected.parquet", "--provenance", "record.json",
            "--spec", '{"deduplicate": true, "decontaminate": {"n": 4}}',
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["rows"] == {
        "in": 4, "accepted": 2, "rejected": {"contaminated": 1, "duplicate_program": 1},
    }  # fmt: skip
    assert set(record["outputs"]) == {
        "corpus/train.parquet", "corpus/README.md", "rejected.parquet",
    }  # fmt: skip
    assert "| in the corpus | 2 |" in (tmp_path / "corpus" / "README.md").read_text()
    assert "corpus: 4 of 4 rows" in done.stderr
