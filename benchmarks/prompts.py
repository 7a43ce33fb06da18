"""Measures what a model makes of verified programs by its prompts alone; prints Markdown tables.

Problems of GSM8K are converted to programs, which are executed and verified. For each way of
prompting the model writes questions and, where no solver is named, solutions, and every check
judges them: the stages of the workflow run, on the rows of one shard. A program is accepted if one
of its rows passes every check. A question that the judge would reject is not solved here, which
saves half of the time and changes no acceptance; its verdict is counted with the questions.

With `--round-trip N`, a model writes N programs from each question, and the questions whose
programs agree with their own are solved.

`zero` has no examples, `few` has some, and the ways that end in `+variants` request several
questions and solutions. Runs in the environment `infer` (vLLM) or `train` (transformers). See
docs/benchmarks.md.
"""

import argparse
import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, ParamSpec, TypeVar

from pydantic import TypeAdapter

from caco.config.engines import EngineConfig
from caco.config.generation import (
    Check,
    Judge,
    Redrafting,
    Sampling,
    WriteQuestions,
    WriteSolutions,
)
from caco.engines.open import open_engine
from caco.engines.protocol import GeneratingModel
from caco.engines.resumable import ResumableEngine
from caco.grading.grader import Grader
from caco.grading.intervals import wilson
from caco.identity import digest
from caco.models.manifest import read_manifest
from caco.models.tokenizer import framing, turns_framing
from caco.rows.code_cot import CodeCoT
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.job import run
from caco.runtime.journal import Journal
from caco.runtime.progress import Progress
from caco.stages.check import check_solutions
from caco.stages.reverse.few_shot import few_shot_of
from caco.stages.reverse.grounding import ungrounded
from caco.stages.reverse.judge import judge_solutions
from caco.stages.reverse.leak import leak
from caco.stages.reverse.question import question_example, write_questions
from caco.stages.reverse.redraft import redraft_few_shot, write_redrafts
from caco.stages.reverse.solution import solution_example, write_solutions
from caco.text.answers import answer_text

_ROOT = Path(__file__).resolve().parents[1]
_WAYS = ("zero", "few", "zero+variants", "few+variants")
_SHARD = "00000"

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Material:
    """What every way reads.

    Attributes:
        programs: Verified programs.
        code_cots: Code CoTs of other seeds, for the examples.
        seeds: Their seeds.
    """

    programs: list[Verified]
    code_cots: list[CodeCoT]
    seeds: list[Seed]


@dataclass(slots=True)
class Outcome:
    """What one way made.

    Attributes:
        questions: Questions to be solved.
        accepted: Rows that passed every check.
        rejected: The other rows.
        requested: Requested questions and solutions.
    """

    questions: list[Question] = field(default_factory=list)
    accepted: list[Solution] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    requested: tuple[int, int] = (0, 0)

    @property
    def programs(self) -> int:
        """Number of programs with an accepted row."""
        return len({row.program_id for row in self.accepted})


def _script(environment: str, name: str, spec: dict[str, Any], folder: Path, **files: str) -> None:
    """Runs a script of the workflow on files of `folder`."""
    flags = [
        text
        for flag, file in files.items()
        for text in (f"--{flag.replace('_', '-')}", str(folder / f"{file}.parquet"))
    ]
    command = [str(_ROOT / "envs" / "python"), environment, f"scripts/{name}.py", *flags]
    command += ["--spec", json.dumps(spec), "--provenance", str(folder / f"{name}.json")]
    if name == "seeds":
        command += ["--source", "gsm8k"]
    subprocess.run(command, cwd=_ROOT, check=True)


