r"""Problems of eight benchmarks with their known answers, for the benchmark of graders."""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from latex_values import number

_CLOSING = {"(": ")", "[": "]", r"\{": r"\}", "": ""}
_BRACKET = re.compile(r"\\left|\\right|\\[A-Za-z]+|\\.|[\[\](){},]", re.DOTALL)
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_BARE_THOUSANDS = re.compile(r"-?\d+,\d{3}")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")


@dataclass(frozen=True)
class Members:
    r"""The members of a list, tuple, set or interval.

    Attributes:
        opening: The bracket before the members: `(`, `[`, `\{` or nothing.
        members: The members, at least two.
        closing: The bracket after the members.
    """

    opening: str
    members: tuple[str, ...]
    closing: str

    def written(self, members: tuple[str, ...] | list[str]) -> str:
        """Returns other members in the same brackets."""
        return f"{self.opening}{', '.join(members)}{self.closing}"


@dataclass(frozen=True)
class Problem:
    """A problem with its known answer.

    Attributes:
        id: Name of the benchmark and number of the problem in its file, from 1.
        question: The text of the problem.
        gold: The known answer, without dollar signs around it.
        unit: The unit that the benchmark states beside the answer, if any.
        unordered: Whether the members of the answer may be in any order; None if that is unknown.
        interval: Whether the answer is an interval or a union; None if that is unknown.
    """

    id: str
    question: str
    gold: str
    unit: str | None = None
    unordered: bool | None = None
    interval: bool | None = None

    @property
    def benchmark(self) -> str:
        """The name of the benchmark."""
        return self.id.split(":")[0]

    @property
    def is_prose(self) -> bool:
        """Whether the answer has more than three words, or formulas among words."""
        return "$" in self.gold or len(_WORD.findall(self.gold)) > 3

    @cached_property
    def members(self) -> Members | None:
        """The members of the answer; None if it has no more than one, or contains words."""
        if number(self.gold) is not None or _BARE_THOUSANDS.fullmatch(self.gold):
            return None
        if re.search(r"[$=]|,\\!|\{,\}", self.gold) or _WORD.search(self.gold):
            return None
        return members_of(self.gold)


def members_of(text: str) -> Members | None:
    """Splits text at the commas outside of brackets; None if it has none, or is not closed."""
    tokens = [(m.start(), m.end(), m[0]) for m in _BRACKET.finditer(text)]
    tokens = [token for token in tokens if token[2] not in (r"\left", r"\right")]
    depth, commas, outer = 0, list[tuple[int, int]](), True
    for start, end, token in tokens:
        if token in ("(", "[", "{", r"\{"):
            depth += 1
        elif token in (")", "]", "}", r"\}"):
            depth -= 1
            outer = outer and (depth > 0 or not text[end:].strip())
        elif token == "," and depth == 0:
            commas.append((start, end))
        if depth < 0:
            return None
    if depth:
        return None
    stripped = text.strip()
    opening = next((b for b in ("(", "[", r"\{") if _unsized(stripped).startswith(b)), "")
    if commas:
        opening = closing = ""
        inner = stripped
    elif opening and outer:
        unsized = _unsized(stripped)
        closing = next((b for b in (")", "]", r"\}") if unsized.endswith(b)), "")
        inner = unsized[len(opening) : len(unsized) - len(closing)].removesuffix(r"\right")
    else:
        return None
    parts = tuple(part.strip() for part in _split(inner))
    return Members(opening, parts, closing) if len(parts) > 1 and all(parts) else None


def _unsized(text: str) -> str:
    return re.sub(r"\\(?:left|right)(?![A-Za-z])\s*", "", text)


def _split(text: str) -> list[str]:
    parts, depth, begin = list[str](), 0, 0
    for match in _BRACKET.finditer(text):
        if match[0] in ("(", "[", "{", r"\{"):
            depth += 1
        elif match[0] in (")", "]", "}", r"\}"):
            depth -= 1
        elif match[0] == "," and depth == 0:
            parts.append(text[begin : match.start()])
            begin = match.end()
    return [*parts, text[begin:]]


