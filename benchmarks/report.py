"""Measures the report of a run with many rows: time, memory and size of the page.

The run has shards of 1,000 programs, of which 15% fail; a question and a solution each for the
others, of which a tenth is rejected; and a corpus of all accepted rows. Texts are as long as those
of a run and random. Each size is measured in a process of its own. The exit code is 1 if a page is
larger than 5 MB.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for caco, a link

from caco.reports.page.build import LIMIT, Files, page, read_contents
from caco.rows.corpus import CorpusRow
from caco.rows.graded import Graded
from caco.rows.loss import Loss
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.rows.table import write_rows
from caco.rows.verified import Verified
from caco.runtime.chain import open_inputs
from caco.runtime.provenance import Counts, record
from caco.stages.bench.scores import write_scores
from caco.stages.corpus.assemble import corpus_row
from caco.workflow.paths import Paths

_SHARD = 1_000  # programs
_TEXT = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz     ", k=1 << 20))


class _Run:
    """Writes the files and records of a run."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths("measured", str(folder))
        self.rows: list[Path] = []
        self.records: list[Path] = []
        self._draw = random.Random(2)

    def text(self, characters: int) -> str:
        """Returns random text."""
        start = self._draw.randrange(len(_TEXT) - characters)
        return _TEXT[start : start + characters]

    def step(
        self,
        rule: str,
        identity: str,
        file: str,
        row_type: type[Any],
        rows: Sequence[Any],
        rejected: Sequence[Rejected] = (),
    ) -> None:
        """Writes the rows of a job and its record."""
        counts = Counts()
        outputs = [Path(file)]
        write_rows(outputs[0], row_type, rows)
        for row in rows:
            counts.accept() if getattr(row, "verdict", "correct") == "correct" else counts.reject(
                row.verdict
            )
        if rule not in ("sample", "grade"):
            outputs.append(Path(self.paths.rejected(rule, identity)))
            write_rows(outputs[-1], Rejected, rejected)
            for bad in rejected:
                counts.reject(bad.verdict)
        path = Path(self.paths.provenance(rule, identity))
        record(
            path, rule=rule, identity=identity, spec="{}", code="c", inputs=open_inputs(path, []),
            outputs=outputs, counts=counts, seed=None, started=time.time(),
        )  # fmt: skip
        self.rows += outputs
        self.records.append(path)


def write_run(folder: Path, programs: int) -> Files:
    """Writes a run; returns what its report reads."""
    run = _Run(folder)
    paths = run.paths
    corpus: list[CorpusRow] = []
    for number in range(programs // _SHARD):
        corpus += _shard(run, f"{number:05d}")
    run.step("corpus", "all", paths.corpus(), CorpusRow, corpus)
    graded = []
    for model in ("base", "student"):
        graded.append(Path(paths.graded(model, "gsm8k")))
        rows = [
            Graded(
                "gsm8k", model, f"b{n}", run.text(200), "1", 0, run.text(800), "1",
                verdict, "", verdict, 200, 0, 1, "stop",
            )
            for n in range(1_319)
            for verdict in ["correct" if n % 3 else "wrong"]
        ]  # fmt: skip
        run.step("grade", f"{model}-gsm8k", str(graded[-1]), Graded, rows)
    write_scores(graded, Path(paths.scores()), {})
    losses = [Path(paths.loss(name)) for name in ("codegen", "student")]
    for loss in losses:
        steps = [Loss(n, n / 1_000, 2 / n, 1e-4, 1.0, 1_000 * n) for n in range(1, 3_000)]
        write_rows(loss, Loss, steps)
    return Files(run.records, run.rows, Path(paths.corpus()), losses, Path(paths.scores()))


def _shard(run: _Run, shard: str) -> list[CorpusRow]:
    paths = run.paths
    programs = [
        Program(
            f"{shard}-{n}", f"p{shard}-{n}", shard, n,
            f"input = {{'a': {n}}}\n# {run.text(400)}\noutput = input['a'] + 1",
            "m", 7, 150, "stop",
        )
        for n in range(_SHARD)
    ]  # fmt: skip
    run.step("sample", shard, paths.shard("programs", shard), Program, programs)
    passed = [p for n, p in enumerate(programs) if n % 20 > 2]
    failed = [
        reject(p.sample_id, f"exception_{n % 7}", f"ValueError: {run.text(60)}", p)
        for n, p in enumerate(programs)
        if n % 20 <= 2
    ]
    verified = [
        Verified(p.sample_id, p.program_id, shard, p.program, "m", '{"a":1}', "1") for p in passed
    ]
    run.step("verify", shard, paths.shard("verified", shard), Verified, verified, failed)
    questions = [
        Question(
            f"q{v.sample_id}", v.sample_id, v.program_id, shard, v.program, "m", v.input, v.output,
            run.text(250), "qp", "qm", 0, None,
        )
        for v in verified
    ]  # fmt: skip
    run.step("question", shard, paths.shard("questions", shard), Question, questions)
    solutions = [
        Solution(
            q.question_id, q.sample_id, q.program_id, shard, q.program, "m", q.input, q.output,
            q.question, "qp", "qm", run.text(1_000), "sp", "sm", 0, None,
        )
        for q in questions
    ]  # fmt: skip
    run.step("solution", shard, paths.shard("solutions", shard), Solution, solutions)
    wrong = [reject(s.question_id, "wrong_answer", "2 is not 1", s) for s in solutions[::10]]
    right = [s for n, s in enumerate(solutions) if n % 10]
    for rule, folder, bad in (("judge", "judged", wrong), ("check", "checked", [])):
        run.step(rule, shard, paths.shard(folder, shard), Solution, right, bad)
    return [corpus_row(solution) for solution in right]


def measure(folder: Path, programs: int) -> int:
    """Writes a run and its page, prints what the page needs, and returns its bytes."""
    files = write_run(folder, programs)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, cpu = time.perf_counter(), time.process_time()
    html = page("measured", read_contents(files), "not verified").encode()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{programs:,} programs, {len(files.records):,} records: {seconds:.1f} s, {cpu:.1f} CPU s, "
        f"peak {peak / 1024:,.0f} MB ({before / 1024:,.0f} MB before), page {len(html):,} bytes",
        flush=True,
    )
    return len(html)


def main() -> None:
    """Measures each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, nargs="+", default=[10_000, 100_000])
    args = parser.parse_args()
    if len(args.programs) > 1:
        codes = [
            subprocess.run([sys.executable, __file__, "--programs", str(n)], check=False).returncode
            for n in args.programs
        ]
        sys.exit(any(codes))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(measure(Path(folder), args.programs[0]) > LIMIT)


if __name__ == "__main__":
    main()
