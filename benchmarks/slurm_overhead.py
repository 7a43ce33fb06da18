"""Measures what Snakemake adds to short jobs on Slurm; prints Markdown tables.

It uses the real Snakefile, rules and profile on the test cluster (`make slurm-up`). The jobs are
shards of `sample`, with a stub script that exits at once, so the measured time is overhead. Two
jobs run at a time, one per core. See docs/benchmarks.md.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

import yaml
from tests.dag.checkout import MANIFEST, ROOT, Checkout
from tests.slurm.cluster import CPUS, Cluster

RULE = "sample"
# Records the start of each Snakemake process of a job: in the batch script, then in the step.
_SETUP = 'echo "$SLURM_JOB_ID $(date +%s.%N)" >> started.txt\n'
_STUB = f"""#!{sys.executable} -IS
import os, sys, time
from pathlib import Path
began = time.time()
for argument in sys.argv[1:]:
    path = Path(argument)
    if argument.startswith("results/") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text({MANIFEST!r} if path.name == "manifest.json" else "output")
if "SLURM_JOB_ID" in os.environ:
    with Path("ran.txt").open("a") as ran:
        ran.write(f"{{os.environ['SLURM_JOB_ID']}} {{began}} {{time.time()}}\\n")
"""
_SUBMITTED = re.compile(r"Job (\d+) has been submitted with SLURM jobid (\d+)")
_FINISHED = re.compile(r"Finished jobid: (\d+)")


@dataclass(slots=True)
class Times:
    """Events of a job, in seconds since the epoch.

    Attributes:
        submitted: Snakemake reported the submission.
        started: The first process of the job started.
        step: The second Snakemake process started, in the job's step.
        began: The script started.
        ended: The script exited.
        over: End time of the job in Slurm, in integer seconds.
        noticed: Snakemake reported that the job had finished.
    """

    submitted: float = 0.0
    started: float = 0.0
    step: float = 0.0
    began: float = 0.0
    ended: float = 0.0
    over: float = 0.0
    noticed: float = 0.0


class Run(Checkout):
    """A checkout in which only the shards of `sample` remain to be made."""

    def __init__(self, folder: Path, jobs: int) -> None:
        super().__init__(folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        for python in folder.glob(".venvs/*/bin/python"):
            python.write_text(_STUB)
        config = self.config() | {"shards": jobs}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        results = f"results/{config['run']}"
        self.snakemake(f"{results}/codegen/manifest.json")
        self._targets = [f"{results}/programs/{number:05d}.parquet" for number in range(jobs)]
        # All cores of a node: one job per node at a time.
        site = {"setup": "bash started.sh", "rules": {RULE: {"cpus": CPUS}}}
        (folder / "site.yaml").write_text(yaml.safe_dump(site))
        (folder / "started.sh").write_text(_SETUP)

    def measure(self, every_second: bool) -> tuple[list[Times], float]:
        """Runs the jobs; returns their times and the duration of the run in seconds."""
        snakemake = [str(ROOT / "tests/slurm/snakemake_fast_polling.py")] if every_second else []
        options = ["--max-status-checks-per-second", "1"] if every_second else []
        began = time.time()
        process = subprocess.Popen(
            [sys.executable, *(snakemake or ["-m", "snakemake"]), "--profile", "slurm", *options,
             *self._targets],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        printed = [(time.time(), line) for line in process.stdout]
        if process.wait():
            sys.exit("".join(line for _, line in printed))
        return self._times(printed), time.time() - began

    def _times(self, printed: list[tuple[float, str]]) -> list[Times]:
        times: dict[str, Times] = {}
        numbers: dict[str, str] = {}
        for at, line in printed:
            if found := _SUBMITTED.search(line):
                numbers[found[1]] = found[2]
                times[found[2]] = Times(submitted=at)
            elif (found := _FINISHED.search(line)) and found[1] in numbers:
                times[numbers[found[1]]].noticed = at
        for line in (self.folder / "started.txt").read_text().splitlines():
            number, at_ = line.split()
            if not times[number].started:
                times[number].started = float(at_)
            elif not times[number].step:
                times[number].step = float(at_)
        for line in (self.folder / "ran.txt").read_text().splitlines():
            number, began, ended = line.split()
            times[number].began, times[number].ended = float(began), float(ended)
        shown = Cluster().call("squeue", "--noheader", "--states=all", "--format=%i %e")
        for line in shown.splitlines():
            number, end = line.split()
            if number in times:
                times[number].over = datetime.fromisoformat(end).timestamp()
        return list(times.values())


def _row(what: str, seconds: list[float]) -> str:
    deciles = quantiles(seconds, n=10)
    return f"| {what} | {median(seconds):.1f} | {deciles[8]:.1f} | {max(seconds):.1f} |"


def _table(times: list[Times], total: float, interval: str) -> str:
    missing = {f.name for f in fields(Times) for t in times if not getattr(t, f.name)} - {"step"}
    assert not missing, f"jobs without {missing}"
    submitted = sorted(t.submitted for t in times)
    between = [after - before for before, after in pairwise(submitted)]
    lines = [
        f"{len(times)} jobs, {interval}: {total:.0f} s in total.\n",
        "| each job | median, s | p90, s | max, s |",
        "|---|---|---|---|",
        _row("from one submission to the next", between),
        _row(
            "from the submission to the start (Slurm's queue)",
            [t.started - t.submitted for t in times],
        ),
        _row("from the job's start to the script's start", [t.began - t.started for t in times]),
        _row("the script", [t.ended - t.began for t in times]),
        _row(
            "from the script's exit to the job's end (integer seconds)",
            [t.over - t.ended for t in times],
        ),
        _row(
            "from the job's end (integer seconds) to its detection",
            [t.noticed - t.over for t in times],
        ),
    ]
    if all(t.step for t in times):
        to_step = [t.step - t.started for t in times]
        lines.insert(6, _row("of which to the second Snakemake process", to_step))
    return "\n".join(lines)


def _parses(folder: Path, times: int) -> str:
    """Returns a table of the start-up cost of a Snakemake process, measured in jobs."""
    command = ["srun", "--cpus-per-task", str(CPUS), sys.executable,
               str(ROOT / "benchmarks/snakefile_parse.py")]  # fmt: skip
    found = []
    for _ in range(times):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        line = next(line for line in done.stdout.splitlines() if re.match(r"\d+\.\d+ \d", line))
        found.append([float(word) for word in line.split()])
    imports, parse = map(list, zip(*found, strict=True))
    table = f"{times} consecutive jobs: `srun python benchmarks/snakefile_parse.py`\n\n"
    table += "| each Snakemake in a job | median, s | p90, s | max, s |\n|---|---|---|---|\n"
    rows = [_row("import of Snakemake", imports), _row("parsing the Snakefile", parse)]
    return table + "\n".join(rows)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=200, help="number of jobs")
    parser.add_argument("--parses", type=int, default=20, help="jobs that parse the Snakefile")
    parser.add_argument(
        "--every-second", action="store_true",
        help="query Slurm every second; the profile queries it after 20 seconds, then less often",
    )  # fmt: skip
    args = parser.parse_args()
    cluster = Cluster()
    was_up = cluster.is_up()
    cluster.up()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.2f} at the start\n")
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = Run(Path(folder).resolve(), args.jobs)
            print(_parses(run.folder, args.parses), "\n", sep="", flush=True)
            interval = "queried every second" if args.every_second else "queried as in the profile"
            print(_table(*run.measure(args.every_second), interval), flush=True)
    finally:
        if not was_up:
            cluster.down()


if __name__ == "__main__":
    main()
