"""What feeds what in the embedded run, and whose spec holds which key of its config.

Written down by hand, apart from the rules, so that a wrong dependency in a rule is seen.
"""

import copy
from typing import Any

SHARDS = ("00000", "00001", "00002", "00003")
SOURCES = ("arithmetic", "gsm_symbolic", "codeio")
BENCHMARKS = ("arithmetic",)


def each(rule: str, names: tuple[str, ...] = SHARDS) -> set[str]:
    return {f"{rule}:{name}" for name in names}


# What each job feeds, directly. Rules of one job are named alone.
FEEDS: dict[str, set[str]] = {
    # Models wait for these two, which run once.
    "preflight": set(),
    "preflight_passed": set(),
    "model:smollm2": {"codegen", "writer", "student", "report"}
    | each("bench", tuple(f"base-{b}" for b in BENCHMARKS)),
    **{f"seeds:{s}": {f"unify:{s}", "writer", "plant", "corpus", "report"} for s in SOURCES},
    **{f"unify:{s}": {"codegen", "writer", "plant", "report"} for s in SOURCES},
    "plant": {"calibrate", "report"},
    "calibrate": {"report"},
    "codegen": each("sample") | {"report"},
    "writer": each("question") | each("solution") | {"report"},
    **{f"sample:{s}": {f"verify:{s}", "report"} for s in SHARDS},
    **{f"verify:{s}": {f"question:{s}", "report"} for s in SHARDS},
    **{f"question:{s}": {f"solution:{s}", "report"} for s in SHARDS},
    **{f"solution:{s}": {f"judge:{s}", "report"} for s in SHARDS},
    **{f"judge:{s}": {"corpus", "report"} for s in SHARDS},
    "corpus": {"student", "report"},
    "student": each("bench", tuple(f"student-{b}" for b in BENCHMARKS)) | {"report"},
    **{
        f"bench_problems:{b}": {"corpus", "report", f"bench:base-{b}", f"bench:student-{b}"}
        for b in BENCHMARKS
    },
    **{f"bench:{m}-{b}": {"scores", "report"} for m in ("base", "student") for b in BENCHMARKS},
    "scores": {"report"},
    "report": set(),
}  # fmt: skip
for source in BENCHMARKS:  # each benchmark of the embedded run asks the held-out part of its source
    FEEDS[f"seeds:{source}"] = FEEDS[f"seeds:{source}"] | {f"bench_problems:{source}"}

BENCH = {f"bench:{m}-{b}" for m in ("base", "student") for b in BENCHMARKS}

# Key (or pattern of keys) -> jobs whose own spec holds it. The first pattern that fits counts.
OWNERS: list[tuple[str, set[str]]] = [
    ("models.smollm2.*", {"model:smollm2"}),
    *((f"sources.{s}.seeds.*", {f"seeds:{s}"}) for s in SOURCES),
    *((f"sources.{s}.unify.*", {f"unify:{s}"}) for s in SOURCES),
    ("sandbox.*", each("unify", SOURCES) | each("verify") | {"plant"}),
    ("calibration.*", {"plant"}),
    ("codegen.*", {"codegen"}),
    ("sample.*", each("sample")),
    ("verify.*", each("verify")),
    ("writer.*", {"writer"}),
    ("reverse.question.*", each("question")),
    ("reverse.solution.*", each("solution")),
    ("reverse.judge.*", each("judge") | {"calibrate"}),
    ("corpus.*", {"corpus"}),
    ("student.prompt", {"student"} | BENCH),
    ("student.*", {"student"}),
    *((f"bench.benchmarks.{b}.*", {f"bench_problems:{b}"}) for b in BENCHMARKS),
    ("bench.*", BENCH),
]


def below(jobs: set[str]) -> set[str]:
    """Returns `jobs` and everything that depends on them."""
    found, todo = set(jobs), list(jobs)
    while todo:
        for job in FEEDS[todo.pop()] - found:
            found.add(job)
            todo.append(job)
    return found


def with_value(config: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    *path, last = key.split(".")
    at = changed
    for name in path:
        at = at.setdefault(name, {})
    at[last] = value
    return changed
