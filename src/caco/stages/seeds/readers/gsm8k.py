"""GSM8K's files: JSON lines with `question` and `answer`, calculator marks and `#### 72`."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from caco.config.sources import Gsm8kFile
from caco.errors import UserError
from caco.identity import canonical_json, digest
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.json_rows import NoRow, json_row
from caco.stages.seeds.normalise import lone_surrogate, make_seed

_LICENCE = "MIT"
_HEAD = 65_536  # bytes of a file that show what it is
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "compressed with gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"PK\x03\x04": "a ZIP archive",
    b"ARROW1": "an Arrow file",
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself",
}


def read(reader: Gsm8kFile, source: str) -> Iterator[Seed | Rejected]:
    """Streams the rows of a source's file; see `gsm8k_rows`."""
    return gsm8k_rows(reader.path, source, reader.rows, key="seeds.path")


def gsm8k_rows(
    path: str, source: str, rows: int | None = None, key: str = "path"
) -> Iterator[Seed | Rejected]:
    """Streams the rows of a GSM8K file; blank lines are skipped, malformed lines rejected.

    The worked solution retains its calculator marks, which the converter `equations` reads;
    `caco.text.calculator_marks.without_marks` removes them.

    Args:
        path: Path of the .jsonl file.
        source: Name of the source.
        rows: Number of rows to read, from the first; None for all.
        key: The config key of `path`, for the error message.

    Raises:
        UserError: The file cannot be read, or none of its rows is a seed.
    """
    found, first = False, None
    try:
        with Path(path).open("rb") as file:
            lines = ((n, raw) for n, raw in enumerate(file, start=1) if raw.strip())
            for number, raw in islice(lines, rows):
                row = _seed(raw, number, source)
                if isinstance(row, Seed):
                    found = True
                else:
                    first = first or row.reason
                yield row
        if not found:
            why = _form_of(path) or first
            raise UserError(
                f"{path}: no row of it is one of GSM8K's: {why}; set `{key}` of "
                f"{source} to GSM8K's .jsonl file, or choose another reader"
            )
    except OSError as e:
        raise UserError(
            f"{path}: cannot be read ({e.strerror}); set `{key}` of {source} to GSM8K's .jsonl file"
        ) from None


def _form_of(path: str) -> str | None:
    """Returns what a file is instead of JSON lines with GSM8K's keys; None if it seems to be such.

    Args:
        path: Path of the file, which can be read.
    """
    with Path(path).open("rb") as file:
        head = file.read(_HEAD)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return f"it is {kind}"
    text = head.removeprefix(BOM_UTF8).strip()
    if not text:
        return "it is empty"
    if text.startswith(b"["):
        return "it is one JSON array, not one object a line"
    try:
        row = json.loads(text.splitlines()[0], parse_int=float)
    except (ValueError, RecursionError):
        return None
    if isinstance(row, dict) and not {"question", "answer"} <= row.keys():
        keys = ", ".join(f"`{name[:40]}`" for name in list(row)[:6])
        return f"its first row has the keys {keys}, but not both `question` and `answer`"
    return None


def _seed(raw: bytes, number: int, source: str) -> Seed | Rejected:
    try:
        # No number is read, and Python refuses integers of more than 4,300 digits.
        row = json_row(raw.removeprefix(BOM_UTF8 if number == 1 else b""), float)
    except NoRow as e:
        return _malformed(raw, number, source, str(e))
    for key in ("question", "answer"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            return _malformed(raw, number, source, f"`{key}` is missing or not a text")
        if code := lone_surrogate(row[key]):
            return _malformed(raw, number, source, f"`{key}` contains the lone surrogate {code}")
    solution, mark, answer = row["answer"].rpartition("####")
    if not mark:
        return _malformed(raw, number, source, "`answer` does not end with `#### ` and a number")
    if not answer.strip():
        return _malformed(raw, number, source, "nothing follows `####`")
    return make_seed(source, row["question"], answer, solution=solution, licence=_LICENCE)


def _malformed(raw: bytes, number: int, source: str, why: str) -> Rejected:
    text = raw.decode("utf-8", "replace").rstrip("\n")
    return Rejected(
        row_id=digest("line", source, str(number), text),
        verdict="malformed",
        reason=f"line {number}: {why}",
        row=canonical_json({"line": number, "text": text}),
    )
