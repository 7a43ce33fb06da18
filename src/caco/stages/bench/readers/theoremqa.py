"""TheoremQA: a JSON array with `Question`, `Answer`, `Answer_type` and `Picture`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from caco.config.bench import TheoremQA
from caco.errors import UserError
from caco.rows.seed import Seed
from caco.stages.seeds.normalise import lone_surrogate, make_seed

_LICENCE = "MIT"  # of github.com/wenhuchen/TheoremQA
_TYPES: dict[str, type | tuple[type, ...]] = {
    "bool": bool,
    "float": (float, int),
    "integer": int,
    "list of float": list,
    "list of integer": list,
    "option": str,
}


def problems(benchmark: TheoremQA, name: str, held_out: Sequence[Path]) -> Iterator[Seed]:
    """Streams the problems without a picture; see `caco.stages.bench.problems.problems`."""
    key = f"bench.benchmarks.{name}.path"
    try:
        raw = Path(benchmark.path).read_bytes()
        rows = json.loads(raw, parse_constant=_no_number)
    except OSError as e:
        raise UserError(
            f"{benchmark.path}: cannot be read ({e.strerror}); set `{key}` to TheoremQA's .json "
            "file"
        ) from None
    except (ValueError, RecursionError) as e:
        raise UserError(f"{benchmark.path}: not JSON ({e}); get the file again") from None
    if not isinstance(rows, list) or not rows:
        raise UserError(
            f"{benchmark.path}: no array of problems; set `{key}` to TheoremQA's .json file"
        )
    for number, row in enumerate(rows, start=1):
        try:
            seed = _seed(row, name)
        except ValueError as e:
            raise UserError(
                f"{benchmark.path}, problem {number}: {e}; correct the row, a benchmark must be "
                "complete"
            ) from None
        if seed is not None:
            yield seed


def _no_number(name: str) -> None:
    raise ValueError(f"it contains {name}")


def _seed(row: object, name: str) -> Seed | None:
    """Returns a problem, or None for a problem with a picture.

    Raises:
        ValueError: The row is malformed; the message states how.
    """
    if not isinstance(row, Mapping):
        raise ValueError("not an object")
    question, kind = row.get("Question"), row.get("Answer_type")
    if not isinstance(question, str) or not question.strip():
        raise ValueError("`Question` is missing or not a text")
    if code := lone_surrogate(question):
        raise ValueError(f"`Question` contains the lone surrogate {code}")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise ValueError(f"`Answer_type` is none of {', '.join(_TYPES)}")
    answer = row.get("Answer")
    if not isinstance(answer, _TYPES[kind.lower()]) or answer in ("", []):
        raise ValueError(f"`Answer` is no {kind}")
    if row.get("Picture") is not None:
        return None
    text = _text(answer, "float" in kind)
    # As written, with `.0`: the tolerance applies to decimals.
    return replace(make_seed(name, question, text, licence=_LICENCE), answer=text)


def _text(answer: Any, is_float: bool) -> str:
    if isinstance(answer, list):
        return f"[{', '.join(_text(item, is_float) for item in answer)}]"
    return repr(float(answer)) if is_float else str(answer)
