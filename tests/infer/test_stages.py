"""The scripts sample, question, solution and answer with vLLM: their files and records."""

import json
import re
import runpy
import sys

import pytest
from tests.infer.conftest import ROOT, SETTINGS

from caco.rows.answered import Answered
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.rejected import Rejected
from caco.rows.reply import Reply
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified

_PROGRAM = "input = {{'a': {a}, 'b': {b}}}\noutput = input['a'] * input['b']\nprint(output)"
_ENGINE = SETTINGS.model_dump(mode="json")


class _SharedEngine:
    """The engine of the session, which a job does not start or stop."""

    def __init__(self, engine):
        self.generate = engine.generate

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


@pytest.fixture
def stage(vllm, manifest, tmp_path, monkeypatch):
    """Runs a script in this process and returns the rows of its record."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(
        "caco.engines.open.open_engine", lambda folder, section: _SharedEngine(vllm)
    )

    def run(name, spec, *args, **files):
        record = tmp_path / f"{name}.json"
        flags = [str(x) for flag, path in files.items() for x in (f"--{flag}", path)]
        argv = [f"scripts/{name}.py", "--model", str(manifest), *args, *flags]
        argv += ["--spec", json.dumps({"engine": _ENGINE} | spec), "--provenance", str(record)]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as exit_info:
            runpy.run_path(argv[0], run_name="__main__")
        assert exit_info.value.code == 0
        assert not record.with_suffix(".journal").exists()
        return json.loads(record.read_text())["rows"]

    return run


def test_a_shard_of_programs_is_sampled(stage, tmp_path):
    sampling = {"temperature": 0.9, "max_new_tokens": 16, "seed": 1}
    spec = {"programs_per_shard": 20, "sampling": sampling}
    rows = stage("sample", spec, "--shard", "00003", programs=tmp_path / "programs.parquet")
    assert rows == {"in": 20, "accepted": 20, "rejected": {}}
    programs = list(read_rows(tmp_path / "programs.parquet", Program))
    assert [p.index for p in programs] == list(range(20))
    assert len({p.program for p in programs}) > 10
    assert all(0 < p.tokens <= 16 and p.finish_reason in ("stop", "length") for p in programs)


def test_questions_are_written_and_solved(stage, tmp_path):
    verified = [
        Verified(f"s{i}", f"p{i}", "00000", _PROGRAM.format(a=i, b=i + 1), "c",
                 json.dumps({"a": i, "b": i + 1}), str(i * (i + 1)))
        for i in range(2, 8)
    ]  # fmt: skip
    files = {
        n: tmp_path / f"{n}.parquet" for n in ("verified", "questions", "solutions", "no", "all")
    }
    write_rows(files["verified"], Verified, verified)
    spec = {"sampling": {"temperature": 0.0, "max_new_tokens": 64}}
    counts = stage("question", spec, verified=files["verified"], questions=files["questions"],
                   rejected=files["no"], replies=files["all"])  # fmt: skip
    written = list(read_rows(files["questions"], Question))
    replies = list(read_rows(files["all"], Reply))
    assert [row.request_id for row in replies] == [f"s{i}" for i in range(2, 8)]
    assert counts["in"] == 6 == len(written) + len(list(read_rows(files["no"], Rejected)))
    # A writer without fine-tuning may have all its questions rejected: these are given instead.
    questions = [
        Question(**{f: getattr(v, f) for f in Verified.__dataclass_fields__},
                 question_id=f"q{i}", question=f"What is {i} + {i}?",
                 question_prompt="p", question_model="m")
        for i, v in enumerate(verified)
    ]  # fmt: skip
    write_rows(files["questions"], Question, questions)
    counts = stage("solution", spec, questions=files["questions"], solutions=files["solutions"],
                   rejected=files["no"], replies=files["all"])  # fmt: skip
    solved = list(read_rows(files["solutions"], Solution))
    assert counts["in"] == 6 == len(solved) + len(list(read_rows(files["no"], Rejected)))
    assert solved and all(s.solution for s in solved)


def test_a_benchmark_is_answered(stage, tmp_path):
    problems = [
        Seed(f"p{i}", "easy", "math", f"What is {i} + 1?", None, None, str(i + 1), "MIT")
        for i in range(1, 7)
    ]
    write_rows(tmp_path / "problems.parquet", Seed, problems)
    spec = {
        "sampling": {"temperature": 0.0, "max_new_tokens": 48},
        "samples": 1,
        "prompt": "chat",
    }
    rows = stage("answer", spec, "--name", "base", "--benchmark", "easy",
                 problems=tmp_path / "problems.parquet",
                 answers=tmp_path / "answers.parquet")  # fmt: skip
    answers = list(read_rows(tmp_path / "answers.parquet", Answered))
    assert [a.problem_id for a in answers] == [p.seed_id for p in problems]
    assert rows["in"] == rows["accepted"] == 6
    found = sum(re.search(rf"\b{a.answer}\b", a.completion) is not None for a in answers)
    assert found >= 1
