"""Measures the time of diversity, difficulty and quotas on synthetic rows; prints a table.

Every stage has the same number of rows: seeds, Code CoTs, sampled and verified programs, questions
and corpus. The programs have up to 18 lines with a loop; the questions have about 45 words and are
made from 2,000 templates. A fifth of the rows is assembled to a corpus without and with a quota.
CPU time of one process. With `--gsm8k`, it prints instead how the measures of GSM8K's rows
correlate with the number of equations that the authors marked, and the ten rows with the largest
difficulty; the programs are those of the converter `equations`. Runs in the environment
`workflow`. See docs/benchmarks.md.
"""

import argparse
import ast
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from heapq import nlargest
from multiprocessing import Process
from pathlib import Path
from random import Random
from statistics import correlation
from typing import Any

from caco.config.checks import Corpus
from caco.identity import digest
from caco.reports.page.quality_section import diversity_table
from caco.reports.quality.quality import quality
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.job import run
from caco.stages.corpus.assemble import corpus_row, filter_rows
from caco.stages.corpus.difficulty import Difficulty, difficulty
from caco.stages.corpus.quotas import dropped_rows
from caco.stages.unify.not_convertible import NotConvertible
from caco.stages.unify.solution_program import from_equations
from caco.workflow.stages import ROW_STAGES

_TEMPLATES = 2_000
_SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve"]


def _question(n: int) -> str:
    template = Random(f"template {int(_TEMPLATES * Random(n).random() ** 2)}")
    words = ["".join(template.choices(_SYLLABLES, k=3)) for _ in range(40)]
    for place in (5, 17, 29):
        words[place] = str(Random(n * 31 + place).randint(2, 500))
    return " ".join(words) + " how many are there in total?"


def _program(n: int) -> str:
    rng = Random(f"program {n}")
    operations = "\n".join(f"        total += value * {rng.randint(2, 9)}" for _ in range(n % 7))
    return (
        f'input = {{"values": [{n}, {rng.randint(2, 99)}], "limit": {rng.randint(2, 999)}}}\n\n'
        "def find_total(values, limit):\n    total = 0\n    for value in values:\n"
        f"        if value > limit:\n            continue\n{operations}\n"
        "        total += 1\n    return total\n\n"
        'output = find_total(input["values"], input["limit"])\nprint(output)\n'
    )


def _solutions(count: int) -> Iterator[Solution]:
    for n in range(count):
        steps = "\n".join(f"Then {n} + {k} = {n + k}." for k in range(n % 9))
        yield Solution(
            digest(f"q{n}"), digest(f"s{n}"), digest(f"p{n}"), "00000", _program(n), "",
            f'{{"limit":{n},"values":[{n},3]}}', str(n), _question(n), "", "",
            f"{steps}\nThe answer is {n}.", "", "",
        )  # fmt: skip


def _write(folder: Path, count: int) -> None:
    """Writes a file of rows for every stage."""
    made: dict[str, tuple[type[Any], Callable[[Solution], Any]]] = {
        "seeds": (Seed, lambda s: Seed(
            s.question_id, "x", "math", s.question, s.solution, None, s.output, "MIT")),
        "unify": (CodeCoT, lambda s: CodeCoT(
            s.program_id, s.question_id, "x", s.program, "program", s.input, s.output)),
        "sample": (Program, lambda s: Program(
            s.sample_id, s.program_id, s.shard, 0, s.program, "", 0, 9, "stop")),
        "verify": (Verified, lambda s: Verified(
            s.sample_id, s.program_id, s.shard, s.program, "", s.input, s.output)),
        "question": (Question, lambda s: Question(
            s.question_id, s.sample_id, s.program_id, s.shard, s.program, "", s.input, s.output,
            s.question, "", "")),
        "corpus": (CorpusRow, corpus_row),
    }  # fmt: skip
    rows = list(_solutions(count))
    for stage, (row_type, row) in made.items():
        write_rows(folder / f"{stage}.parquet", row_type, map(row, rows))


