"""The browser of rows: a sample of what every stage rejected, and of what the run ended with.

A row of the sample is one that a stage rejected, a Code CoT, a row of the corpus or an answer to a
benchmark. Each stage and verdict has its share; within it the rows with the smallest digests of
their identities are taken, which is a random sample and the same in every report.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caco.reports.funnel import Counted, is_rejected
from caco.reports.page.shown import cut, visible
from caco.reports.quality.samples import SmallestDigests
from caco.rows.rejected import ACCEPTED, Rejected
from caco.rows.seed import Seed
from caco.rows.solution import solution_id
from caco.rows.table import Row, read_columns, read_rows
from caco.workflow.stages import ROW_STAGES

MOST = 2_000
"""The most rows of the sample."""
_LONGEST = 4_000  # characters of a text; a longer one is cut, and says so
_IDS = ("question_id", "solution_variant", "problem_id", "sample_id", "seed_id")
_ACCEPTED_OF = ("unify", "corpus")  # stages whose accepted rows are in the sample
# The columns of each text, the first that a row has.
_TEXTS = {
    "problem": ("instruction", "question", "problem"),
    "program": ("code", "program"),
    "input": ("input",),
}
_LINEAGE = (
    "source", "licence", "converter", "seed_id", "shard", "index", "seed", "sample_id",
    "program_id", "question_id", "variant", "style", "solution_variant", "question_prompt",
    "round_trip_prompt", "round_trip_share", "solution_prompt", "llm_judge_prompt", "benchmark",
    "problem_id", "sample", "difficulty", "pass_rate", "pass_rate_answers", "statements",
    "checked_statements", "false_statements", "second_verdict", "tokens", "finish_reason",
)  # fmt: skip
_MODELS = (
    "model", "codegen", "question_model", "round_trip_model", "solution_model", "llm_judge_model",
    "pass_rate_model",
)  # fmt: skip

Shown = dict[str, Any]  # a row: texts by name, and `lineage`, a list of pairs
Stratum = tuple[str, str]  # stage and verdict
_Place = tuple[Path, int]
_Found = defaultdict[Stratum, SmallestDigests[_Place]]


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows that the page has.

    Attributes:
        rows: The rows by stage and verdict, in the order of the stages.
        totals: How many rows the run has of each stage and verdict.
    """

    rows: Mapping[Stratum, Sequence[Shown]]
    totals: Mapping[Stratum, int]

    def shares(self, wanted: int) -> dict[Stratum, int]:
        """Returns how many rows of each stage and verdict are shown if so many are wanted."""
        return shares({stratum: len(rows) for stratum, rows in self.rows.items()}, wanted)

    def taken(self, wanted: int) -> list[Shown]:
        """Returns at most so many rows, of each stage and verdict its share."""
        shown = self.shares(wanted)
        return [row for stratum, rows in self.rows.items() for row in rows[: shown[stratum]]]


