"""Measures what Snakemake adds to short jobs on Slurm; prints Markdown tables.

The Snakefile, its rules and the profile are the real ones, the cluster is the test cluster
(`make slurm-up`), and the jobs are shards of `sample` whose script is a stand-in that ends at once:
what is left is overhead. Two jobs run at a time, one a core. See docs/benchmarks.md.
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
# Notes when each Snakemake in a job starts: first that of the job, then that of its step.
_SETUP = 'echo "$SLURM_JOB_ID $(date +%s.%N)" >> started.txt\n'
_STAND_IN = f"""#!{sys.executable} -IS
import os, sys, time
from pathlib import Path
began = time.time()
for word in sys.argv[1:]:
    if word.startswith("results/") and not Path(word).exists():
        Path(word).parent.mkdir(parents=True, exist_ok=True)
        Path(word).write_text({MANIFEST!r} if word.endswith("manifest.json") else "made")
if "SLURM_JOB_ID" in os.environ:
    with Path("ran.txt").open("a") as ran:
        ran.write(f"{{os.environ['SLURM_JOB_ID']}} {{began}} {{time.time()}}\\n")
"""
_SUBMITTED = re.compile(r"Job (\d+) has been submitted with SLURM jobid (\d+)")
_FINISHED = re.compile(r"Finished jobid: (\d+)")


@dataclass(slots=True)
class Times:
    """What happened to a job, in seconds since the epoch.

    Attributes:
        submitted: Snakemake said so.
        started: Its first process started.
        step: Snakemake's second process started, inside the job's step.
        began: The script began.
        ended: The script ended.
        over: Slurm's own end of the job, in whole seconds.
        noticed: Snakemake said that it had finished.
    """

    submitted: float = 0.0
    started: float = 0.0
    step: float = 0.0
    began: float = 0.0
    ended: float = 0.0
    over: float = 0.0
    noticed: float = 0.0


class Run(Checkout):
    """A checkout in which only the samples are left to make, one shard each."""

    def __init__(self, folder: Path, jobs: int) -> None:
        super().__init__(folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        for python in folder.glob(".venvs/*/bin/python"):
            python.write_text(_STAND_IN)
        config = self.config() | {"shards": jobs}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        results = f"results/{config['run']}"
        self.snakemake(f"{results}/codegen/manifest.json")
        self._targets = [f"{results}/programs/{number:05d}.parquet" for number in range(jobs)]
        # As many cores as a node has: one job a node at a time.
        site = {"setup": "bash started.sh", "rules": {RULE: {"cpus": CPUS}}}
        (folder / "site.yaml").write_text(yaml.safe_dump(site))
        (folder / "started.sh").write_text(_SETUP)

    def measure(self, every_second: bool) -> tuple[list[Times], float]:
        """Runs the jobs; returns their times and the seconds of the whole run."""
        snakemake = [str(ROOT / "tests/slurm/snakemake_now.py")] if every_second else []
        options = ["--max-status-checks-per-second", "1"] if every_second else []
        began = time.time()
        process = subprocess.Popen(
            [sys.executable, *(snakemake or ["-m", "snakemake"]), "--profile", "slurm", *options,
             *self._targets],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        said = [(time.time(), line) for line in process.stdout]
        if process.wait():
            sys.exit("".join(line for _, line in said))
        return self._times(said), time.time() - began

    def _times(self, said: list[tuple[float, str]]) -> list[Times]:
        times: dict[str, Times] = {}
        numbers: dict[str, str] = {}
        for at, line in said:
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


def _table(times: list[Times], whole: float, interval: str) -> str:
    missing = {f.name for f in fields(Times) for t in times if not getattr(t, f.name)} - {"step"}
    assert not missing, f"jobs without {missing}"
    submitted = sorted(t.submitted for t in times)
    between = [after - before for before, after in pairwise(submitted)]
    lines = [
        f"{len(times)} jobs, status {interval}: {whole:.0f} s in all.\n",
        "| of a job | median, s | p90, s | most, s |",
        "|---|---|---|---|",
        _row("from one submission to the next", between),
        _row("Slurm's: submitted to started (the queue)", [t.started - t.submitted for t in times]),
        _row("started to the script's begin", [t.began - t.started for t in times]),
        _row("the script", [t.ended - t.began for t in times]),
        _row("the script's end to the job's (whole seconds)", [t.over - t.ended for t in times]),
        _row("the job's end (whole seconds) to noticed", [t.noticed - t.over for t in times]),
    ]
    if all(t.step for t in times):
        to_step = [t.step - t.started for t in times]
        lines.insert(6, _row("of these, to the second Snakemake", to_step))
    return "\n".join(lines)


def _parses(folder: Path, times: int) -> str:
    """Returns a table of what a Snakemake costs before it plans, measured inside jobs."""
    command = ["srun", "--cpus-per-task", str(CPUS), sys.executable,
               str(ROOT / "benchmarks/snakefile_parse.py")]  # fmt: skip
    found = []
    for _ in range(times):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        line = next(line for line in done.stdout.splitlines() if re.match(r"\d+\.\d+ \d", line))
        found.append([float(word) for word in line.split()])
    imports, parse = map(list, zip(*found, strict=True))
    head = f"{times} jobs one after the other: `srun python benchmarks/snakefile_parse.py`\n\n"
    head += "| of each Snakemake in a job | median, s | p90, s | most, s |\n|---|---|---|---|\n"
    return head + "\n".join([_row("Snakemake's own import", imports), _row("the Snakefile", parse)])


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=200, help="jobs")
    parser.add_argument("--parses", type=int, default=20, help="parses of the Snakefile in jobs")
    parser.add_argument(
        "--every-second", action="store_true",
        help="ask Slurm every second, where the profile asks after 20 seconds and ever less often",
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
            every = "asked every second" if args.every_second else "asked as the profile says"
            print(_table(*run.measure(args.every_second), every), flush=True)
    finally:
        if not was_up:
            cluster.down()


if __name__ == "__main__":
    main()
