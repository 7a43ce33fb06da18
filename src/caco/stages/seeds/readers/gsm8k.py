"""GSM8K's files: JSON lines with `question` and `answer`, calculator marks and `#### 72`."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from caco.config.sources import Gsm8kFile
from caco.errors import UserError
from caco.identity import canonical_json, digest
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.normalise import make_seed

_LICENCE = "MIT"
_SURROGATE = re.compile("[\ud800-\udfff]")


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
        source: Name of the source, or of the benchmark.
        rows: Number of rows to read, from the first; None for all.
        key: The config key of `path`, for the error message.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            lines = ((n, raw) for n, raw in enumerate(file, start=1) if raw.strip())
            for number, raw in islice(lines, rows):
                yield _seed(raw, number, source)
    except OSError as e:
        raise UserError(
            f"{path}: cannot be read ({e.strerror}); set `{key}` of {source} to GSM8K's .jsonl file"
        ) from None


def _seed(raw: bytes, number: int, source: str) -> Seed | Rejected:
    try:
        row = json.loads(raw.removeprefix(BOM_UTF8 if number == 1 else b"").decode("utf-8"))
    except ValueError as e:
        return _malformed(raw, number, source, f"not JSON ({e})")
    except RecursionError:
        return _malformed(raw, number, source, "not JSON (nested too deeply)")
    if not isinstance(row, dict):
        return _malformed(raw, number, source, "not a JSON object")
    for key in ("question", "answer"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            return _malformed(raw, number, source, f"`{key}` is missing or not a text")
        if surrogate := _SURROGATE.search(row[key]):
            code = f"U+{ord(surrogate.group()):04X}"
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
