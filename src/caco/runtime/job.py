"""What every script has in common: its arguments, its errors and its provenance record.

A script is a plain command line. Snakemake passes nothing that a user could not type: `--spec`
takes the JSON of the script's config section, or the name of a file that contains it.
"""

import argparse
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import BaseModel

from caco.config.section import implementations, section_of_spec
from caco.errors import CacoError
from caco.identity import digest, shard_names
from caco.runtime import provenance
from caco.runtime.atomic_files import remove_folder
from caco.runtime.chain import open_inputs
from caco.runtime.code_digest import code_digest
from caco.runtime.energy import CpuEnergy
from caco.runtime.engine_start import last_ready, share_compiled_code
from caco.runtime.file_system import file_system_error
from caco.runtime.gpus import GpuMonitor
from caco.runtime.heartbeat import Heartbeat, heartbeat_file
from caco.runtime.journal import rows_in
from caco.runtime.provenance import Counts

S = TypeVar("S", bound=BaseModel)
_SRC = Path(__file__).resolve().parents[2]
_heartbeats: list[Heartbeat] = []  # of this process's job


class Job:
    """One run of a script, from its arguments to its provenance record."""

    def __init__(self, description: str | None, rule: str) -> None:
        """Creates the argument parser.

        Args:
            description: The script's docstring.
            rule: The Snakemake rule that runs the script.
        """
        self.rule = rule
        self._began = time.monotonic()
        self._parser = argparse.ArgumentParser(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self._inputs: list[str] = []
        self._outputs: list[str] = []
        self._chosen: list[str] = []
        self._sharded = False
        self._journal: Path | None = None
        self._checkpoints: Path | None = None
        self._gpus: GpuMonitor | None = None
        self._energy = CpuEnergy()

    def reads(self, flag: str, *, help: str, many: bool = False, required: bool = True) -> None:
        """Adds an argument for a file that the job reads.

        Args:
            flag: The flag.
            help: The help text.
            many: Accept any number of files. With `--shards`, a file of shard 00000 stands for that
                file of every shard: a thousand names do not fit in a shell command.
            required: Whether the flag is required; only a flag with many files may be optional.
        """
        self._add_path(flag, help, many, required, self._inputs)
        self._sharded = self._sharded or many

    def writes(self, flag: str, *, help: str) -> None:
        """Adds an argument for a file that the job writes."""
        self._add_path(flag, help, False, True, self._outputs)

    def takes(self, flag: str, *, help: str, **options: object) -> None:
        """Adds any other argument; `options` are those of argparse."""
        self._parser.add_argument(flag, help=help, **options)  # type: ignore[arg-type]

    def _add_path(self, flag: str, help: str, many: bool, required: bool, names: list[str]) -> None:
        several = {"nargs": "*", "default": []} if many else {}
        self._parser.add_argument(flag, help=help, type=Path, required=required, **several)  # type: ignore[arg-type]
        names.append(flag.removeprefix("--").replace("-", "_"))

    def parse(self, argv: Sequence[str] | None = None) -> argparse.Namespace:
        """Parses the arguments, starts the heartbeat and digests the inputs; `spec` is JSON text.

        Raises:
            UserError: An input is not the file that the record of its job promises.
        """
        add = self._parser.add_argument
        add("--spec", required=True, help="the config section as JSON, or a file that contains it")
        add("--code", help="the code digest; computed if omitted")
        add("--identity", default="all", help="the identity of this job within its rule")
        add("--provenance", type=Path, required=True, help="the job's provenance record")
        if self._sharded:
            add("--shards", type=int, default=0, help="shards that a file of 00000 stands for")
        self.args = self._parser.parse_args(argv)
        for name in self._inputs:
            value = getattr(self.args, name)
            if isinstance(value, list):
                setattr(self.args, name, each_shard(value, self.args.shards))
        if not self.args.spec.lstrip().startswith("{"):
            self.args.spec = Path(self.args.spec).read_text(encoding="utf-8")
        self._heartbeat = Heartbeat(heartbeat_file(self.args.provenance))
        _heartbeats.append(self._heartbeat)
        _exit_with_snakemake()
        share_compiled_code()
        self._opened = open_inputs(self.args.provenance, self._paths(self._inputs))
        return self.args

    def section(self, kind: type[S]) -> S:
        """Returns the spec as a section of the config; its kinds may choose modules.

        Args:
            kind: The section's model, or a `RootModel` of several kinds.

        Raises:
            UserError: The spec is not such a section; the message names the key.
        """
        section = section_of_spec(kind, self.args.spec)
        self._chosen = implementations(section)
        return section

    def journal(self, model: str) -> tuple[Path, dict[str, str]]:
        """Returns the journal of a generating job, and the parts of its fingerprint.

        The journal is next to the job's record, and is deleted when the record is written.

        Args:
            model: The digest of the model's manifest.
        """
        self._gpus = GpuMonitor()
        self._journal = self.args.provenance.with_suffix(".journal")
        self._heartbeat.resumed(rows_in(self._journal))
        return self._journal, {"settings": self.args.spec, "model": model, "code": self._code()}

    def checkpoints(self) -> tuple[Path, dict[str, str]]:
        """Returns the checkpoint folder of a training job, and the parts of its fingerprint.

        The folder is next to the job's record, and is deleted when the record is written.
        """
        self._gpus = GpuMonitor()
        self._checkpoints = self.args.provenance.with_suffix(".training")
        fingerprint = {"settings": self.args.spec, "code": self._code()}
        for name in self._inputs:
            digests = [self._opened.sha256[file] for file in self._paths([name])]
            fingerprint[name.replace("_", " ")] = digest(*digests)
        return self._checkpoints, fingerprint

    def counts_before(self, name: str) -> dict[str, Counts]:
        """Returns the row counts of the steps that led to the files of an argument, by rule.

        Args:
            name: The argument, as a name. Its files are shards.
        """
        return provenance.counts_before(self._opened, self._paths([name]))

    def done(
        self,
        counts: Counts | None = None,
        seed: int | None = None,
        training_s: float | None = None,
    ) -> None:
        """Writes the provenance record; call it last, when every output exists.

        Deletes the journal or the checkpoints, which are then no longer needed.

        Args:
            counts: Rows by verdict, or None for a job that does not filter rows.
            seed: The seed of all random numbers, or None.
            training_s: Wall time of the steps of a training, over all its starts, in seconds.
        """
        used = {**self._energy.used(), **(self._gpus.used() if self._gpus else {})}
        if (ready := last_ready(since=self._began)) is not None:
            used = {**used, "start_s": round(ready - self._began, 3)}
        if training_s is not None:
            used = {**used, "training_s": round(training_s, 3)}
        provenance.record(
            self.args.provenance,
            rule=self.rule,
            identity=self.args.identity,
            spec=self.args.spec,
            code=self._code(),
            inputs=self._opened,
            outputs=self._paths(self._outputs),
            counts=counts,
            seed=seed,
            # By the present clock: it may have been set since.
            started=time.time() - (time.monotonic() - self._began),
            starts=self._heartbeat.earlier_starts(),
            used=used,
        )
        self._heartbeat.done()
        if self._journal is not None:
            self._journal.unlink()
        if self._checkpoints is not None and self._checkpoints.exists():
            remove_folder(self._checkpoints)

    def _code(self) -> str:
        code: str = self.args.code or code_digest(Path(sys.argv[0]), _SRC, self._chosen)
        return code

    def _paths(self, names: list[str]) -> list[Path]:
        found: list[Path] = []
        for name in names:
            value = getattr(self.args, name)
            found += value if isinstance(value, list) else [value]
        return found


def each_shard(names: list[Path], shards: int) -> list[Path]:
    """Returns `names`, with each file of the first shard repeated for each of `shards`, if any."""
    first = shard_names(1)[0]
    return [
        name.with_name(name.name.replace(first, shard)) if first in name.name else name
        for name in names
        for shard in (shard_names(shards) if first in name.name and shards else [first])
    ]


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a script; a `CacoError` is printed as one message, without a traceback."""
    try:
        main()
        sys.stdout.flush()
    except CacoError as e:
        _exit(e)
    except KeyboardInterrupt:
        _record_failure("person", "interrupted")
        raise
    except Exception as e:
        if isinstance(e, BrokenPipeError) and _reader_has_exited():
            sys.exit(0)
        if isinstance(e, OSError) and (explained := file_system_error(e)) is not None:
            _exit(explained)
        _record_failure(CacoError.owner, f"{type(e).__name__}: {e}")
        raise
    sys.exit(0)


def _reader_has_exited() -> bool:
    """Returns whether nobody reads the standard output any more, as after `| head`."""
    written = select.poll()
    written.register(sys.stdout.fileno(), 0)
    exited = any(event & select.POLLERR for _, event in written.poll(0))
    if exited:  # what is left in the buffer is written when the process exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exited


def _exit(error: CacoError) -> NoReturn:
    """Prints an error message and exits."""
    _record_failure(error.owner, str(error))
    print(error.line, file=sys.stderr)
    sys.exit(error.exit_code)


def _record_failure(owner: str, message: str) -> None:
    for heartbeat in _heartbeats:
        heartbeat.failed(owner, message)


def _exit_with_snakemake() -> None:
    """Exits when the Snakemake that started this process has exited.

    A SIGKILL to Snakemake leaves its jobs running, and an orphaned job would race with the one that
    the next run starts. The parent process is a shell that remains, so Snakemake's own process is
    watched.
    """
    if "SNAKEMAKE_PID" not in os.environ:
        return
    snakemake = int(os.environ["SNAKEMAKE_PID"])

    def watch() -> None:
        while _is_alive(snakemake):
            time.sleep(1)
        message = "the Snakemake that started this job has exited"
        _record_failure("snakemake", message)
        print(f"{message}: exiting", file=sys.stderr, flush=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _is_alive(pid: int) -> bool:
    """Tells whether a process is running; a zombie is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
