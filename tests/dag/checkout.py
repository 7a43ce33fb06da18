"""A checkout whose Snakefile, rules, config and library are the real ones and whose jobs are not.

Only `.venvs/*/bin/python` is a stand-in: it makes the files that a script is asked for and
computes nothing. So Snakemake's own decisions about what to run can be asked for in seconds. A
script whose name stands in the file `fails` fails.
"""

import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

# A whole checkpoint without a file.
MANIFEST = '{"folder": ".", "digest": "", "files": {}}'

_STAND_IN = f"""#!{sys.executable} -IS
import sys
from pathlib import Path
if Path("fails").exists() and sys.argv[1] in Path("fails").read_text().split():
    sys.exit(1)
for word in sys.argv[1:]:
    if word.startswith("results/") and not Path(word).exists():
        Path(word).parent.mkdir(parents=True, exist_ok=True)
        Path(word).write_text({MANIFEST!r} if word.endswith("manifest.json") else sys.argv[1])
"""

# Importing Snakemake takes longer than planning with it: one process does it for every run.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["snakemake.cli"])


def _snakemake(
    folder: Path, args: tuple[str, ...], printed: Path, environment: dict[str, str]
) -> None:
    """Runs Snakemake in this process, which is a fork made for it."""
    os.chdir(folder)
    os.environ.update(environment)
    with printed.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    from snakemake.cli import main

    sys.argv = [f"{Path(sys.executable).parent}/snakemake", *args]
    main(list(args))


class Checkout:
    """One such checkout, with the state of its last run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}  # Snakemake's, beside this process's own
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
            python.write_text(_STAND_IN)
            python.chmod(0o755)

    def config(self) -> dict[str, Any]:
        """Returns the plain values of config.yaml."""
        raw: dict[str, Any] = yaml.safe_load((self.folder / "config.yaml").read_text())
        return raw

    def snakemake(self, *args: str, config: dict[str, Any] | None = None) -> str:
        """Runs Snakemake and returns what it printed; fails the test if it fails."""
        done = self.try_snakemake(*args, config=config)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def try_snakemake(
        self, *args: str, config: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs Snakemake on `config` (or config.yaml)."""
        if config is not None:
            file = self.folder / f"changed.{os.getpid()}.yaml"
            file.write_text(yaml.safe_dump(config))
            args = (*args, "--configfile", file.name)
        command = ("--cores", "2", "--nolock", *args)
        printed = self.folder / f"printed.{os.getpid()}.txt"
        process = _FORKS.Process(
            target=_snakemake, args=(self.folder, command, printed, self.environment)
        )
        process.start()
        process.join(timeout=600)
        process.kill()
        process.join()
        return subprocess.CompletedProcess(command, process.exitcode, printed.read_text())

    def run(self) -> None:
        """Makes everything, so that nothing is left to do."""
        self.snakemake("--rerun-incomplete")

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
        """Returns the jobs that a run says it has, named as in `planned`."""
        rules = json.loads((self.folder / "results" / run / "jobs.json").read_text())
        return {
            rule if identity == "all" else f"{rule}:{identity}"
            for rule, identities in rules.items()
            for identity in identities
        }

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces `old`, which must be there once, in a file of the checkout."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new))
