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


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="student")
    job.reads("--model", "manifest of the model to start from")
    job.reads("--corpus", "the corpus")
    job.writes("--checkpoint", "manifest of the student; its files lie beside it")
    job.writes("--loss", "loss curve")
    job.takes("--ranks", "ranks to start where there is no GPU", type=int)
    args = job.parse()
    section = Student.from_spec(args.spec)
    base = read_manifest(args.model).folder
    examples = student_examples(
        read_rows(args.corpus, CorpusRow),
        framing(base, section.prompt),
        end_of_turn(load_tokenizer(base)),
    )
    counts = fine_tune(
        section, "student", args.model, examples, args.checkpoint, args.loss, args.ranks
    )
    job.done(counts, section.training.seed)


if __name__ == "__main__":
    run(main)
