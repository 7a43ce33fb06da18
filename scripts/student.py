"""Fine-tunes the student on the corpus: problems and step-by-step solutions, without programs.

With `--rule ablation_student`, it fine-tunes that of an ablation on other rows in the same way.
"""

from collections.abc import Iterator
from typing import Any

from caco.config.training import Student
from caco.models.manifest import open_checkpoint
from caco.models.template import require_chat_template
from caco.models.tokenizer import framing
from caco.rows.ablation import AblationRow
from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows
from caco.runtime.job import Job, run
from caco.text.chat import end_of_turn
from caco.training.examples import Example
from caco.training.finetune import fine_tune
from caco.training.runtime.launch import add_training_arguments, training_arguments
from caco.training.student_examples import student_examples


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="student")
    add_training_arguments(job)
    job.reads("--corpus", help="corpus (CorpusRow rows), or rows of an ablation (AblationRow rows)")
    job.takes(
        "--rule",
        help="the rule that runs the script",
        choices=("student", "ablation_student"),
        default="student",
    )
    args = job.parse()
    job.rule = args.rule
    section = job.section(Student)
    base = open_checkpoint(args.model).folder
    if section.prompt == "chat":
        require_chat_template(base, "student.model")
    row_type: type[CorpusRow | AblationRow] = CorpusRow
    if args.rule == "ablation_student":
        row_type = AblationRow
    rows = read_rows(args.corpus, row_type)

    def examples(tokenizer: Any) -> Iterator[Example]:
        return student_examples(rows, framing(base, section.prompt), end_of_turn(tokenizer))

    counts, training_s = fine_tune(section, "student", training_arguments(job), examples)
    job.done(counts, section.training.seed, training_s)


if __name__ == "__main__":
    run(main)
