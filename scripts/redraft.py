"""Writes programs from the questions of a shard with a model that does not see their programs."""

from caco.config.generation import Redrafting
from caco.engines.open import generating_model
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.seed import Seed
from caco.rows.table import count_rows, read_all, read_rows, write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.reverse.redraft import redraft_few_shot, write_redrafts


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="redraft")
    job.reads("--model", help="manifest of the model")
    job.reads("--questions", help="questions (Question rows)")
    job.writes("--redrafts", help="replies with programs (Redraft rows)")
    job.reads("--code-cots", help="Code CoTs of the examples", many=True, required=False)
    job.reads("--seeds", help="their seeds (Seed rows)", many=True, required=False)
    args = job.parse()
    section = job.section(Redrafting)
    requested = count_rows(args.questions, Question) * section.programs
    progress = Progress(f"redraft {args.identity}", requested, unit="programs")
    code_cots = read_all(args.code_cots, CodeCoT)
    few_shot = redraft_few_shot(section, code_cots, read_all(args.seeds, Seed))
    with generating_model(job, section.engine, "reverse.round_trip.model") as model:
        rows = read_rows(args.questions, Question)
        redrafts = write_redrafts(rows, model, section, progress, few_shot)
        count = write_rows(args.redrafts, Redraft, redrafts)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