def shares(sizes: Mapping[Stratum, int], wanted: int) -> dict[Stratum, int]:
    """Returns the share of each part: as equal as its size allows, `wanted` in all."""
    found: dict[Stratum, int] = {}
    left = wanted
    for number, stratum in enumerate(sorted(sizes, key=lambda one: (sizes[one], one))):
        found[stratum] = min(sizes[stratum], left // (len(sizes) - number))
        left -= found[stratum]
    return found


def sample(counted: Sequence[Counted], models: Mapping[str, str]) -> Sample:
    """Returns the sample of a run's rows: two passes, of identities and of the rows taken.

    Args:
        counted: The jobs of every stage.
        models: The name of each checkpoint by its digest.

    Raises:
        UserError: A file is missing or unreadable.
    """
    found: _Found = defaultdict(lambda: SmallestDigests(MOST))
    kinds: dict[Path, tuple[str, type[Row]]] = {}
    for stage in ROW_STAGES:
        for job in counted:
            if job.record.rule == stage:
                _add(job, found, kinds)
    ordered = dict(found)
    wanted = shares({stratum: min(one.total, MOST) for stratum, one in ordered.items()}, MOST)
    places = {stratum: one.items()[: wanted[stratum]] for stratum, one in ordered.items()}
    rows = _rows((place for of_stratum in places.values() for place in of_stratum), kinds)
    _add_seeds(rows, kinds, counted)
    return Sample(
        {
            stratum: [_shown(*stratum, rows[place], models) for place in of_stratum]
            for stratum, of_stratum in places.items()
        },
        {stratum: one.total for stratum, one in ordered.items()},
    )


def _add(job: Counted, found: _Found, kinds: dict[Path, tuple[str, type[Row]]]) -> None:
    """Adds the rows of a job's files by stage and verdict."""
    stage = job.record.rule
    for path in dict.fromkeys((*job.rejected, *job.accepted)):
        if is_rejected(path):
            kinds[path] = stage, Rejected
            read = read_columns(path, ("row_id", "verdict")).to_pylist()
            for index, row in enumerate(read):
                found[stage, row["verdict"]].add(row["row_id"], (path, index))
        elif stage in _ACCEPTED_OF:
            kinds[path] = stage, ROW_STAGES[stage]
            for index, row in enumerate(read_columns(path, _IDS).to_pylist()):
                found[stage, ACCEPTED].add(_identity(row), (path, index))
        elif stage == "grade":
            kinds[path] = stage, ROW_STAGES[stage]
            read = read_columns(path, ("problem_id", "sample", "verdict")).to_pylist()
            for index, row in enumerate(read):
                identity = f"{job.record.identity} {row['problem_id']} {row['sample']}"
                found[stage, row["verdict"]].add(identity, (path, index))


def _identity(row: Mapping[str, Any]) -> str:
    """Returns the identity by which `audit.py trace` finds a row."""
    if row.get("question_id"):
        return solution_id(row["question_id"], row.get("solution_variant") or 0)
    names = ("problem_id", "sample_id", "seed_id")
    return next((str(row[name]) for name in names if row.get(name)), "")


def _rows(
    places: Iterable[_Place], kinds: Mapping[Path, tuple[str, type[Row]]]
) -> dict[_Place, dict[str, Any]]:
    by_path: defaultdict[Path, set[int]] = defaultdict(set)
    for path, index in places:
        by_path[path].add(index)
    return {
        (path, index): asdict(row)
        for path, indices in by_path.items()
        for index, row in enumerate(read_rows(path, kinds[path][1]))
        if index in indices
    }


def _add_seeds(
    rows: Mapping[_Place, dict[str, Any]],
    kinds: Mapping[Path, tuple[str, type[Row]]],
    counted: Iterable[Counted],
) -> None:
    """Adds to the Code CoTs the problem, worked solution and licence of their seeds."""
    cots = {
        row["seed_id"]: row for (path, _), row in rows.items() if kinds[path][0] == "unify"
        and kinds[path][1] is not Rejected
    }  # fmt: skip
    for job in counted if cots else ():
        for path in job.accepted if job.record.rule == "seeds" else ():
            for seed in read_rows(path, Seed):
                if seed.seed_id in cots:
                    of_seed = {"problem": seed.problem, "solution": seed.solution}
                    cots[seed.seed_id].update(of_seed, licence=seed.licence)


def _shown(stage: str, verdict: str, row: Mapping[str, Any], models: Mapping[str, str]) -> Shown:
    """Returns a row as the page has it; every text is visible and cut."""
    reason = row.get("reason") or ""
    identity = _identity(row)
    if "row" in row:  # rejected: the whole row is in it
        identity = row["row_id"]
        row = _rejected_row(row["row"])
    texts = {name: _first(row, names) for name, names in _TEXTS.items()}
    in_corpus = "instruction" in row  # where `output` is the solution
    solution = row.get("completion") or row.get("solution") or (in_corpus and row.get("output"))
    answer = row.get("answer") or (not in_corpus and row.get("output")) or ""
    texts |= {"solution": solution or "", "answer": answer, "stated": row.get("stated") or ""}
    if not any(texts.values()):
        texts["solution"] = _first(row, ("row",))  # not of a known type
    lineage = [(name, str(row[name])) for name in _LINEAGE if row.get(name) not in (None, "")]
    lineage += [
        (name, f"{models.get(row[name], 'another checkpoint')}, {row[name]}")
        for name in _MODELS
        if row.get(name) and not (stage == "grade" and name == "model")
    ]
    if stage == "grade":
        lineage.append(("model", row["model"]))
    return {
        "stage": stage,
        "verdict": visible(verdict),
        "id": visible(identity),
        "reason": _text(reason),
        **{name: _text(value) for name, value in texts.items() if value},
        "lineage": [[name, _text(value)] for name, value in lineage],
    }


def _rejected_row(text: str) -> dict[str, Any]:
    try:
        values: Any = json.loads(text)
    except ValueError:
        values = None
    return values if isinstance(values, dict) else {"row": text}


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def _text(value: Any) -> str:
    return visible(cut(str(value), _LONGEST))


def rows_json(rows: Sequence[Shown]) -> str:
    """Returns rows as JSON that may stand in an element `script`.

    `<`, `>` and `&` are escaped, so no text can close the element or open a comment; so are the
    separators U+2028 and U+2029, which `visible` has replaced in the rows already.
    """
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text