def _quotas(count: int) -> tuple[float, float, float, int]:
    """Returns seconds without quotas, seconds that quotas add, those of difficulty, and the rows.

    The seconds of each are without those of making the rows.
    """
    rows = list(_solutions(count))
    plain = Corpus()
    settings = Corpus.model_validate({"quotas": {"difficulty": {"bins": [2, 4], "share": 0.34}}})
    started = time.process_time()
    accepted = sum(not isinstance(row, Rejected) for row in filter_rows(rows, plain, ()))
    once = time.process_time() - started
    started = time.process_time()
    dropped = dropped_rows(filter_rows(rows, settings, ()), settings.quotas)
    added = time.process_time() - started
    started = time.process_time()
    for row in rows:
        difficulty(row.program, row.input, row.output, row.solution)
    return once, added, time.process_time() - started, accepted - len(dropped)


def _measured(row: dict[str, str]) -> Difficulty | None:
    """Returns the measures of a row of GSM8K, or None if it has no program."""
    answer = row["answer"].rpartition("####")[2].strip()
    seed = Seed("", "gsm8k", "math", row["question"], row["answer"], None, answer, "MIT")
    try:
        program = from_equations(seed)
    except NotConvertible:
        return None
    given = next(
        ast.literal_eval(node.value)
        for node in ast.parse(program).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "input"
    )
    return difficulty(program, json.dumps(given), answer.replace(",", ""), row["answer"])


def _of_gsm8k(path: Path, count: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()[:count]
    rows = [json.loads(line) for line in lines]
    found = [(measures, row) for row in rows if (measures := _measured(row))]
    marks = [row["answer"].count("<<") for _, row in found]
    print(f"{len(found):,} of {len(rows):,} rows have a program; correlation with the equations:")
    for name in ("difficulty", "steps", "operations"):
        values = [getattr(measures, name) for measures, _ in found]
        print(f"| {name} | {correlation(values, marks):.2f} |")
    for measures, row in nlargest(10, found, key=lambda one: (one[0].difficulty, one[0].steps)):
        print(f"{measures.difficulty}, {row['answer'].count('<<')} equations: {row['question']}")


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each stage, or of GSM8K")
    parser.add_argument("--gsm8k", type=Path, help="JSON lines of GSM8K")
    args = parser.parse_args()
    if args.gsm8k:
        _of_gsm8k(args.gsm8k, args.rows)
    else:
        _of_synthetic_rows(args.rows)


def _of_synthetic_rows(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own, whose memory is not that of the measured one.
        writer = Process(target=_write, args=(Path(folder), count))
        writer.start()
        writer.join()
        files = {path.stem: [path] for path in Path(folder).iterdir()}
        started = time.process_time()
        found = quality(files, Path(folder) / "corpus.parquet")
        seconds = time.process_time() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        started = time.process_time()
        for stage, (path,) in files.items():
            for _ in read_rows(path, ROW_STAGES[stage]):
                pass
        each = (time.process_time() - started) / len(files) / count
    print(f"quality of {count:,} rows a stage: {seconds:.1f} CPU s, peak {peak:,.0f} MiB")
    print(f"reading a row takes {1e6 * each:.0f} us; in {found.drawn} rows:\n")
    print("| texts | stage | rows | templates | in a sample | entropy | alike "
          "| families | entropy | 3-grams |")  # fmt: skip
    print("|---|---|" + "---:|" * 8)
    table = diversity_table(found)
    for cells in table.rows if table else ():
        print("|", " | ".join(cells), "|")
    assembled = count // 5
    once, added, measures, kept = _quotas(assembled)
    print(f"\ncorpus of {assembled:,} rows: {once:.1f} CPU s, of which difficulty {measures:.1f}")
    print(f"a quota adds {added:.1f} and leaves {kept:,} rows")


if __name__ == "__main__":
    run(main)
