"""The trainings of each rule, as their records tell them: the model, the examples, the losses."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from caco.config.section import section_of_spec
from caco.config.training import Codegen, FineTune, Student, Writer
from caco.models.manifest import open_checkpoint
from caco.models.tokenizer import framing, load_tokenizer
from caco.proof.recorded_command import JobOfRecord
from caco.rows.ablation import AblationRow
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.loss import Loss
from caco.rows.seed import Seed
from caco.rows.table import read_rows
from caco.text.chat import chat_prompt, end_of_turn, unconditional_prefix
from caco.training.codegen_examples import codegen_examples
from caco.training.examples import Example
from caco.training.student_examples import student_examples
from caco.training.writer_examples import writer_examples


@dataclass(frozen=True, slots=True)
class RecordedTraining:
    """A training.

    Attributes:
        job: The arguments of its job.
        section: Its settings.
        base: The folder of the base model.
        tokenizer: That of the base model.
        curve: The recorded steps.
    """

    job: JobOfRecord
    section: FineTune
    base: Path
    tokenizer: Any
    curve: list[Loss]

    def examples(self) -> Iterable[Example | None]:
        """Returns the examples in the order in which the job tokenised them."""
        return TRAININGS[self.job.rule][1](self.job, self.section, self.base, self.tokenizer)


def recorded_training(record: Mapping[str, Any], run: Path) -> RecordedTraining | None:
    """Returns a training; None if the job trained nothing.

    Args:
        record: The record of the job (`caco.runtime.chain.load_record`).
        run: The folder of the run, which may have been moved.

    Raises:
        UserError: A file is missing or damaged.
    """
    job = JobOfRecord(record, run)
    curve = list(read_rows(job.file("--loss"), Loss))
    if not curve:
        return None
    section = section_of_spec(TRAININGS[job.rule][0], job.spec)
    base = open_checkpoint(job.file("--model")).folder
    return RecordedTraining(job, section, base, load_tokenizer(base), curve)


def _codegen(job: JobOfRecord, _: Any, base: Path, tokenizer: Any) -> Iterable[Example | None]:
    rows = job.rows("--code-cots", CodeCoT)
    return codegen_examples(rows, unconditional_prefix(tokenizer), end_of_turn(tokenizer))


def _writer(job: JobOfRecord, section: Any, base: Path, tokenizer: Any) -> Iterable[Example | None]:
    seeds = {seed.seed_id: seed for seed in job.rows("--seeds", Seed)}
    return writer_examples(
        job.rows("--code-cots", CodeCoT),
        seeds,
        lambda text: chat_prompt(tokenizer, text),
        end_of_turn(tokenizer),
        section.learns,
    )


def _student(
    job: JobOfRecord,
    section: Any,
    base: Path,
    tokenizer: Any,
    row_type: type[CorpusRow | AblationRow] = CorpusRow,
) -> Iterable[Example | None]:
    rows = job.rows("--corpus", row_type)
    return student_examples(rows, framing(base, section.prompt), end_of_turn(tokenizer))


_Examples = Callable[[JobOfRecord, Any, Path, Any], Iterable[Example | None]]

TRAININGS: dict[str, tuple[type[FineTune], _Examples]] = {
    "ablation_student": (Student, partial(_student, row_type=AblationRow)),
    "codegen": (Codegen, _codegen),
    "student": (Student, _student),
    "writer": (Writer, _writer),
}
"""The rules that train: their section of the config, and their examples."""
