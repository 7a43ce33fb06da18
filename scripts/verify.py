"""Executes a shard's programs in the sandbox and holds them against the rules.

Every program leaves either verified or rejected with exactly one verdict. --spec is
{"verify": {...}, "sandbox": {...}}. Needs the sandbox's environment (Python 3.12, nsjail).
"""

import warnings

from caco.job import Job, run
from caco.sandbox.check import require_host
from caco.sandbox.nsjail import NsjailSandbox
from caco.verify.shard import VerifySpec, verify_file


def main() -> None:
    """Runs the script."""
    job = Job(__doc__, rule="verify")
    job.reads("--programs", "sampled programs of the shard (Program rows)")
    job.writes("--verified", "programs that kept the rules (Verified rows)")
    job.writes("--rejected", "the others, with their verdicts (Rejected rows)")
    job.takes("--workers", "programs run side by side", type=int, default=2)
    args = job.parse()
    warnings.simplefilter("ignore", SyntaxWarning)  # of programs that are not ours
    spec = VerifySpec.from_spec(args.spec)
    require_host(spec.sandbox)
    with NsjailSandbox(spec.sandbox, args.workers) as sandbox:
        counts = verify_file(args.programs, args.verified, args.rejected, sandbox, spec.verify)
    job.done(counts)


if __name__ == "__main__":
    run(main)
