"""A folder in which a job of a finished run can be executed again, with its recorded command.

The names in a record are relative to the folder of the checkout. The folder here has the same
names: links to the checkout, and in place of the run a new folder with links to the inputs of the
job. The job writes its outputs, its record and its cache there, and nothing into the run. It finds
no result of its own, no journal and no digest that an earlier job has remembered.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from caco.errors import UserError
from caco.runtime.cache import cache_folder
from caco.runtime.chain import (
    MANIFEST,
    altered,
    is_record,
    job_name,
    load_record,
    located,
    name_in_run,
    record_digest,
    run_folder,
)
from caco.runtime.checksums import sha256_of
from caco.runtime.kept import LONG_VALUES
from caco.runtime.process import die_with_parent

# Of the checkout: what a run writes there, and git, which gets the checkout's own path.
_WRITTEN = {"logs", ".cache", ".snakemake", ".git"}
# They would stop the job with its Snakemake, fix the order of sets, or name a cache with digests.
_NOT_INHERITED = ("SNAKEMAKE_PID", "PYTHONHASHSEED", "CACO_CACHE")
_DROPPED = "--code"  # the job computes the present digest itself


def require_inputs(values: Mapping[str, Any], run: Path) -> None:
    """Compares the inputs of a job with the digests in its record.

    Args:
        values: The record.
        run: The folder of the run.

    Raises:
        UserError: An input is missing, or is not the file that the job read.
    """
    promised = {located(values, name, run): sha for name, sha in values["inputs"].items()}
    for file in promised:
        if not file.is_file():
            raise UserError(f"{file}: there is no such file, although the job read it; restore it")
    digests = {file: record_digest(load_record(file)) for file in promised if is_record(file, run)}
    digests.update(sha256_of(file for file in promised if file not in digests))
    for file, sha in promised.items():
        if digests[file] != sha:
            raise UserError(
                f"{file}: its SHA-256 is {digests[file]}, but job `{job_name(values)}` read a file "
                f"with {sha}; restore the file, `python scripts/audit.py verify {run}` lists every "
                "one that differs"
            )


def altered_outputs(values: Mapping[str, Any], run: Path) -> list[str]:
    """Returns one sentence for each output in the run that is not the file which the job wrote.

    Args:
        values: The record of the job.
        run: The folder of the run.
    """
    promised = {located(values, name, run): sha for name, sha in values["outputs"].items()}
    digests = sha256_of(file for file in promised if file.is_file())
    record = located(values, values["record"], run)
    return [
        altered(file, digests.get(file), record, values, sha)
        for file, sha in promised.items()
        if digests.get(file) != sha
    ]


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The folder of one job.

    Attributes:
        work: The working folder: the names in the record are relative to it.
        log: What the job prints.
    """

    work: Path
    log: Path

    def execute(self, environment: str, command: Iterable[str]) -> int:
        """Runs the command of a record and returns its exit code.

        Args:
            environment: The rule's environment: `workflow`, `train` or `sandbox`.
            command: The recorded command.
        """
        with self.log.open("wb") as log:
            return subprocess.run(
                ["envs/python", environment, *_without_code(command)],
                cwd=self.work,
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),
                check=False,
            ).returncode

    def _variables(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
        return {
            **kept,
            **_git(Path.cwd()),
            "OMP_WAIT_POLICY": "passive",  # as for a job of Snakemake
        }


def make_job_folder(folder: Path, values: Mapping[str, Any], run: Path) -> JobFolder:
    """Makes the folder of a job.

    Args:
        folder: The new folder.
        values: The record of the job, whose inputs exist.
        run: The folder of the run. The working folder is that of the checkout.

    Raises:
        UserError: The record has no name of the run that is relative to the checkout.
    """
    checkout = Path.cwd()
    recorded_run = run_folder(PurePath(values["record"]))
    if recorded_run is None or recorded_run.is_absolute() or ".." in recorded_run.parts:
        raise UserError(
            f"{values['record']}: the record's name is not relative to the checkout, so its job "
            "cannot be executed elsewhere"
        )
    above = max((_above(name) for name in values["inputs"]), default=0)
    work = folder.joinpath(*["above"] * above, checkout.name)
    work.mkdir(parents=True)
    _link_checkout(work, checkout, recorded_run)
    if (models := cache_folder().absolute() / "models").is_dir():  # downloads, verified by digest
        _link(work / ".cache/models", models)
    for name in values["inputs"]:
        _link_input(work, name, values, run)
    for maker in values["made_by"].values():
        _link_record(work, maker["record"], values, run)
    return JobFolder(work, folder / "log.txt")


def _link_checkout(work: Path, checkout: Path, run: PurePath) -> None:
    """Links everything of the checkout except the run: a job may read the files of another run."""
    inside = PurePath()
    for part in run.parts:
        with suppress(FileNotFoundError):  # the run has been moved
            for entry in (checkout / inside).iterdir():
                if entry.name not in {*_WRITTEN, part}:
                    _link(work / inside / entry.name, entry)
        inside /= part


def _link_input(work: Path, name: str, values: Mapping[str, Any], run: Path) -> None:
    """Links an input, and the files of a manifest that are beside it."""
    file, path = located(values, name, run), PurePath(name)
    if above := _above(name):  # not the file alone: a reader may list its folder
        first = PurePath(*path.parts[: above + 1])
        _link(work / first, Path.cwd() / first)
    elif is_record(file, run):
        _link_record(work, name, values, run)
    elif name_in_run(values, name) != name:
        _link(work / path, file)
        if path.name == MANIFEST:
            with suppress(ValueError, KeyError, TypeError):
                folder = json.loads(file.read_text(encoding="utf-8"))["folder"]
                if not Path(folder).is_absolute():
                    _link(work / path.parent / folder, file.parent / folder)


def _link_record(work: Path, name: str, values: Mapping[str, Any], run: Path) -> None:
    """Links the record of another job, and the file with its long values."""
    file = located(values, name, run)
    _link(work / name, file)
    long_values = load_record(file).get("long_values")
    if long_values is not None and (recorded := run_folder(PurePath(name))) is not None:
        kept = LONG_VALUES.format(long_values)
        _link(work / recorded / kept, run / kept)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(link):
        link.symlink_to(target.absolute())


def _above(name: str) -> int:
    """Returns how many folders above the checkout a name begins."""
    return next((n for n, part in enumerate(PurePath(name).parts) if part != ".."), 0)


def _without_code(command: Iterable[str]) -> list[str]:
    words = list(command)
    if _DROPPED in words:
        at = words.index(_DROPPED)
        del words[at : at + 2]
    return words


def _git(checkout: Path) -> dict[str, str]:
    """Returns the variables with which git sees the checkout and not the links to it."""
    try:
        out = subprocess.run(
            ["git", "rev-parse", "--absolute-git-dir", "--show-toplevel"],
            cwd=checkout, capture_output=True, text=True, timeout=10, check=True,
        ).stdout.splitlines()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"GIT_DIR": out[0], "GIT_WORK_TREE": out[1], "GIT_OPTIONAL_LOCKS": "0"}
