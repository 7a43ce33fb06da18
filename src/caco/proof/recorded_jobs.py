"""The generating jobs of each rule, as their records tell them: what was asked, drawn and made."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caco.config.bench import Answering
from caco.config.engines import EngineConfig
from caco.config.generation import (
    LlmJudge,
    Redrafting,
    Sample,
    Sampling,
    WriteQuestions,
    WriteSolutions,
)
from caco.config.section import section_of_spec
from caco.config.sources import Drafting
from caco.engines.protocol import GeneratingModel
from caco.proof.recorded_command import JobOfRecord
from caco.proof.replay import Kept
from caco.rows.answered import Answered
from caco.rows.calibration import Planted, PlantedJudgement
from caco.rows.code_cot import CodeCoT
from caco.rows.draft import Attempt, Draft
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.rejected import Rejected
from caco.rows.reply import Reply
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import read_rows
from caco.rows.verified import Verified
from caco.stages.bench.answer import answer_problems
from caco.stages.calibrate.judgements import judge_planted
from caco.stages.pass_rate.questions import questions
from caco.stages.reverse.llm_judge import llm_judge_solutions
from caco.stages.reverse.question import question_few_shot, write_questions
from caco.stages.reverse.redraft import redraft_few_shot, write_redrafts
from caco.stages.reverse.solution import solution_few_shot, write_solutions
from caco.stages.sample import sample_shard
from caco.stages.unify.drafts import first_tasks, next_tasks, write_drafts


@dataclass(frozen=True, slots=True)
class Replayed:
    """How the rows of a job are made again.

    Attributes:
        engine: The settings of the engine of the job.
        sampling: Those of its sampling.
        prompt: As in `caco.models.tokenizer.framing`.
        kept: Where each completion is kept, in the order of the requests: rows of the first type in
            a file; the function returns the text that a row of it keeps.
        made: The files that the job makes of the completions, with the types of their rows.
        make: Makes all rows of these files, in order, with a model.
    """

    engine: EngineConfig
    sampling: Sampling
    prompt: str
    kept: tuple[Path, type[Any], Callable[[Any], str]]
    made: tuple[tuple[Path, type[Any]], ...]
    make: Callable[[GeneratingModel], Iterable[Any]]

    def completions(self) -> Iterator[Kept]:
        """Yields what is kept of each completion."""
        file, row_type, text = self.kept
        for row in read_rows(file, row_type):
            yield Kept(text(row), row.finish_reason, row.token_ids)


def _sample(job: JobOfRecord) -> Replayed:
    section = section_of_spec(Sample, job.spec)
    return Replayed(
        section.engine,
        section.sampling,
        "unconditional",
        (job.file("--programs"), Program, lambda row: str(row.program)),
        ((job.file("--programs"), Program),),
        lambda model: sample_shard(model, section, job.text("--shard")),
    )


def _draft(job: JobOfRecord) -> Replayed:
    section = section_of_spec(Drafting, job.spec)
    seeds = job.rows("--seeds", Seed)
    if job.files("--attempts"):
        tasks = next_tasks(seeds, job.rows("--attempts", Attempt))
    else:
        tasks = first_tasks(seeds, section.candidates)
    return Replayed(
        section.engine,
        section.sampling,
        "chat",
        (job.file("--drafts"), Draft, lambda row: str(row.reply)),
        ((job.file("--drafts"), Draft),),
        lambda model: write_drafts(tasks, int(job.text("--round")), model, section),
    )


def _answer(job: JobOfRecord) -> Replayed:
    names = (job.text("--name"), job.text("--benchmark"))
    problems = job.rows("--problems", Seed)
    return _answers(job, "--answers", problems, lambda model: names)


def _rollout(job: JobOfRecord) -> Replayed:
    problems = questions(job.rows("--checked", Solution))
    return _answers(job, "--rollouts", problems, lambda model: (model.digest, "pass_rate"))


def _answers(
    job: JobOfRecord,
    flag: str,
    problems: Iterable[Seed],
    names: Callable[[GeneratingModel], tuple[str, str]],
) -> Replayed:
    section = section_of_spec(Answering, job.spec)
    return Replayed(
        section.engine,
        section.sampling,
        section.prompt,
        (job.file(flag), Answered, lambda row: str(row.completion)),
        ((job.file(flag), Answered),),
        lambda model: answer_problems(problems, model, section, names(model)),
    )


def _question(job: JobOfRecord) -> Replayed:
    section = section_of_spec(WriteQuestions, job.spec)
    few_shot = question_few_shot(
        section, job.rows("--code-cots", CodeCoT), job.rows("--seeds", Seed)
    )
    return _replies(
        job,
        section,
        ((job.file("--questions"), Question), (job.file("--rejected"), Rejected)),
        lambda model: write_questions(
            job.rows("--verified", Verified), model, section, few_shot=few_shot
        ),
    )


def _redraft(job: JobOfRecord) -> Replayed:
    section = section_of_spec(Redrafting, job.spec)
    few_shot = redraft_few_shot(
        section, job.rows("--code-cots", CodeCoT), job.rows("--seeds", Seed)
    )
    return Replayed(
        section.engine,
        section.sampling,
        "chat",
        (job.file("--redrafts"), Redraft, lambda row: str(row.reply)),
        ((job.file("--redrafts"), Redraft),),
        lambda model: write_redrafts(
            job.rows("--questions", Question), model, section, few_shot=few_shot
        ),
    )


def _solution(job: JobOfRecord) -> Replayed:
    section = section_of_spec(WriteSolutions, job.spec)
    few_shot = solution_few_shot(
        section, job.rows("--code-cots", CodeCoT), job.rows("--seeds", Seed)
    )
    return _replies(
        job,
        section,
        ((job.file("--solutions"), Solution), (job.file("--rejected"), Rejected)),
        lambda model: write_solutions(
            job.rows("--questions", Question), model, section, few_shot=few_shot
        ),
    )


def _llm_judge(job: JobOfRecord) -> Replayed:
    section = section_of_spec(LlmJudge, job.spec)
    return _replies(
        job,
        section,
        ((job.file("--llm-judged"), Solution), (job.file("--rejected"), Rejected)),
        lambda model: llm_judge_solutions(job.rows("--judged", Solution), model, section),
    )


def _judge_planted(job: JobOfRecord) -> Replayed:
    section = section_of_spec(LlmJudge, job.spec)
    rows = list(job.rows("--planted", Planted))
    return _replies(
        job,
        section,
        ((job.file("--judgements"), PlantedJudgement),),
        lambda model: judge_planted(rows, model, section),
    )


def _replies(
    job: JobOfRecord,
    section: WriteQuestions | WriteSolutions | LlmJudge,
    made: tuple[tuple[Path, type[Any]], ...],
    make: Callable[[GeneratingModel], Iterable[Any]],
) -> Replayed:
    kept = (job.file("--replies"), Reply, lambda row: str(row.reply))
    return Replayed(section.engine, section.sampling, "chat", kept, made, make)


RULES: dict[str, Callable[[JobOfRecord], Replayed]] = {
    "answer": _answer,
    "draft": _draft,
    "judge_planted": _judge_planted,
    "llm_judge": _llm_judge,
    "question": _question,
    "redraft": _redraft,
    "rollout": _rollout,
    "sample": _sample,
    "solution": _solution,
}
"""The generating rules."""
