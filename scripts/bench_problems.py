"""Converts the problems of a benchmark to seeds.

The spec is the section of the benchmark.
"""

from pydantic import RootModel

from caco.config.bench import Benchmark
from caco.rows.seed import Seed
from caco.rows.table import write_outcomes
from caco.runtime.job import Job, run
from caco.stages.bench.problems import problems


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="bench_problems")
    job.takes("--name", help="name of the benchmark in the config", required=True)
    job.reads(
        "--held-out",
        help="held-out seeds (Seed rows), for a benchmark of kind `held_out`",
        many=True,
        required=False,
    )
    job.writes("--problems", help="problems of the benchmark (Seed rows)")
    job.writes("--rejected", help="malformed and filtered rows (Rejected rows)")
    job.reads(
        "--files",
        help="files that the section names, recorded as inputs",
        many=True,
        required=False,
    )
    args = job.parse()
    benchmark = job.section(RootModel[Benchmark]).root
    rows = problems(benchmark, args.name, args.held_out)
    job.done(write_outcomes(args.problems, Seed, args.rejected, rows))


if __name__ == "__main__":
    run(main)
