"""Fine-tunes the code generator on Code CoTs alone, with the unconditional prompt."""

from collections.abc import Iterator
from typing import Any

from caco.config.training import Codegen
from caco.models.manifest import open_checkpoint
from caco.models.template import require_chat_template
from caco.rows.code_cot import CodeCoT
from caco.rows.table import read_all
from caco.runtime.job import Job, run
from caco.text.chat import end_of_turn, unconditional_prefix
from caco.training.codegen_examples import codegen_examples
from caco.training.examples import Example
from caco.training.finetune import fine_tune
from caco.training.runtime.launch import add_training_arguments, training_arguments


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="codegen")
    add_training_arguments(job)
    job.reads("--code-cots", help="accepted Code CoTs (CodeCoT rows)", many=True)
    args = job.parse()
    section = job.section(Codegen)
    base = open_checkpoint(args.model).folder
    require_chat_template(base, "codegen.model")
    rows = read_all(args.code_cots, CodeCoT)

    def examples(tokenizer: Any) -> Iterator[Example]:
        prefix, end = unconditional_prefix(tokenizer), end_of_turn(tokenizer)
        return codegen_examples(rows, prefix, end)

    counts, training_s = fine_tune(section, "codegen", training_arguments(job), examples)
    job.done(counts, section.training.seed, training_s)


if __name__ == "__main__":
    run(main)
