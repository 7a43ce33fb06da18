"""Asks a judging model of each row: is the problem solvable, the logic the program's?"""

from caco.chat import chat_prompt
from caco.config.generation import Agree
from caco.engines.journal import Journal, Journaled
from caco.engines.open import open_engine
from caco.job import Job, run
from caco.models.manifest import read_manifest
from caco.models.tokenizer import load_tokenizer
from caco.progress import Progress
from caco.reverse.agree import agree_solutions
from caco.rows.outcomes import write_outcomes
from caco.rows.solution import Solution
from caco.rows.table import count_rows, read_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="agree")
    job.reads("--model", "manifest of the judging model")
    job.reads("--judged", "Parquet of the solutions that the exact checks let through")
    job.writes("--agreed", "Parquet of those that the model agrees with")
    job.writes("--rejected", "Parquet of the others, with their verdicts")
    args = job.parse()
    section = Agree.from_spec(args.spec)
    model = read_manifest(args.model)
    progress = Progress(f"agree {args.identity}", count_rows(args.judged, Solution))
    journal = Journal(*job.journal(model.digest))
    with Journaled(open_engine(model.folder, section.engine), journal) as engine:
        outcomes = agree_solutions(
            read_rows(args.judged, Solution),
            engine,
            lambda user: chat_prompt(load_tokenizer(model.folder), user),
            section,
            model.digest,
            progress,
        )
        counts = write_outcomes(args.agreed, Solution, args.rejected, outcomes)
    job.done(counts, section.sampling.seed)


if __name__ == "__main__":
    run(main)
