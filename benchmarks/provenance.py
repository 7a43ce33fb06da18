"""Measures what provenance costs a job, and how long `audit.py show` reads thousands of records.

The job is the script `corpus` on 100,000 rows of each kind, as in `benchmarks/chain.py`: it
executes and generates nothing, so the share is larger than in most jobs. All that is done for the
record is measured within the same run as the rest: the digests of inputs and outputs, the
comparison with the records of other jobs, git, packages, machine, energy and the record itself. The
records that are shown are that of a job, under other names. The exit code is 1 if a limit is
exceeded: 2% of the job, 5 s of `show`, by the medians.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for its sibling, and caco, a link

import chain

from caco.runtime import job, provenance
from caco.runtime.chain import load_record, write_record
from caco.runtime.checksums import write_checked
from caco.workflow.paths import Paths

ROOT = Path(__file__).resolve().parents[1]
_RULES = ("sample", "verify", "question", "solution", "judge")
_SHARE, _SHOW_S = 0.02, 5.0  # limits


def share_of_job(run: Path, shards: int, rows: int, repeats: int) -> float:
    """Runs the job several times; prints each and returns the median share of provenance."""
    chain.write_run(run, shards, rows)
    chain.spent["provenance"] = 0.0
    for module, name in ((job, "open_inputs"), (provenance, "record"), (job, "CpuEnergy")):
        setattr(module, name, chain.timed("provenance", getattr(module, name)))
    shares = []
    for _ in range(repeats):
        chain.spent["provenance"] = 0.0
        total = chain.run_job(run, shards)
        spent = chain.spent["provenance"]
        shares.append(spent / total)
        print(f"job {total:.2f} s; provenance {spent:.2f} s ({spent / total:.1%})", flush=True)
    return median(shares)


def write_records(run: Path, like: dict[str, Any], count: int) -> int:
    """Writes many records; returns their bytes."""
    names = [f"{n:05d}" for n in range(count // len(_RULES))]
    paths, written = Paths(run.name, str(run.parent)), 0
    for rule in _RULES:
        for name in names:
            path = Path(paths.provenance(rule, name))
            files = {f"{run}/{rule}/{name}.parquet": "0" * 64}
            rows = {"in": 100, "accepted": 90, "rejected": {"exception": 10}}
            others = {"inputs": files, "outputs": files, "made_by": {}, "rows": rows}
            write_record(path, {
                **like, "record": str(path), "rule": rule, "identity": name, **others,
            })  # fmt: skip
            written += path.stat().st_size
    write_checked(Path(paths.jobs()), {"jobs": dict.fromkeys(_RULES, names), "config": {}})
    return written


def shown_s(run: Path) -> float:
    """Returns the seconds that `audit.py show` takes."""
    command = [sys.executable, str(ROOT / "scripts/audit.py"), "show", str(run)]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measures both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each kind (%(default)s)")
    parser.add_argument("--shards", type=int, default=100, help="shards (%(default)s)")
    parser.add_argument("--records", type=int, default=5_000, help="to be shown (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of each (%(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        results = Path(name) / "results"
        share = share_of_job(results / "measured", args.shards, args.rows, args.repeats)
        like = load_record(results / "measured/provenance/verify/00000.json")
        size = write_records(results / "many", like, args.records)
        times = [shown_s(results / "many") for _ in range(args.repeats)]
        print(f"show of {args.records:,} records of {size / args.records:,.0f} bytes: "
              f"{', '.join(f'{one:.2f} s' for one in times)}")  # fmt: skip
    sys.exit(share > _SHARE or median(times) > _SHOW_S)


if __name__ == "__main__":
    main()
