"""Executes the redrafts of a shard in the sandbox and compares them with the questions' programs.

The spec is {"agreement": the key of the config's section `reverse.round_trip`, "sandbox": the
config's section}.
"""

import warnings

from caco.rows.question import Question
from caco.rows.redraft import Redraft
from caco.rows.table import count_rows, read_rows, write_outcomes
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.self_check import require_host
from caco.stages.reverse.round_trip import RoundTripSpec, check_round_trips


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="round_trip")
    job.reads("--questions", help="questions (Question rows)")
    job.reads("--redrafts", help="programs written from them (Redraft rows)")
    job.writes("--round-trips", help="questions whose redrafts agree (Question rows)")
    job.writes("--rejected", help="rejected questions (Rejected rows)")
    job.takes("--workers", help="programs to run in parallel", type=int, default=1)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of the generated programs
    spec = job.section(RoundTripSpec)
    require_host(spec.sandbox)
    progress = Progress(
        f"round_trip {args.identity}", count_rows(args.redrafts, Redraft), "programs"
    )
    with NsjailSandbox(spec.sandbox, args.workers) as sandbox:
        outcomes = check_round_trips(
            read_rows(args.questions, Question),
            read_rows(args.redrafts, Redraft),
            sandbox,
            spec.agreement,
            progress,
        )
        counts = write_outcomes(args.round_trips, Question, args.rejected, outcomes)
    job.done(counts)


if __name__ == "__main__":
    run(main)
