import json
import subprocess
import sys
from pathlib import Path

from caco.rows.corpus import CorpusRow
from caco.rows.passes import Passes
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import open_inputs
from caco.runtime.provenance import Counts, record

ROOT = Path(__file__).parents[3]


def test_the_script_writes_the_corpus_the_card_the_rejected_rows_and_a_record(
    tmp_path, solution, verified, seed
):
    write_rows(tmp_path / "00000.parquet", Solution, [solution(1), solution(2), solution(1)])
    write_rows(tmp_path / "00001.parquet", Solution, [solution(3, question="Asked?")])
    for shard in ("00000", "00001"):
        write_rows(tmp_path / "verified" / f"{shard}.parquet", Verified, [verified(int(shard))])
    rates = {"00000": [Passes("q1", "m", 8, 4), Passes("q2", "m", 8, 8)],
             "00001": [Passes("q3", "m", 8, 0)]}  # fmt: skip
    for shard, rows in rates.items():
        write_rows(tmp_path / "pass_rates" / f"{shard}.parquet", Passes, rows)
    write_rows(tmp_path / "problems.parquet", Seed, [seed("asked")])
    write_rows(tmp_path / "seeds.parquet", Seed, [seed("a"), seed("b")])
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "scripts" / "corpus.py"),
            "--checked", "00000.parquet", "--shards", "2",
            "--verified", "verified/00000.parquet", "--pass-rates", "pass_rates/00000.parquet",
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
    corpus = read_rows(tmp_path / "corpus/train.parquet", CorpusRow)
    assert [row.pass_rate for row in corpus] == [0.5, 1.0]
    assert "| in the corpus | 2 |" in (tmp_path / "corpus" / "README.md").read_text()
    assert "corpus: 4 of 4 rows" in done.stderr


def test_an_empty_corpus_is_an_error_that_shows_where_the_rows_were_rejected(
    tmp_path, solution, verified, seed
):
    """Two shards: the counts of a step are those of both, in the order of the data."""
    run = tmp_path / "results" / "tiny"
    steps = {
        "sample": Counts(50, 50),
        "verify": Counts(50, 4, {"exception": 30, "trivial": 10, "echo": 5, "insensitive": 1}),
        "judge": Counts(4, 0, {"wrong_answer": 4}),
        "check": Counts(),
    }
    folders = {"sample": "programs", "verify": "verified", "judge": "judged", "check": "checked"}
    for shard in ("00000", "00001"):
        read: list[Path] = []
        for rule, counts in steps.items():
            made = run / folders[rule] / f"{shard}.parquet"
            row_type = Verified if rule == "verify" else Solution
            write_rows(made, row_type, [verified(1)] if rule == "verify" else [])
            path = run / "provenance" / rule / f"{shard}.json"
            record(
                path, rule=rule, identity=shard, spec="{}", code="c",
                inputs=open_inputs(path, read), outputs=[made], counts=counts, seed=None,
                started=0.0,
            )  # fmt: skip
            read = [made]
    write_rows(tmp_path / "seeds.parquet", Seed, [seed("a")])
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "scripts" / "corpus.py"),
            "--checked", run / "checked/00000.parquet", "--shards", "2",
            "--verified", run / "verified/00000.parquet",
            "--problems", "--seeds", "seeds.parquet",
            "--corpus", run / "corpus/train.parquet", "--card", run / "corpus/README.md",
            "--rejected", run / "rejected.parquet",
            "--provenance", run / "provenance/corpus/all.json", "--spec", "{}",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "input error: corpus: it has 0 rows, but `corpus.min_rows` is 1; accepted by each step, "
        "with the most frequent verdicts on the others: sample 100 of 100; verify 8 of 100 "
        "(exception 60, trivial 20, echo 10); judge 0 of 8 (wrong_answer 8); check 0 of 0; corpus "
        "0 of 0; the files in `rejected/` have the reasons. Change the settings of the step that "
        "rejects most, sample more programs, or lower `min_rows`"
    )
    assert not (run / "corpus/train.parquet").exists()
