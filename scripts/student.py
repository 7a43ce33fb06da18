"""Fine-tunes the student on the corpus: problems and step-by-step solutions, without programs."""

from caco.config.training import Student
from caco.models.manifest import open_checkpoint
from caco.models.template import require_chat_template
from caco.models.tokenizer import framing, load_tokenizer
from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows
from caco.runtime.job import Job, run
from caco.text.chat import end_of_turn
from caco.training.finetune import fine_tune
from caco.training.runtime.launch import add_training_arguments, training_arguments
from caco.training.student_examples import student_examples


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="student")
    add_training_arguments(job)
    job.reads("--corpus", help="corpus (CorpusRow rows)")
    args = job.parse()
    section = job.section(Student)
    base = open_checkpoint(args.model).folder
    if section.prompt == "chat":
        require_chat_template(base, "student.model")
    end = end_of_turn(load_tokenizer(base))
    rows = read_rows(args.corpus, CorpusRow)
    examples = student_examples(rows, framing(base, section.prompt), end)
    counts, training_s = fine_tune(section, "student", training_arguments(job), examples, end)
    job.done(counts, section.training.seed, training_s)


if __name__ == "__main__":
    run(main)
