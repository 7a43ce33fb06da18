"""TheoremQA: a table with `Question`, `Answer`, `Answer_type` and `Picture`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from caco.config.bench import TheoremQA
from caco.errors import UserError
from caco.rows.seed import Seed
from caco.stages.seeds.files import records
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
    found = False
    for record in records(benchmark.path, key):
        found = True
        try:
            if record.values is None:
                raise ValueError(record.fault)
            seed = _seed(record.values, name)
        except ValueError as e:
            raise UserError(
                f"{benchmark.path}, {record.place}: {e}; correct the row, a benchmark must be "
                "complete"
            ) from None
        if seed is not None:
            yield seed
    if not found:
        raise UserError(f"{benchmark.path}: no problems; set `{key}` to TheoremQA's .json file")


def _seed(row: Mapping[str, Any], name: str) -> Seed | None:
    """Returns a problem, or None for a problem with a picture.

    Raises:
        ValueError: The row is malformed; the message states how.
    """
    question, kind = row.get("Question"), row.get("Answer_type")
    if not isinstance(question, str) or not question.strip():
        raise ValueError("`Question` is missing or not a text")
    if code := lone_surrogate(question):
        raise ValueError(f"`Question` contains the lone surrogate {code}")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise ValueError(f"`Answer_type` is none of {', '.join(_TYPES)}")
    answer = row.get("Answer")
    if not isinstance(answer, _TYPES[kind.lower()]) or answer in ("", []) or not _is_finite(answer):
        raise ValueError(f"`Answer` is no {kind}")
    if row.get("Picture") is not None:
        return None
    text = _text(answer, "float" in kind)
    # As written, with `.0`: the tolerance applies to decimals.
    return replace(make_seed(name, question, text, licence=_LICENCE), answer=text)


def _is_finite(answer: Any) -> bool:
    if isinstance(answer, list):
        return all(map(_is_finite, answer))
    return not isinstance(answer, float) or math.isfinite(answer)


def _text(answer: Any, is_float: bool) -> str:
    if isinstance(answer, list):
        return f"[{', '.join(_text(item, is_float) for item in answer)}]"
    return repr(float(answer)) if is_float else str(answer)
