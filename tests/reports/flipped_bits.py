"""The kinds of files that a run's folder holds, each of which the audit compares."""

from pathlib import Path

# Notes on the run: they decide nothing and prove nothing.
NOTES = {"run.lock", "verified.json", "rerun.json", "signed.json", "signed.json.sig"}
# A flip in one of these hides others: the digests of other files are in it.
HIDING = {"record", "manifest", "long values"}
KINDS = HIDING | {
    "jobs", "packages", "changes", "JSON", "table", "card", "page", "checkpoint .safetensors",
    "checkpoint .json", "checkpoint .jinja",
}  # fmt: skip
_OF_FOLDER = {
    "provenance": "record", "long_values": "long values", "environments": "packages",
    "changes": "changes",
}  # fmt: skip
_OF_SUFFIX = {".parquet": "table", ".md": "card", ".html": "page", ".json": "JSON"}


def kind_of(file: Path, run: Path) -> str:
    """Returns the kind of a file; a name that is not in `KINDS` for an unknown one."""
    name = file.relative_to(run)
    if name.parts[0] in _OF_FOLDER:
        return _OF_FOLDER[name.parts[0]]
    if name.name == "manifest.json":
        return "manifest"
    if "checkpoint" in name.parts:
        return f"checkpoint {file.suffix}"
    if name.as_posix() == "jobs.json":
        return "jobs"
    return _OF_SUFFIX.get(file.suffix, file.suffix or name.as_posix())


def files_of(run: Path) -> dict[str, list[Path]]:
    """Returns the files of a run by kind, without notes."""
    found: dict[str, list[Path]] = {}
    for file in sorted(run.rglob("*")):
        if file.is_file() and file.name not in NOTES:
            found.setdefault(kind_of(file, run), []).append(file)
    return found