def material(source: Path, rows: int, programs: int, skip: int, folder: Path) -> Material:
    """Converts and verifies seeds, and draws the programs; the result is kept in `folder`.

    Args:
        source: A file of GSM8K rows.
        rows: Rows to read.
        programs: Programs to draw.
        skip: Drawn programs to leave out, so that two runs have no program in common.
        folder: Folder for the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "verified.parquet").exists():
        reader = {"reader": "gsm8k", "path": str(source.resolve()), "rows": rows}
        _script(
            "workflow", "seeds", reader, folder,
            seeds="seeds", held_out="held_out", rejected="no_seeds",
        )  # fmt: skip
        unify = {"unify": {"converter": "equations"}, "checks": {"rules": {}, "sandbox": {}}}
        _script(
            "sandbox", "unify", unify, folder,
            seeds="seeds", code_cots="code_cots", rejected="no_code_cots",
        )  # fmt: skip
        cots = read_rows(folder / "code_cots.parquet", CodeCoT)
        sampled = (
            Program(row.program_id, row.program_id, _SHARD, n, row.program, "seeds", 0, 0, "stop")
            for n, row in enumerate(cots)
        )
        write_rows(folder / "programs.parquet", Program, sampled)
        _script(
            "sandbox", "verify", {"verify": {}, "sandbox": {}}, folder,
            programs="programs", verified="verified", rejected="not_verified",
        )  # fmt: skip
    verified = list(read_rows(folder / "verified.parquet", Verified))
    Random(0).shuffle(verified)
    drawn = verified[: skip + programs]
    taken = {row.program_id for row in drawn}
    others = [
        row
        for row in read_rows(folder / "code_cots.parquet", CodeCoT)
        if row.program_id not in taken
    ]
    return Material(drawn[skip:], others, list(read_rows(folder / "seeds.parquet", Seed)))


def sections(way: str, args: argparse.Namespace) -> tuple[WriteQuestions, WriteSolutions]:
    """Returns the settings of a way."""
    shots, _, variants = way.partition("+")
    common = {
        "examples": args.examples if shots == "few" else 0,
        "prompt": args.prompt,
        "same_examples": True,
    }

    def sampling(temperature: float, top_p: float, tokens: int) -> Sampling:
        return Sampling(
            temperature=temperature, top_p=top_p, top_k=20, max_new_tokens=tokens, seed=args.seed
        )

    return (
        WriteQuestions(
            sampling=sampling(args.question_temperature, 0.8, 160),
            variants=args.questions if variants else 1,
            **common,
        ),
        WriteSolutions(
            sampling=sampling(args.solution_temperature, args.solution_top_p, 320),
            variants=args.solutions if variants else 1,
            **common,
        ),
    )


@contextmanager
def opened(args: argparse.Namespace, manifest_path: Path, step: str) -> Iterator[GeneratingModel]:
    """Opens a model whose completions are in the journal of a step, so that a run can go on."""
    manifest = read_manifest(manifest_path)
    section: EngineConfig = TypeAdapter(EngineConfig).validate_json(args.engine)
    # A request that two ways share is completed once.
    fingerprint = {"model": manifest.digest, "engine": digest(section.model_dump_json())}
    journal = Journal(args.out / f"{step}.journal", fingerprint)
    with ResumableEngine(open_engine(manifest.folder, section), journal) as engine:
        yield GeneratingModel(
            engine,
            framing(manifest.folder, "chat"),
            manifest.digest,
            turns_framing(manifest.folder),
        )


def passed(rows: Iterable[Row | Rejected], out: Outcome) -> Iterator[Row]:
    """Yields the accepted rows of a stage, and keeps the others."""
    for row in rows:
        if isinstance(row, Rejected):
            out.rejected.append(row)
        else:
            yield row


def grounded(rows: Iterable[Question]) -> Iterator[Question | Rejected]:
    """Yields the questions, or the rejection that the judge would yield for one."""
    for row in rows:
        if why := leak(row.question, row.input, answer_text(row.output)):
            yield reject(row.question_id, "leaks_answer", why, row)
        elif why := ungrounded(row.question, row.input, row.program):
            yield reject(row.question_id, "ungrounded", why, row)
        else:
            yield row


def ask(args: argparse.Namespace, given: Material) -> dict[str, Outcome]:
    """Returns the questions that each way makes of the programs."""
    outcomes = {}
    with opened(args, args.model, "questions") as model:
        for way in args.ways:
            section, out = sections(way, args)[0], Outcome()
            few_shot = few_shot_of(
                section, "--examples", given.code_cots, given.seeds,
                partial(question_example, prompting=section.prompt),
            )  # fmt: skip
            requested = len(given.programs) * section.variants
            progress = Progress(f"{way}: questions", requested, "questions")
            written = write_questions(given.programs, model, section, progress, few_shot)
            out.questions = list(passed(grounded(passed(written, out)), out))
            out.requested = requested, 0
            outcomes[way] = out
    return outcomes


def redraft(args: argparse.Namespace, given: Material, outcomes: dict[str, Outcome]) -> None:
    """Writes programs from the questions of each way, with the questions, to files."""
    with opened(args, args.coder or args.solver or args.model, "redrafts") as model:
        for way, out in outcomes.items():
            section = Redrafting(
                sampling=Sampling(
                    temperature=args.program_temperature, top_k=20, max_new_tokens=256,
                    seed=args.seed,
                ),
                programs=args.round_trip, examples=args.program_examples, same_examples=True,
            )  # fmt: skip
            few_shot = redraft_few_shot(section, given.code_cots, given.seeds)
            requested = len(out.questions) * section.programs
            progress = Progress(f"{way}: programs", requested, "programs")
            folder = args.out / way
            folder.mkdir(exist_ok=True)
            write_rows(folder / "questions.parquet", Question, out.questions)
            redrafts = write_redrafts(out.questions, model, section, progress, few_shot)
            write_rows(folder / "redrafts.parquet", Redraft, redrafts)


def round_trip(args: argparse.Namespace, outcomes: dict[str, Outcome]) -> None:
    """Executes these programs; keeps the questions on which enough of them agree."""
    for way, out in outcomes.items():
        folder = args.out / way
        _script(
            "sandbox", "round_trip", {"agreement": args.agreement, "sandbox": {}}, folder,
            questions="questions", redrafts="redrafts", round_trips="round_trips",
            rejected="no_round_trips",
        )  # fmt: skip
        out.questions = list(read_rows(folder / "round_trips.parquet", Question))
        out.rejected += read_rows(folder / "no_round_trips.parquet", Rejected)


def solve(
    args: argparse.Namespace, given: Material, outcomes: dict[str, Outcome]
) -> dict[str, Outcome]:
    """Returns the outcomes with the solutions of their questions, judged and checked."""
    with (
        opened(args, args.solver or args.model, "solutions") as model,
        Grader(timeout_s=10.0) as grader,
    ):
        for way, out in outcomes.items():
            section = sections(way, args)[1]
            few_shot = few_shot_of(
                section, "--examples", given.code_cots, given.seeds,
                partial(solution_example, prompting=section.prompt),
            )  # fmt: skip
            requested = len(out.questions) * section.variants
            progress = Progress(f"{way}: solutions", requested, "solutions")
            written = write_solutions(out.questions, model, section, progress, few_shot)
            judged = judge_solutions(passed(written, out), grader, Judge())
            out.accepted = list(passed(check_solutions(passed(judged, out), Check()), out))
            out.requested = out.requested[0], requested
    return outcomes


def in_process(step: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
    """Runs a step in a process of its own, because vLLM frees its memory only at the end of one."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(step, *given, **named).result()


