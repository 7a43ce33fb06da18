"""What every script has in common: its arguments, its errors and its record.

A script is a plain command line first. Snakemake adds nothing that a person could not type:
`--spec` takes the JSON of the script's config section, or the name of a file that holds it.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from caco import provenance
from caco.code_digest import code_digest
from caco.engines.journal_lines import rows_in
from caco.errors import CacoError
from caco.files import no_room, remove_folder
from caco.gpus import Watch
from caco.identity import digest, file_sha256
from caco.paths import shard_names
from caco.provenance import Counts
from caco.starts import Mark, mark_of

_SRC = Path(__file__).resolve().parents[1]
_marks: list[Mark] = []  # of this process's job


class Job:
    """One run of a script, from its arguments to its provenance record."""

    def __init__(self, description: str | None, rule: str) -> None:
        """Starts the list of arguments.

        Args:
            description: The script's docstring.
            rule: The Snakemake rule that runs it.
        """
        self.rule = rule
        self.started = time.time()
        self._parser = argparse.ArgumentParser(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self._inputs: list[str] = []
        self._outputs: list[str] = []
        self._sharded = False
        self._journal: Path | None = None
        self._kept: Path | None = None
        self._gpus: Watch | None = None

    def reads(self, flag: str, meaning: str, many: bool = False, required: bool = True) -> None:
        """Adds an argument that names a file the job reads.

        Args:
            flag: The flag.
            meaning: What the file is.
            many: Take any number of files. With `--shards`, a file of shard 00000 stands for that
                file of every shard: a thousand names do not fit in a shell's command.
            required: Whether the flag must be given; only one that takes many need not.
        """
        self._add_path(flag, meaning, many, required, self._inputs)
        self._sharded = self._sharded or many

    def writes(self, flag: str, meaning: str) -> None:
        """Adds an argument that names a file the job writes."""
        self._add_path(flag, meaning, False, True, self._outputs)

    def takes(self, flag: str, meaning: str, **options: object) -> None:
        """Adds any other argument; `options` are argparse's."""
        self._parser.add_argument(flag, help=meaning, **options)  # type: ignore[arg-type]

    def _add_path(
        self, flag: str, meaning: str, many: bool, required: bool, kept: list[str]
    ) -> None:
        several = {"nargs": "*", "default": []} if many else {}
        self._parser.add_argument(flag, help=meaning, type=Path, required=required, **several)  # type: ignore[arg-type]
        kept.append(flag.removeprefix("--").replace("-", "_"))

    def parse(self, argv: Sequence[str] | None = None) -> argparse.Namespace:
        """Returns the arguments; `spec` is JSON text."""
        add = self._parser.add_argument
        add("--spec", required=True, help="the config section as JSON, or a file that holds it")
        add("--code", help="digest of the code; worked out where it is not given")
        add("--identity", default="all", help="what tells this job from its siblings")
        add("--provenance", type=Path, required=True, help="where the job's record is written")
        if self._sharded:
            add("--shards", type=int, default=0, help="shards that a file of 00000 stands for")
        self.args = self._parser.parse_args(argv)
        for name in self._inputs:
            value = getattr(self.args, name)
            if isinstance(value, list):
                setattr(self.args, name, _each_shard(value, self.args.shards))
        if not self.args.spec.lstrip().startswith("{"):
            self.args.spec = Path(self.args.spec).read_text(encoding="utf-8")
        self._mark = Mark(mark_of(self.args.provenance))
        _marks.append(self._mark)
        _end_with_snakemake()
        return self.args

    def journal(self, model: str) -> tuple[Path, dict[str, str]]:
        """Returns where a job that generates keeps its journal, and what its rows depend on.

        It lies beside the job's record, and goes when that is written.

        Args:
            model: Digest of the model's manifest.
        """
        self._gpus = Watch()
        self._journal = self.args.provenance.with_suffix(".journal")
        self._mark.keeps(rows_in(self._journal))
        return self._journal, {"settings": self.args.spec, "model": model, "code": self._code()}

    def keeps(self) -> tuple[Path, dict[str, str]]:
        """Returns where a job that trains keeps its checkpoints, and what they depend on.

        The folder lies beside the job's record, and goes when that is written.
        """
        self._gpus = Watch()
        self._kept = self.args.provenance.with_suffix(".training")
        basis = {"settings": self.args.spec, "code": self._code()}
        for name in self._inputs:
            files = self._paths([name])
            basis[name.replace("_", " ")] = digest(*(file_sha256(file) for file in files))
        return self._kept, basis

    def done(self, counts: Counts | None = None, seed: int | None = None) -> None:
        """Writes the provenance record: call it last, when every output is in place.

        The journal, or what a training kept, is then needed no more.
        """
        provenance.record(
            self.args.provenance,
            rule=self.rule,
            identity=self.args.identity,
            spec=self.args.spec,
            code=self._code(),
            inputs=self._paths(self._inputs),
            outputs=self._paths(self._outputs),
            counts=counts,
            seed=seed,
            started=self.started,
            starts=self._mark.before(),
            gpus_used=self._gpus.used() if self._gpus else None,
        )
        self._mark.done()
        if self._journal is not None:
            self._journal.unlink()
        if self._kept is not None and self._kept.exists():
            remove_folder(self._kept)

    def _code(self) -> str:
        code: str = self.args.code or code_digest(Path(sys.argv[0]), _SRC)
        return code

    def _paths(self, names: list[str]) -> list[Path]:
        found: list[Path] = []
        for name in names:
            value = getattr(self.args, name)
            found += value if isinstance(value, list) else [value]
        return found


def _each_shard(names: list[Path], shards: int) -> list[Path]:
    """Returns `names` with every file of the first shard written out for each of `shards`."""
    first = shard_names(1)[0]
    return [
        name.with_name(name.name.replace(first, shard)) if first in name.name else name
        for name in names
        for shard in (shard_names(shards) if first in name.name and shards else [first])
    ]


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a script: a failure that a sentence explains is printed as that sentence."""
    try:
        main()
    except CacoError as e:
        _end(e)
    except KeyboardInterrupt:
        _note("person", "interrupted")
        raise
    except Exception as e:
        full = no_room(e, Path(e.filename or ".")) if isinstance(e, OSError) else None
        if full is not None:
            _end(full)
        _note(CacoError.owner, f"{type(e).__name__}: {e}")
        raise
    sys.exit(0)


def _end(error: CacoError) -> NoReturn:
    """Ends with a sentence."""
    _note(error.owner, str(error))
    print(error.line, file=sys.stderr)
    sys.exit(error.exit_code)


def _note(owner: str, said: str) -> None:
    for mark in _marks:
        mark.failed(owner, said)


def _end_with_snakemake() -> None:
    """Ends this process when the Snakemake that started it is gone.

    A SIGKILL to Snakemake leaves its jobs running; a job that lives on would compete with the one
    that the next run starts. The shell between the two stays the parent, so its own parent is
    watched.
    """
    if "SNAKEMAKE_PID" not in os.environ:
        return
    snakemake = int(os.environ["SNAKEMAKE_PID"])

    def watch() -> None:
        while _is_alive(snakemake):
            time.sleep(1)
        gone = "the Snakemake that started this job is gone"
        _note("snakemake", gone)
        print(f"{gone}: ending", file=sys.stderr, flush=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _is_alive(pid: int) -> bool:
    """Tells whether a process runs: one that is dead but not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
