"""Runs on disk, finished and in progress, with files and records as the rules write them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.reports.half_run import HalfRun, write_record

from caco.models.manifest import read_manifest, write_manifest
from caco.reports.page.build import Files
from caco.rows.answered import Answered
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.graded import Graded
from caco.rows.loss import Loss
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.reply import Reply
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import open_inputs
from caco.runtime.checksums import write_checked
from caco.runtime.provenance import Counts
from caco.workflow.paths import Paths
from caco.workflow.stages import BY_NAME

NASTY = "<script>alert('x')</script>"


@dataclass
class FakeRun:
    """A run's folder; `step` stands for a job: it writes the job's files and its record."""

    paths: Paths
    rows: list[Path] = field(default_factory=list)
    records: list[Path] = field(default_factory=list)

    def step(
        self,
        rule: str,
        identity: str,
        accepted: dict[str, tuple[type[Any], Sequence[Any]]],
        rejected: Sequence[Rejected] | None = None,
        inputs: Sequence[str] = (),
        spec: str = "{}",
        replies: Sequence[Reply] = (),
    ) -> Path:
        """Writes the files and the record of one job; `accepted` is row type and rows by file."""
        outputs = [Path(file) for file in accepted]
        for file, (row_type, rows) in accepted.items():
            write_rows(Path(file), row_type, rows)
        counts = Counts(accepted=sum(len(rows) for _, rows in accepted.values()))
        counts.rows_in = counts.accepted
        if rejected is not None:
            outputs.append(Path(self.paths.rejected(rule, identity)))
            write_rows(outputs[-1], Rejected, rejected)
            for row in rejected:
                counts.reject(row.verdict)
        if replies:
            outputs.append(Path(self.paths.replies(rule, identity)))
            write_rows(outputs[-1], Reply, replies)
        if rule == "grade":  # as scripts/grade_answers.py counts
            counts = Counts()
            for _, rows in accepted.values():
                for row in rows:
                    counts.accept() if row.verdict == "correct" else counts.reject(row.verdict)
        self.rows += outputs
        return self.record(rule, identity, outputs, inputs, counts, spec)

    def record(
        self,
        rule: str,
        identity: str,
        outputs: Sequence[Path],
        inputs: Sequence[str],
        counts: Counts | None,
        spec: str = "{}",
        used: Mapping[str, float] | None = None,
    ) -> Path:
        """Writes a job's record, with constant times."""
        path = Path(self.paths.provenance(rule, identity))
        write_record(
            path, rule=rule, identity=identity, spec=spec, code="c",
            inputs=open_inputs(path, map(Path, inputs)), outputs=outputs, counts=counts,
            seed=None, started=0.0,
        )  # fmt: skip
        raw = json.loads(path.read_text())
        raw |= {"seconds": 2.0, "host": "node7", "versions": {"python": "3.11"}}
        raw |= {"used": {"cpu_s": 3.0, "process_mb": 250, **(used or {})}}
        raw |= {"started": "2026-11-23T03:00:00+00:00", "ended": "2026-11-23T03:00:02+00:00"}
        write_checked(path, raw)
        self.records.append(path)
        jobs = {r: [p.stem for p in self.records if p.parent.name == r] for r in BY_NAME}
        planned = {rule: identities for rule, identities in jobs.items() if identities}
        write_checked(Path(self.paths.jobs()), {"jobs": planned})
        return path

    def files(self) -> Files:
        """Returns the files that the report reads."""
        losses = [Path(self.paths.loss(name)) for name in ("codegen", "writer", "student")]
        corpus, scores = Path(self.paths.corpus()), Path(self.paths.scores())
        return Files(self.records, self.rows, corpus, losses, scores)


def seed(n: int) -> Seed:
    return Seed(f"seed{n}", "families", "math", f"Problem {n}?", None, None, str(n), "Apache-2.0")


def program(n: int, shard: str, model: str) -> Program:
    text = f"input = {{'a': {n}}}\noutput = 1  # {NASTY}"
    return Program(f"s{n}", f"p{n}", shard, n, text, model, 7, 20, "stop")


def verified(p: Program) -> Verified:
    return Verified(p.sample_id, p.program_id, p.shard, p.program, p.model, '{"a":1}', "1")