def tables(outcomes: dict[str, Outcome], programs: int) -> str:
    """Returns the acceptance of each way, and its rejections by verdict."""
    lines = [
        "| way | programs accepted | 95% interval | rows accepted | questions | solutions |",
        "|---|---|---|---|---|---|",
    ]
    for way, out in outcomes.items():
        low, high = wilson(out.programs, programs)
        share = f"{out.programs} of {programs}, {out.programs / programs:.1%}"
        asked, solved = out.requested
        lines.append(
            f"| {way} | {share} | {low:.1%} to {high:.1%} | {len(out.accepted)} | {asked} "
            f"| {solved} |"
        )
    counts = {way: Counter(row.verdict for row in out.rejected) for way, out in outcomes.items()}
    verdicts = sorted({verdict for count in counts.values() for verdict in count})
    lines += ["", f"| verdict | {' | '.join(counts)} |", "|---" * (len(counts) + 1) + "|"]
    for verdict in verdicts:
        numbers = " | ".join(str(count[verdict]) for count in counts.values())
        lines.append(f"| `{verdict}` | {numbers} |")
    return "\n".join(lines)


def _write(folder: Path, way: str, out: Outcome) -> None:
    """Writes the rows of a way as JSON lines, to be read."""
    for name, rows in (("accepted", out.accepted), ("rejected", out.rejected)):
        lines = "".join(json.dumps(asdict(row)) + "\n" for row in rows)
        (folder / f"{way}.{name}.jsonl").write_text(lines, encoding="utf-8")


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="manifest of a checkpoint")
    parser.add_argument("--solver", type=Path, help="that of the solver, if it is another model")
    parser.add_argument("--source", type=Path, required=True, help="a file of GSM8K rows")
    parser.add_argument("--rows", type=int, default=1500, help="rows of it to convert")
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--skip", type=int, default=0, help="drawn programs to leave out")
    parser.add_argument("--ways", nargs="+", choices=_WAYS, default=list(_WAYS[:2] + _WAYS[3:]))
    parser.add_argument("--examples", type=int, default=3, help="of the ways `few`")
    parser.add_argument("--questions", type=int, default=4, help="variants of a program")
    parser.add_argument("--solutions", type=int, default=4, help="variants of a question")
    parser.add_argument("--prompt", choices=("short", "detailed"), default="detailed")
    parser.add_argument("--question-temperature", type=float, default=0.7)
    parser.add_argument("--solution-temperature", type=float, default=0.7)
    parser.add_argument(
        "--solution-top-p", type=float, default=0.8,
        help="1 saves vLLM on a CPU from sorting the vocabulary for each token",
    )  # fmt: skip
    parser.add_argument(
        "--round-trip", type=int, default=0, metavar="N", help="programs written from a question"
    )
    parser.add_argument("--coder", type=Path, help="manifest of their model, if it is another one")
    parser.add_argument("--program-temperature", type=float, default=0.6)
    parser.add_argument("--program-examples", type=int, default=0)
    parser.add_argument("--agreement", type=float, default=0.5, help="share that must agree")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", default='{"kind": "transformers"}', help="the config section")
    parser.add_argument("--out", type=Path, required=True, help="folder for the rows")
    args = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    given = material(args.source, args.rows, args.programs, args.skip, args.out / "programs")
    outcomes = in_process(ask, args, given)
    if args.round_trip:
        in_process(redraft, args, given, outcomes)
        round_trip(args, outcomes)
    outcomes = in_process(solve, args, given, outcomes)
    for way, out in outcomes.items():
        _write(args.out, way, out)
    print(tables(outcomes, len(given.programs)), flush=True)


if __name__ == "__main__":
    run(main)
