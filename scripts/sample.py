"""Samples one shard of programs from the code generator, unconditionally."""

from caco.config.generation import Sample
from caco.engines.open import generating_model
from caco.rows.program import Program
from caco.rows.table import write_rows
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.runtime.provenance import Counts
from caco.stages.sample import sample_shard


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="sample")
    job.reads("--model", help="manifest of the code generator")
    job.takes("--shard", help="name of the shard, from which its seeds are derived", required=True)
    job.writes("--programs", help="programs (Program rows)")
    args = job.parse()
    section = job.section(Sample)
    progress = Progress(f"sample {args.shard}", section.programs_per_shard, "programs")
    with generating_model(job, section.engine, "codegen.model", "unconditional") as model:
        programs = sample_shard(model, section, args.shard, progress)
        count = write_rows(args.programs, Program, programs)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