def last_box(solution: str) -> str:
    r"""Returns the content of the last `\boxed{...}`.

    Raises:
        ValueError: There is none, or its braces are not closed.
    """
    begin = solution.rindex(r"\boxed{") + len(r"\boxed{")
    depth = 1
    for end in range(begin, len(solution)):
        depth += {"{": 1, "}": -1}.get(solution[end], 0)
        if depth == 0:
            return solution[begin:end].strip()
    raise ValueError(f"the last box of {solution[-60:]!r} is not closed")


def unwrapped(text: str) -> str:
    """Returns text without the dollar signs around it, if they are its only ones."""
    text = text.strip()
    for begin, end in _WRAPPERS:
        inner = text[len(begin) : len(text) - len(end)]
        if text.startswith(begin) and text.endswith(end) and inner.strip():
            return inner.strip() if "$" not in inner and r"\(" not in inner else text
    return text


def _plain(value: object) -> str:
    """Returns a JSON value as an answer: integers without a point, truth values as Python's."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    return unwrapped(str(value))


def _olympiad(row: Mapping[str, Any]) -> dict[str, Any]:
    stated = row["final_answer"]
    answers = ast.literal_eval(stated) if isinstance(stated, str) else stated
    question = f"{row['context'] or ''} {row['question']}".strip()
    return {
        "question": question,
        "gold": ", ".join(unwrapped(answer) for answer in answers),
        "unit": row["unit"],
        "unordered": row["is_multiple_answer"],
        "interval": row["answer_type"] == "Interval",
    }


def _separated(row: Mapping[str, Any], gold: str) -> dict[str, Any]:
    """Returns a problem of MATH, which asks for "all the solutions, separated by commas"."""
    question = row["problem"]
    unordered = True if "separated by commas" in question else None
    return {"question": question, "gold": gold, "unordered": unordered}


_FILES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "college-math": (
        "college-math.jsonl",
        lambda row: {"question": row["question"], "gold": unwrapped(row["answer"])},
    ),
    "deepmind-mathematics": (
        "deepmind-mathematics.json",
        lambda row: {"question": row["question"], "gold": row["answer"].strip()},
    ),
    "gsm8k": (
        "gsm8k.jsonl",
        lambda row: {
            "question": row["question"],
            "gold": row["answer"].rpartition("####")[2].strip(),
        },
    ),
    "math": ("math.jsonl", lambda row: _separated(row, last_box(row["solution"]))),
    "math_oai": ("math_oai.jsonl", lambda row: _separated(row, unwrapped(row["answer"]))),
    "olympiadbench": ("olympiadbench.json", _olympiad),
    "svamp": (
        "svamp.jsonl",
        lambda row: {
            "question": f"{row['Body']} {row['Question']}",
            "gold": _plain(row["Answer"]),
        },
    ),
    "theoremqa": (
        "theoremqa.json",
        lambda row: {
            "question": row["Question"],
            "gold": _plain(row["Answer"]),
            "interval": False,
        },
    ),
}


def read_problems(folder: Path) -> Iterator[Problem]:
    """Reads the files of the eight benchmarks.

    Args:
        folder: The folder with `college-math.jsonl`, `deepmind-mathematics.json`, `gsm8k.jsonl`,
            `math.jsonl`, `math_oai.jsonl`, `olympiadbench.json`, `svamp.jsonl` and
            `theoremqa.json`.
    """
    for name, (file, fields) in _FILES.items():
        text = (folder / file).read_text(encoding="utf-8")
        lines = text.removesuffix("\n").split("\n")
        rows = json.loads(text) if file.endswith(".json") else map(json.loads, lines)
        for at, row in enumerate(rows, 1):
            problem = Problem(id=f"{name}:{at}", **fields(row))
            if problem.gold:
                yield problem
