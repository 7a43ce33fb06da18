"""A checkout for complete runs: the real workflow with a tiny model."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from caco.reports.records import planned_records, read_records, root_of

ROOT = Path(__file__).resolve().parents[2]

# The parts of a checkout that a run needs.
LINKS = ("Snakefile", "rules", "scripts", "src", "envs", "profiles", "slurm", "config", ".venvs")

_TRAINING = {
    "learning_rate": 4.0e-3, "global_batch": 4, "cutoff": 384,
    "precision": "fp32", "weight_decay": 0.0,
}  # fmt: skip
_ENGINE = {"kind": "transformers", "dtype": "float32", "batch": 32}

# The last bits of a result depend on the number of threads: it is the same in every run.
CORES = min(4, len(os.sched_getaffinity(0)))

# A tiny job mostly imports modules, on one core: two run concurrently.
CONCURRENT_RULES = ("sample", "verify", "question", "solution", "answer")

# Invented rows in GSM8K's format; the third is malformed, the fourth has a wrong answer.
_GSM8K = """\
{"question": "A shelf holds 3 rows of 4 jars. How many jars?", "answer": "There are 3*4=<<3*4=12>>12 jars.\\n#### 12"}
{"question": "Mia has 9 pens and gives 5 away. How many are left?", "answer": "She has 9-5=<<9-5=4>>4 pens left.\\n#### 4"}
{"question": "A row without an answer"}
{"question": "Tom runs 6 km on each of 2 days. How far?", "answer": "He runs 6*2=<<6*2=12>>12 km.\\n#### 13"}
"""  # noqa: E501


def tiny_config() -> dict[str, Any]:
    """Returns a config with every stage, which runs in one to two minutes with a tiny model."""
    greedy = {"temperature": 0.0, "max_new_tokens": 200}
    return {
        "run": "tiny",
        "shards": 2,
        "models": {"tiny": {"kind": "local", "path": "model"}},
        "sources": {
            "products": {
                "seeds": {"reader": "families", "families": ["products"], "rows": 12,
                          "held_out": 4, "seed": 1},
                "unify": {"converter": "program"},
            },
            "jars": {
                "seeds": {"reader": "gsm8k", "path": "jars.jsonl"},
                "unify": {"converter": "equations"},
            },
        },
        "codegen": {"model": "tiny", "training": {**_TRAINING, "epochs": 60}},
        "sample": {
            "programs_per_shard": 40,
            "engine": _ENGINE,
            "sampling": {"temperature": 0.6, "max_new_tokens": 320, "seed": 5},
        },
        "writer": {"model": "tiny", "fine_tune": True, "training": {**_TRAINING, "epochs": 150}},
        "reverse": {
            "question": {"engine": _ENGINE, "sampling": greedy},
            "solution": {"engine": _ENGINE, "sampling": greedy},
        },
        "student": {"model": "tiny", "prompt": "chat", "training": {**_TRAINING, "epochs": 2}},
        "bench": {
            "benchmarks": {"products": {"kind": "held_out", "source": "products"}},
            "engine": _ENGINE,
            "sampling": {"temperature": 0.0, "max_new_tokens": 40},
        },
    }  # fmt: skip


@cache
def _tiny_model() -> dict[str, bytes]:
    """Returns the files of the tiny model, made once: the imports of its libraries take seconds."""
    program = "import sys; from pathlib import Path; from tests.tiny_model import make_tiny_model;"
    with TemporaryDirectory() as folder:
        subprocess.run(
            [ROOT / ".venvs/train/bin/python", "-c", program + "make_tiny_model(Path(sys.argv[1]))",
             folder],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


class Loop:
    """A folder in which the real workflow runs on a config."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        for name in LINKS:
            (folder / name).symlink_to(ROOT / name)
        (folder / "jars.jsonl").write_text(_GSM8K)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        (folder / "model").mkdir()
        for name, content in _tiny_model().items():
            (folder / "model" / name).write_bytes(content)
        self.results = folder / "results" / config["run"]

    def start(self) -> subprocess.Popen[str]:
        """Starts Snakemake as `make demo` does, in a new session."""
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--profile", "profiles/local",
             "--cores", str(CORES), "--set-threads", *(f"{rule}=1" for rule in CONCURRENT_RULES)],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip

    def run(self) -> tuple[int, str]:
        """Runs Snakemake; returns its exit code and output."""
        process = self.start()
        printed, _ = process.communicate(timeout=900)
        return process.returncode, printed

    def funnel(self, times: bool = True) -> list[dict[str, Any]]:
        """Returns the stages of the funnel."""
        written = json.loads((self.results / "funnel.json").read_text())
        stages: list[dict[str, Any]] = written["stages"]
        return [{k: v for k, v in s.items() if times or k != "seconds"} for s in stages]

    def root(self) -> str:
        """Returns the root digest of the finished run."""
        return root_of(read_records(planned_records(self.results)))

    def kill_during_any(self, rules: Iterable[str]) -> set[str]:
        """Starts a run and kills Snakemake, not its jobs, once a job of any of `rules` is running.

        The scheduler chooses among the ready jobs, so the next rule is not known in advance.

        Returns:
            The rules whose jobs had started; empty if the run finished first. All orphaned jobs
            have exited.
        """
        before = {rule: self._log_times(rule) for rule in rules}
        started: set[str] = set()
        process = self.start()
        while process.poll() is None and not started:
            time.sleep(0.02)
            started = {rule for rule in before if self._log_times(rule) != before[rule]}
        if started:
            time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        self._wait_for_orphans()
        process.communicate(timeout=60)
        return started

    def _log_times(self, rule: str) -> dict[Path, int]:
        logs = self.folder / "logs" / self.results.name / rule
        return {log: log.stat().st_mtime_ns for log in logs.glob("*.log")}

    def _wait_for_orphans(self) -> None:
        deadline = time.monotonic() + 30
        while self._alive() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not self._alive(), f"jobs still running after Snakemake was killed: {self._alive()}"

    def _alive(self) -> list[str]:
        """Returns the commands of processes whose working directory is this folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink() == self.folder:
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return [command for command in found if command]


def go_on(folder: Path, *args: str, **environment: str) -> None:
    """Runs the workflow in the folder of a finished run.

    Args:
        folder: A folder as of a `Loop`.
        args: Further arguments of Snakemake.
        environment: Further environment variables.
    """
    added = ("embed=1", "embed_problems=1", "redraft=1", "round_trip=1")
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--cores", str(CORES),
         "--set-threads", *added, *args],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """Returns a finished run that was not interrupted, shared by all tests that compare with it."""
    return _uninterrupted(tmp_path_factory.getbasetemp())


@cache
def _uninterrupted(base: Path) -> Loop:
    folder = base / "uninterrupted"
    folder.mkdir()
    loop = Loop(folder.resolve(), tiny_config())
    code, printed = loop.run()
    assert code == 0, printed
    return loop
