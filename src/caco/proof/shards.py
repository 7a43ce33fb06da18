"""The generated rows of a job, made again from its record: prompts, drawn tokens, and differences.

The stage's own function runs again, with an engine that returns the recorded completions. Its rows
must be those of the file in every column.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.config.bench import Answering
from caco.config.engines import EngineConfig, TransformersEngineConfig
from caco.config.generation import Sample, Sampling
from caco.config.section import section_of_spec
from caco.config.sources import Drafting
from caco.engines.open import prompted
from caco.engines.protocol import GeneratingModel, Request
from caco.errors import UserError
from caco.identity import canonical_json
from caco.models.manifest import Manifest, open_checkpoint
from caco.models.served import served_model
from caco.proof.replay import Kept, ReplayEngine
from caco.proof.scores import DrawnRow
from caco.rows.answered import Answered
from caco.rows.draft import Attempt, Draft
from caco.rows.program import Program
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows
from caco.runtime.chain import located
from caco.stages.bench.answer import answer_problems
from caco.stages.pass_rate.questions import questions
from caco.stages.sample import sample_shard
from caco.stages.unify.drafts import first_tasks, next_tasks, write_drafts


@dataclass(frozen=True, slots=True)
class GeneratedShard:
    """What a generating job drew.

    Attributes:
        checkpoint: The recorded model.
        dtype: Data type of its weights in the job.
        sampling: The recorded settings.
        rows: The rows that can be scored.
        not_scorable: Rows that cannot: a server generated them, whose tokens are not known.
        differences: One sentence for each row of the file that the stage does not make of its
            tokens.
    """

    checkpoint: Manifest
    dtype: str
    sampling: Sampling
    rows: list[DrawnRow]
    not_scorable: int
    differences: list[str]


class _JobOfRecord:
    """The command line of a recorded job."""

    def __init__(self, record: Mapping[str, Any], run: Path) -> None:
        self.spec = canonical_json(record["spec"])
        self.identity: str = record["identity"]
        self._record, self._run = record, run
        self._values: dict[str, list[str]] = {}
        flag = ""
        for word in record["command"][1:]:
            if word.startswith("--"):
                flag = word
                self._values[flag] = []
            else:
                self._values.setdefault(flag, []).append(word)

    def text(self, flag: str) -> str:
        return self._values[flag][0]

    def files(self, flag: str) -> list[Path]:
        names = self._values.get(flag, [])
        return [located(self._record, name, self._run) for name in names]

    def file(self, flag: str) -> Path:
        return self.files(flag)[0]


@dataclass(frozen=True, slots=True)
class _Replayed:
    """How the rows of a job are made again.

    Attributes:
        engine, sampling: The settings of the job.
        prompt: As in `caco.models.tokenizer.framing`.
        row_type, file: The rows of the job.
        text: Returns the text of a row that the model generated.
        make: Makes the rows with a model.
    """

    engine: EngineConfig
    sampling: Sampling
    prompt: str
    row_type: type[Any]
    file: Path
    text: Callable[[Any], str]
    make: Callable[[GeneratingModel], Iterable[Any]]


def generated_shard(record: Mapping[str, Any], run: Path) -> GeneratedShard:
    """Returns what the job of a record drew.

    Args:
        record: The record (`caco.runtime.chain.load_record`).
        run: The folder of the run, which may have been moved.

    Raises:
        UserError: The rule generates nothing or its rows keep no texts, or a file is missing or
            damaged.
    """
    rule = record["rule"]
    if rule not in _RULES:
        raise UserError(
            f"{record['record']}: the rows of rule `{rule}` cannot be scored; name a record of "
            f"one of {', '.join(f'`{name}`' for name in sorted(_RULES))}"
        )
    job = _JobOfRecord(record, run)
    replayed = _RULES[rule](job)
    model = open_checkpoint(job.file("--model"))
    dtype = getattr(replayed.engine, "dtype", None)
    if dtype is None or served_model(model.folder) is not None:
        count = count_rows(replayed.file, replayed.row_type)
        return GeneratedShard(model, "", replayed.sampling, [], count, [])
    kept = (
        Kept(replayed.text(row), row.finish_reason, row.token_ids)
        for row in read_rows(replayed.file, replayed.row_type)
    )

    def next_kept(_: Request) -> Kept | None:
        return next(kept, None)

    seeded = isinstance(replayed.engine, TransformersEngineConfig)
    engine = ReplayEngine(model.folder, next_kept, seeded)
    made = replayed.make(prompted(engine, model, replayed.prompt))
    differences = list(_differences(replayed, made))
    return GeneratedShard(model, dtype, replayed.sampling, engine.drawn, 0, differences)


def _differences(replayed: _Replayed, made: Iterable[Any]) -> Iterator[str]:
    """Yields one sentence for each row of the file that is not the one which the stage makes."""
    recorded = read_rows(replayed.file, replayed.row_type)
    number = -1
    for number, again in enumerate(made):
        row = next(recorded, None)
        if row is None:
            yield f"{replayed.file}: row {number} is missing"
            return
        if row != again:
            columns = [n for n in row.__slots__ if getattr(row, n) != getattr(again, n)]
            yield (
                f"{replayed.file}: row {number} is not what the job made: its tokens and inputs "
                f"make another {', '.join(f'`{name}`' for name in columns)}"
            )
    for _ in recorded:
        number += 1
        yield f"{replayed.file}: the job made no row {number}"


def _sample(job: _JobOfRecord) -> _Replayed:
    section = section_of_spec(Sample, job.spec)
    return _Replayed(
        section.engine,
        section.sampling,
        "unconditional",
        Program,
        job.file("--programs"),
        lambda row: str(row.program),
        lambda model: sample_shard(model, section, job.text("--shard")),
    )


def _draft(job: _JobOfRecord) -> _Replayed:
    section = section_of_spec(Drafting, job.spec)
    seeds = read_rows(job.file("--seeds"), Seed)
    attempts = job.files("--attempts")
    if attempts:
        tasks = next_tasks(seeds, read_rows(attempts[0], Attempt))
    else:
        tasks = first_tasks(seeds, section.candidates)
    return _Replayed(
        section.engine,
        section.sampling,
        "chat",
        Draft,
        job.file("--drafts"),
        lambda row: str(row.reply),
        lambda model: write_drafts(tasks, int(job.text("--round")), model, section),
    )


def _answer(job: _JobOfRecord) -> _Replayed:
    names = (job.text("--name"), job.text("--benchmark"))
    problems = read_rows(job.file("--problems"), Seed)
    return _answers(job, "--answers", problems, lambda model: names)


def _rollout(job: _JobOfRecord) -> _Replayed:
    problems = questions(read_rows(job.file("--checked"), Solution))
    return _answers(job, "--rollouts", problems, lambda model: (model.digest, "pass_rate"))


def _answers(
    job: _JobOfRecord,
    flag: str,
    problems: Iterable[Seed],
    names: Callable[[GeneratingModel], tuple[str, str]],
) -> _Replayed:
    section = section_of_spec(Answering, job.spec)
    return _Replayed(
        section.engine,
        section.sampling,
        section.prompt,
        Answered,
        job.file(flag),
        lambda row: str(row.completion),
        lambda model: answer_problems(problems, model, section, names(model)),
    )


_RULES: dict[str, Callable[[_JobOfRecord], _Replayed]] = {
    "answer": _answer,
    "draft": _draft,
    "rollout": _rollout,
    "sample": _sample,
}
