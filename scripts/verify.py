"""Executes the programs of a shard in the sandbox and checks them against the rules.

Every program is verified, or rejected with exactly one verdict. The spec is
{"verify": {...}, "sandbox": {...}}. Needs the sandbox's environment (Python 3.12, nsjail).
"""

import warnings

from caco.runtime.job import Job, run
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.self_check import require_host
from caco.stages.verify.verify import VerifySpec, verify_file


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="verify")
    job.reads("--programs", help="sampled programs of the shard (Program rows)")
    job.writes("--verified", help="verified programs (Verified rows)")
    job.writes("--rejected", help="rejected programs (Rejected rows)")
    job.takes("--workers", help="programs to run in parallel", type=int, default=2)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of the generated programs
    spec = job.section(VerifySpec)
    require_host(spec.sandbox)
    with NsjailSandbox(spec.sandbox, args.workers) as sandbox:
        counts = verify_file(args.programs, args.verified, args.rejected, sandbox, spec.verify)
    job.done(counts)


if __name__ == "__main__":
    run(main)
