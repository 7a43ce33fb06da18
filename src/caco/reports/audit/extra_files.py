"""Files in the folder of a run that no record names.

A file among artefacts is a fault: a program that reads a folder, as transformers reads that of a
checkpoint, may take it for one of the run. What jobs leave when they are interrupted, what an
earlier config made, and what a person puts beside the artefacts is reported only.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from caco.errors import UserError
from caco.models.manifest import checkpoint_digests
from caco.reports.record_form import load_whole_record
from caco.reports.wording import counted
from caco.runtime.chain import MANIFEST, is_record, located
from caco.runtime.checksums import sha256_of
from caco.runtime.kept import CHANGES, LONG_VALUES, PACKAGES, digest_of, kept_files

_AMONG = "among artefacts"
_BESIDE = "in no record, and beside the artefacts"
_NAMED = 3  # files of a folder that have a sentence each, or are examples
# Of programs that decide no row: start, audit, signature, description of a run for others.
_OF_THE_RUN = {
    "jobs.json", "run.lock", "verified.json", "rerun.json", "signed.json", "signed.json.sig",
    "ro-crate-metadata.json", "Snakefile", "export/croissant.json",
    # The preflight rules may run again at any time, so their records may be missing.
    "preflight/node.json", "models/preflight_passed.json",
}  # fmt: skip
_SAVED = (".starts", ".journal", ".training")  # beside the record of a job that has not finished
_KEPT = {PurePath(kind).parts[0] for kind in (PACKAGES, CHANGES, LONG_VALUES)}


@dataclass(slots=True)
class ExtraFiles:
    """The files of a run that no record names.

    Attributes:
        faults: One sentence for each one among artefacts; of many in a folder, one with a number.
        notices: One sentence for each kind of the others.
    """

    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def extra_files(
    run: Path,
    planned: Iterable[Path],
    records: Mapping[Path, Mapping[str, Any]],
    complete: bool,
) -> ExtraFiles:
    """Finds the files of a run that no record names.

    Args:
        run: `results/{run}`.
        planned: The records of all planned jobs; the audit names one that is torn or missing.
        records: Those that are whole, by file.
        complete: Whether these are all; if not, a file may be the output of a job without one.
    """
    declared, unknown, checkpoints = _declared(run, records)
    left = [
        name
        for name in _files(run, declared)
        if name not in declared and not any(name.is_relative_to(folder) for folder in unknown)
    ]
    known = {*_OF_THE_RUN, *(_name(run, path).as_posix() for path in planned)}
    left = [name for name in left if name.as_posix() not in known]
    folders = {name.parts[0] for name in declared if len(name.parts) > 1}
    earlier = _of_earlier_jobs(run, left)
    kinds: dict[str, list[PurePath]] = defaultdict(list)
    for name in left:
        kinds[_kind(run, name, folders, earlier)].append(name)
    found = ExtraFiles()
    among = kinds.pop(_AMONG, [])
    if not complete:  # a folder of artefacts is not known without the record of their job
        beside = kinds.pop(_BESIDE, [])
        among += [name for name in beside if len(name.parts) > 1]
        kinds[_BESIDE] = [name for name in beside if len(name.parts) == 1]
    # No job writes into the checkpoint of another.
    certain = [name for name in among if complete or name.parent in checkpoints]
    found.faults = list(_faults(run, certain))
    if open_ := [name for name in among if name not in certain]:
        found.notices.append(
            f"{_some(run, open_)}: in no record that is whole; whether a job of the run made "
            f"{_it(open_)} can be told when every record is there"
        )
    found.notices += [
        f"{_some(run, names)}: {kind}" for kind, names in sorted(kinds.items()) if names
    ]
    return found


def _declared(
    run: Path, records: Mapping[Path, Mapping[str, Any]]
) -> tuple[set[PurePath], set[PurePath], set[PurePath]]:
    """Returns names of the files of a run, from its records.

    Returns:
        The files that records name, the folders of manifests that cannot be read, and the folders
        of the files that manifests name.
    """
    declared: set[PurePath] = set()
    unknown: set[PurePath] = set()
    checkpoints: set[PurePath] = set()
    for path, values in records.items():
        declared |= {_name(run, path), *map(PurePath, kept_files(values))}
        for output in values["outputs"]:
            file = located(values, output, run)
            declared.add(_name(run, file))
            if file.name == MANIFEST:
                try:
                    of_model = {_name(run, listed) for listed in checkpoint_digests(file)}
                except UserError:  # the audit names what is wrong with it
                    unknown.add(_name(run, file.parent))
                    continue
                declared |= of_model
                checkpoints |= {name.parent for name in of_model}
    return declared, unknown, checkpoints


def _name(run: Path, file: Path) -> PurePath:
    """Returns the name of a file in the run; a manifest may name a folder beside its own."""
    return PurePath(os.path.relpath(os.path.normpath(file), run))


def _files(run: Path, declared: set[PurePath]) -> Iterator[PurePath]:
    """Yields the names of all files of a run, sorted.

    A link to a folder counts as a file, unless artefacts are behind it: a user may keep a part of a
    run on another disk.
    """
    above = {folder for name in declared for folder in name.parents}
    folders = [PurePath()]
    names = []
    while folders:
        folder = folders.pop()
        with os.scandir(run / folder) as entries:
            for entry in entries:
                name = folder / entry.name
                if entry.is_dir(follow_symlinks=False) or (entry.is_dir() and name in above):
                    folders.append(name)
                else:
                    names.append(name)
    yield from sorted(names)


def _of_earlier_jobs(run: Path, left: Iterable[PurePath]) -> set[PurePath]:
    """Returns which of these files are records of jobs that are not planned, and their outputs."""
    found: set[PurePath] = set()
    for name in left:
        if name.suffix == ".json" and is_record(run / name, run):
            try:
                values = load_whole_record(run / name)
            except UserError:
                continue
            outputs = {located(values, file, run): sha for file, sha in values["outputs"].items()}
            there = [file for file in outputs if file.is_file()]
            same = {file for file, sha in sha256_of(there).items() if sha == outputs[file]}
            declared, *_ = _declared(run, {run / name: values})
            found |= declared - {_name(run, file) for file in outputs.keys() - same}
    return found


def _kind(run: Path, name: PurePath, folders: set[str], earlier: set[PurePath]) -> str:
    if name in earlier:
        return "of jobs that the last start of the run did not plan; no job reads them"
    if any(part.startswith(".") for part in name.parts):
        return "temporary or hidden, and of no record"
    if is_record(run / name, run) and any(PurePath(p).suffix in _SAVED for p in name.parts):
        return "saved by jobs that have not finished"
    if name.parts[0] in _KEPT and digest_of(run / name) == name.stem:
        return "of records that were written again since"
    if name.parts[0] in folders:
        return _AMONG
    return _BESIDE


def _faults(run: Path, names: Iterable[PurePath]) -> Iterator[str]:
    of_folder: dict[PurePath, list[PurePath]] = defaultdict(list)
    for name in names:
        of_folder[name.parent].append(name)
    for folder, inside in of_folder.items():
        for some in [inside] if len(inside) > _NAMED else [[name] for name in inside]:
            yield (
                f"{_some(run, some)}: no record names {_it(some)}, although {run / folder} has the "
                f"artefacts of the run; move {_it(some)} elsewhere or delete {_it(some)}"
            )


def _some(run: Path, names: list[PurePath]) -> str:
    """Returns the name of a file; of several, their number and a few names."""
    first = ", ".join(str(run / name) for name in names[:_NAMED])
    if len(names) == 1:
        return first
    return f"{counted(len(names), 'file')} ({first}{', ...' if len(names) > _NAMED else ''})"


def _it(names: list[PurePath]) -> str:
    return "it" if len(names) == 1 else "them"