def question(v: Verified, n: int, variant: int = 0) -> Question:
    return Question(
        f"q{n}.{variant}" if variant else f"q{n}", v.sample_id, v.program_id, v.shard,
        v.program, v.codegen, v.input, v.output,
        f"What is <b>{n}</b>?", "qp", "qm", variant, "on a farm" if variant else None,
    )  # fmt: skip


def solution(q: Question, n: int) -> Solution:
    return Solution(
        q.question_id, q.sample_id, q.program_id, q.shard, q.program, q.codegen, q.input, q.output,
        q.question, q.question_prompt, q.question_model, f"{NASTY} step {n}", "sp", "sm",
        q.variant, q.style,
    )  # fmt: skip


def corpus_row(s: Solution) -> CorpusRow:
    return CorpusRow(
        s.question, s.solution, s.output, s.program, s.question_id, s.program_id, s.sample_id,
        s.shard, s.codegen, s.question_model, s.solution_model, s.question_prompt,
        s.solution_prompt, s.variant, s.style, s.llm_judge_model, s.llm_judge_prompt,
        s.statements, s.checked_statements, s.false_statements,
    )  # fmt: skip


@pytest.fixture
def fake_run(tmp_path) -> FakeRun:
    """10 seeds (2 held out, 1 bad), two shards of 6 programs, a corpus of 3 rows."""
    return make_run(FakeRun(Paths("tiny", str(tmp_path))), variants=1, judge=False)


@pytest.fixture
def judged_run(tmp_path) -> FakeRun:
    """The same with two questions per program and an LLM judge; a corpus of one row."""
    return make_run(FakeRun(Paths("tiny", str(tmp_path))), variants=2, judge=True)


def make_run(run: FakeRun, variants: int, judge: bool) -> FakeRun:
    """Writes a small finished run, as `fake_run` and `judged_run` describe it."""
    paths = run.paths
    seeds = [seed(n) for n in range(9)]
    bad = [Rejected("row 10", "malformed", f"no answer {NASTY}", "not JSON")]
    run.step(
        "seeds", "families",
        {paths.seeds("families"): (Seed, seeds[:7]), paths.held_out("families"): (Seed, seeds[7:])},
        bad,
    )  # fmt: skip
    cots = [CodeCoT(f"c{n}", f"seed{n}", "families", "p", "program", "{}", "1") for n in range(5)]
    wrong = [reject(s.seed_id, "wrong_answer", "2 is not 1", s) for s in seeds[5:7]]
    cot_file = paths.code_cots("families")
    run.step("unify", "families", {cot_file: (CodeCoT, cots)}, wrong, [paths.seeds("families")])
    checkpoint = Path(paths.checkpoint("codegen"))
    for trained in ("codegen", "writer", "student"):
        folder = Path(paths.checkpoint(trained)).parent
        rows = [Loss(i, i / 4, 2.0 / i, 1e-4, None, 100 * i) for i in range(1, 9)]
        write_rows(folder / "loss.parquet", Loss, rows if trained != "writer" else [])
        (folder / "checkpoint").mkdir()
        (folder / "checkpoint" / "weights").write_text(trained)
        write_manifest(folder / "manifest.json", folder / "checkpoint")
        outputs = [folder / "manifest.json", folder / "loss.parquet"]
        times = {"training_s": 12.0} if trained != "writer" else {}
        run.record(trained, "all", outputs, [cot_file], None, used=times)
    model = json.loads(checkpoint.read_text())["digest"]
    for shard, first in (("00000", 0), ("00001", 6)):
        _shard(run, shard, first, model, variants)
        if judge:
            _llm_judge(run, shard)
        _check(run, shard, "llm_judged" if judge else "judged")
    _corpus(run)
    _scores(run)
    return run


