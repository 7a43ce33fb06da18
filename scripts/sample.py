"""Samples one shard of programs from the code generator, unconditionally."""

from caco.chat import unconditional_prefix
from caco.config.generation import Sample
from caco.engines.open import open_resumable
from caco.job import Job, run
from caco.models.manifest import read_manifest
from caco.models.tokenizer import load_tokenizer
from caco.provenance import Counts
from caco.rows.program import Program
from caco.rows.table import write_rows
from caco.sample.programs import sample_shard


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="sample")
    job.reads("--model", "manifest of the code generator's checkpoint")
    job.takes("--shard", "the shard's name: its programs' seeds derive from it", required=True)
    job.writes("--programs", "Parquet of programs")
    args = job.parse()
    section = Sample.from_spec(args.spec)
    model = read_manifest(args.model)
    prefix = unconditional_prefix(load_tokenizer(model.folder))
    with open_resumable(model.folder, section.engine, *job.journal(model.digest)) as engine:
        programs = sample_shard(engine, prefix, section, args.shard, model.digest)
        count = write_rows(args.programs, Program, programs)
    job.done(Counts(rows_in=count, accepted=count), section.sampling.seed)


if __name__ == "__main__":
    run(main)
