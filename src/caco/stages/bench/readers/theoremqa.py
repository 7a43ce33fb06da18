"""TheoremQA: a table with `Question`, `Answer`, `Answer_type` and `Picture`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from caco.config.bench import TheoremQA
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.stages.seeds.field_map import rejected_record
from caco.stages.seeds.fields import Malformed
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


def problems(
    benchmark: TheoremQA, name: str, held_out: Sequence[Path]
) -> Iterator[Seed | Rejected]:
    """Streams the problems; see `caco.stages.bench.problems.problems`.

    Problems with a picture are `filtered`.
    """
    rows = records(benchmark.path, f"bench.benchmarks.{name}.path")
    for record in islice(rows, benchmark.rows):
        try:
            if record.values is None:
                raise Malformed(record.fault)
            seed = _seed(record.values, name)
        except Malformed as e:
            verdict, why = "malformed", str(e)
        else:
            if record.values.get("Picture") is None:
                yield seed
                continue
            verdict, why = "filtered", "it has a picture"
        yield rejected_record(name, benchmark.path, record, verdict, f"{record.place}: {why}")


def _seed(row: Mapping[str, Any], name: str) -> Seed:
    """Returns the problem of a row.

    Raises:
        Malformed: The row is none; the message states how.
    """
    question, kind = row.get("Question"), row.get("Answer_type")
    if not isinstance(question, str) or not question.strip():
        raise Malformed("`Question` is missing or not a text")
    if code := lone_surrogate(question):
        raise Malformed(f"`Question` contains the lone surrogate {code}")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Malformed(f"`Answer_type` is none of {', '.join(_TYPES)}")
    answer = row.get("Answer")
    if not isinstance(answer, _TYPES[kind.lower()]) or answer in ("", []) or not _is_finite(answer):
        raise Malformed(f"`Answer` is no {kind}")
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
