"""Fine-tunes the student on the corpus: problems and their step-by-step solutions, text only."""

from caco.chat import end_of_turn
from caco.config.training import Student
from caco.job import Job, run
from caco.models.framing import framing
from caco.models.manifest import read_manifest
from caco.models.tokenizer import load_tokenizer
from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows
from caco.training.examples import student_examples
from caco.training.finetune import fine_tune
from caco.training.given import given, take_arguments


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="student")
    take_arguments(job)
    job.reads("--corpus", "the corpus")
    args = job.parse()
    section = Student.from_spec(args.spec)
    base = read_manifest(args.model).folder
    examples = student_examples(
        read_rows(args.corpus, CorpusRow),
        framing(base, section.prompt),
        end_of_turn(load_tokenizer(base)),
    )
    counts = fine_tune(section, "student", given(job), examples)
    job.done(counts, section.training.seed)


if __name__ == "__main__":
    run(main)
