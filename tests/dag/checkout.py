"""A checkout with the real Snakefile, rules, config and library, but with stub jobs.

Only `.venvs/*/bin/python` is a stub: it creates the output files of a script and computes nothing.
Snakemake's decisions about what to run can therefore be tested in seconds. A script fails if its
name is in the file `fails`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from caco.identity import canonical_json, digest
from tests.dag.explained import explain_in, record_in
from tests.forked import forked, redirect
from tests.git import git

ROOT = Path(__file__).resolve().parents[2]

# Manifest of a checkpoint without files.
MANIFEST = json.dumps({"folder": ".", "digest": digest(canonical_json({})), "files": {}})

CREATE_OUTPUTS = f"""
for argument in sys.argv[1:]:
    path = Path(argument)
    if argument.startswith("results/") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text({MANIFEST!r} if path.name == "manifest.json" else sys.argv[1])
"""  # the end of a stub

_STUB = f"""#!{sys.executable} -IS
import sys
from collections.abc import Callable
from pathlib import Path
if Path("fails").exists() and sys.argv[1] in Path("fails").read_text().split():
    sys.exit(1)
{CREATE_OUTPUTS}"""

# The imports of Snakemake take longer than planning: one process imports them for all runs.
_PRELOADED = "tests.dag.preloaded"


def _snakemake(
    folder: Path, args: tuple[str, ...], printed: Path, environment: dict[str, str]
) -> None:
    """Runs Snakemake in this process, which is forked for that purpose."""
    os.chdir(folder)
    os.environ.update(environment)
    printed.unlink(missing_ok=True)
    redirect(printed, printed)
    from snakemake.cli import main

    sys.argv = [f"{Path(sys.executable).parent}/snakemake", *args]
    main(list(args))


class Checkout:
    """A checkout with stub jobs, and the state of its last run."""

    def __init__(self, folder: Path, original: "Checkout | None" = None) -> None:
        """Makes the checkout.

        Args:
            folder: An empty folder.
            original: A checkout that is copied with its results, which takes less than a run.
        """
        self.folder = folder
        self.environment: dict[str, str] = {}  # added to Snakemake's environment
        if original is not None:
            shutil.copytree(original.folder, folder, symlinks=True, dirs_exist_ok=True)
            return
        for name in ("Snakefile", "config.yaml"):
            shutil.copy(ROOT / name, folder / name)
        for name in ("rules", "scripts", "src", "envs", "profiles", "config"):
            shutil.copytree(
                ROOT / name, folder / name, symlinks=True,
                ignore=shutil.ignore_patterns("__pycache__"),
            )  # fmt: skip
        for env in ("workflow", "train", "sandbox", "infer"):
            python = folder / ".venvs" / env / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.write_text(_STUB)
            python.chmod(0o755)

    def config(self) -> dict[str, Any]:
        """Returns the unvalidated contents of config.yaml."""
        raw: dict[str, Any] = yaml.safe_load((self.folder / "config.yaml").read_text())
        return raw

    def snakemake(self, *args: str, config: dict[str, Any] | None = None) -> str:
        """Runs Snakemake and returns its output; fails the test if it fails."""
        done = self.try_snakemake(*args, config=config)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def try_snakemake(
        self, *args: str, config: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs Snakemake on `config` (or config.yaml)."""
        if config is not None:
            args = (*args, "--configfile", self._changed(config))
        command = ("--cores", "2", *args)
        printed = self.folder / f"printed.{os.getpid()}.txt"
        returned = forked(_PRELOADED, _snakemake, self.folder, command, printed, self.environment)
        return subprocess.CompletedProcess(command, returned, printed.read_text())

    def _changed(self, config: dict[str, Any]) -> str:
        """Writes a config and returns its name."""
        file = self.folder / f"changed.{os.getpid()}.yaml"
        file.write_text(yaml.safe_dump(config))
        return file.name

    def explained(self, config: dict[str, Any] | None = None) -> dict[str, list[str]]:
        """Returns why each job would run that a run would start, by job as in `planned`.

        Args:
            config: The config; config.yaml by default.
        """
        name = "config.yaml" if config is None else self._changed(config)
        printed = self.folder / f"explained.{os.getpid()}.json"
        assert forked(_PRELOADED, explain_in, self.folder, name, printed) == 0
        reasons: dict[str, list[str]] = json.loads(printed.read_text())
        return reasons

    def record(self) -> None:
        """Commits the code, and gives each job the record that it has after a real run."""
        for command in (("init", "-q"), ("add", "src", "scripts"), ("commit", "-qm", "code")):
            git(self.folder, *command)
        assert forked(_PRELOADED, record_in, self.folder) == 0

    def run(self) -> None:
        """Makes all outputs."""
        self.snakemake("--rerun-incomplete")

    def finish(self, config: dict[str, Any]) -> dict[str, Any]:
        """Makes all outputs of another config; returns it. A second plan has no job."""
        self.snakemake(config=config)
        assert self.planned(config=config) == set()
        return config

    def planned(self, *args: str, config: dict[str, Any] | None = None) -> set[str]:
        """Returns the jobs that a run would start, as `rule` or `rule:identity`."""
        printed = self.snakemake("--dry-run", *args, config=config)
        jobs = set()
        for block in re.split(r"\n\s*\n|\n(?=\[)", printed):
            rule = re.search(r"^(?:local)?rule (\w+):", block, re.MULTILINE)
            if rule is None or rule[1] == "all":
                continue
            wildcards = re.search(r"^\s+wildcards: (.*)$", block, re.MULTILINE)
            values = re.findall(r"=([^,\s]+)", wildcards[1]) if wildcards else []
            jobs.add(":".join([rule[1], "-".join(values)]) if values else rule[1])
        return jobs

    def listed(self, run: str) -> set[str]:
        """Returns the jobs in a run's jobs.json, in the form of `planned`."""
        rules = json.loads((self.folder / "results" / run / "jobs.json").read_text())["jobs"]
        return {
            rule if identity == "all" else f"{rule}:{identity}"
            for rule, identities in rules.items()
            for identity in identities
        }

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces `old`, which must occur once, in a file of the checkout."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} contains {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new))


class CommandsCheckout(Checkout):
    """A checkout in which commands run side by side, `make demo` among them."""

    def __init__(self, folder: Path, stub: str) -> None:
        """Makes the checkout.

        Args:
            folder: An empty folder.
            stub: The program that stands for Python in every environment.
        """
        super().__init__(folder)
        shutil.copy(ROOT / "Makefile", folder)
        for environment in (folder / ".venvs").iterdir():
            (environment / "bin/python").write_text(stub)
            (environment / ".ready").touch()
        snakemake = folder / ".venvs/workflow/bin/snakemake"
        snakemake.write_text(f'#!/bin/sh\nexec {sys.executable} -m snakemake "$@"\n')
        snakemake.chmod(0o755)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Starts a command in this folder."""
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        return process

    def files(self) -> dict[str, int]:
        """Returns the results with their times of change in ns."""
        results = self.folder / "results/embedded"
        return {str(f): f.stat().st_mtime_ns for f in results.rglob("*") if f.is_file()}