def _shard(run: FakeRun, shard: str, first: int, model: str, variants: int) -> None:
    paths = run.paths
    programs = [program(n, shard, model) for n in range(first, first + 6)]
    run.step(
        "sample", shard, {paths.shard("programs", shard): (Program, programs)},
        inputs=[paths.checkpoint("codegen")],
    )  # fmt: skip
    passed = [verified(p) for p in programs[:4]]
    failed = [
        reject(programs[4].sample_id, "exception", f"ValueError: {NASTY}", programs[4]),
        reject(programs[5].sample_id, "cpu_timeout", "ran for 5 s", programs[5]),
    ]
    run.step(
        "verify", shard, {paths.shard("verified", shard): (Verified, passed)}, failed,
        [paths.shard("programs", shard)],
    )  # fmt: skip
    asked = [question(v, first + i, k) for i, v in enumerate(passed) for k in range(variants)]
    writer = [paths.checkpoint("writer")]
    run.step(
        "question", shard, {paths.shard("questions", shard): (Question, asked)}, [],
        [*writer, paths.shard("verified", shard)],
        json.dumps({"variants": variants}),
        [Reply(f"r{n}", "What?", 30, "length") for n in range(3)],
    )  # fmt: skip
    solved = [solution(q, i) for i, q in enumerate(asked)]
    run.step(
        "solution", shard, {paths.shard("solutions", shard): (Solution, solved)}, [],
        [*writer, paths.shard("questions", shard)],
    )  # fmt: skip
    refused = [reject(s.question_id, "wrong_answer", "2 is not 1", s) for s in solved[2:]]
    run.step(
        "judge", shard, {paths.shard("judged", shard): (Solution, solved[:2])}, refused,
        [paths.shard("solutions", shard)],
    )  # fmt: skip


def _llm_judge(run: FakeRun, shard: str) -> None:
    """The LLM judge accepts the second of the shard's two judged rows."""
    folder = Path(run.paths.model("judge")).parent
    if not folder.exists():
        (folder / "checkpoint").mkdir(parents=True)
        (folder / "checkpoint" / "weights").write_text("judge")
        write_manifest(folder / "manifest.json", folder / "checkpoint")
        run.record("model", "judge", [folder / "manifest.json"], [], None)
    judge = read_manifest(folder / "manifest.json").digest
    first, second = read_rows(Path(run.paths.shard("judged", shard)), Solution)
    accepted = [replace(second, llm_judge_model=judge, llm_judge_prompt="ap")]
    run.step(
        "llm_judge", shard, {run.paths.shard("llm_judged", shard): (Solution, accepted)},
        [reject(first.question_id, "different_logic", "it says no", first)],
        [run.paths.model("judge")],
    )  # fmt: skip


def _check(run: FakeRun, shard: str, step: str) -> None:
    """The check counts four statements in each row and rejects none."""
    rows = [
        replace(row, statements=4, checked_statements=3, false_statements=0)
        for row in read_rows(Path(run.paths.shard(step, shard)), Solution)
    ]
    run.step(
        "check", shard, {run.paths.shard("checked", shard): (Solution, rows)}, [],
        [run.paths.shard(step, shard)],
    )  # fmt: skip


def _corpus(run: FakeRun) -> None:
    judged = [
        row
        for shard in ("00000", "00001")
        for row in read_rows(Path(run.paths.shard("checked", shard)), Solution)
    ]
    rows = [corpus_row(s) for s in judged[:-1]]
    doubled = [reject(judged[-1].question_id, "duplicate_question", "seen", judged[-1])]
    checked = [run.paths.shard("checked", shard) for shard in ("00000", "00001")]
    run.step("corpus", "all", {run.paths.corpus(): (CorpusRow, rows)}, doubled, checked)


def _scores(run: FakeRun) -> None:
    from caco.stages.bench.scores import write_scores

    files = []
    for model, right in (("base", 1), ("student", 3)):
        answers = [Answered("easy", model, f"b{i}", "?", "1", 0, "1", 1, "stop") for i in range(4)]
        run.step("answer", f"{model}-easy", {run.paths.answers(model, "easy"): (Answered, answers)})
        files.append(Path(run.paths.graded(model, "easy")))
        grades = ["correct"] * right + ["wrong"] * (4 - right)
        rows = [
            Graded(
                "easy", model, f"b{i}", "?", "1", 0, "1", "1", verdict, "", verdict, 3, 0, 1, "stop"
            )
            for i, verdict in enumerate(grades)
        ]
        run.step("grade", f"{model}-easy", {str(files[-1]): (Graded, rows)})
    write_scores(files, Path(run.paths.scores()), {"easy": 0.612})
    run.record("scores", "all", [Path(run.paths.scores())], list(map(str, files)), None)


@pytest.fixture
def half(tmp_path: Path) -> HalfRun:
    return HalfRun(tmp_path.resolve())
