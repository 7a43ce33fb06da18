"""Fine-tunes the writer on the seeds' (program, question) and (question, solution) pairs."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from caco.config.training import Writer
from caco.models.manifest import open_checkpoint
from caco.models.template import require_chat_template
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.rows.table import read_all
from caco.runtime.job import Job, run
from caco.text.chat import chat_prompt, end_of_turn
from caco.training.examples import Example
from caco.training.finetune import fine_tune, use_base_model
from caco.training.runtime.launch import add_training_arguments, training_arguments
from caco.training.writer_examples import writer_examples


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="writer")
    add_training_arguments(job)
    job.reads("--code-cots", help="accepted Code CoTs (CodeCoT rows)", many=True)
    job.reads("--seeds", help="their seeds (Seed rows)", many=True)
    args = job.parse()
    section = job.section(Writer)
    if not section.fine_tune:
        use_base_model(args.model, args.checkpoint, args.loss)
        job.done()
        return
    base = open_checkpoint(args.model).folder
    require_chat_template(base, "writer.model")
    seeds = {seed.seed_id: seed for seed in read_all(args.seeds, Seed)}
    rows = read_all(args.code_cots, CodeCoT)

    def examples(tokenizer: Any) -> Iterator[Example | None]:
        frame = partial(chat_prompt, tokenizer)
        return writer_examples(rows, seeds, frame, end_of_turn(tokenizer), section.learns)

    counts, training_s = fine_tune(section, "writer", training_arguments(job), examples)
    job.done(counts, section.training.seed, training_s)


if __name__ == "__main__":
    run(main)
