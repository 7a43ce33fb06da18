"""Lays out a benchmark's problems as seeds, whatever the benchmark is.

The spec is the benchmark's section.
"""

from pydantic import RootModel

from caco.bench.problems import problems
from caco.config.bench import Benchmark
from caco.config.section import one_from_spec
from caco.job import Job, run
from caco.rows.seed import Seed
from caco.rows.table import write_rows


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="bench_problems")
    job.takes("--name", "name of the benchmark in the config", required=True)
    job.reads("--held-out", "held-out seeds, for a benchmark of kind `held_out`", True, False)
    job.writes("--problems", "the problems")
    job.reads("--files", "files that the section names, for the record", many=True, required=False)
    args = job.parse()
    benchmark = one_from_spec(RootModel[Benchmark], args.spec)
    write_rows(args.problems, Seed, problems(benchmark, args.name, args.held_out))
    job.done()


if __name__ == "__main__":
    run(main)
