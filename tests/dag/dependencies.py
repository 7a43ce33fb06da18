"""The dependencies of the embedded run's jobs, and the jobs whose spec contains each config key.

Written by hand and not derived from the rules, so that a wrong dependency in a rule is detected.
"""

import copy
from typing import Any

SHARDS = ("00000", "00001")
SOURCES = ("arithmetic", "gsm_symbolic", "codeio")
BENCHMARKS = ("arithmetic",)
BENCHMARKED = tuple(f"{m}-{b}" for m in ("base", "student") for b in BENCHMARKS)


def each(rule: str, names: tuple[str, ...] = SHARDS) -> set[str]:
    return {f"{rule}:{name}" for name in names}


# The jobs that directly depend on each job. A rule with a single job has no identity.
FEEDS: dict[str, set[str]] = {
    # The models depend on these two by order only: they run once.
    "preflight": set(),
    "preflight_passed": set(),
    "model:smollm2": {"codegen", "writer", "student", "report"}
    | each("answer", tuple(f"base-{b}" for b in BENCHMARKS)),
    **{
        f"seeds:{s}": {f"unify:{s}", "writer", "plant", "corpus", "export", "report"}
        for s in SOURCES
    },
    **{f"unify:{s}": {"codegen", "writer", "plant", "report"} for s in SOURCES},
    "plant": {"calibrate", "report"},
    "calibrate": {"report"},
    "codegen": each("sample") | {"report"},
    "writer": each("question") | each("solution") | {"report"},
    **{f"sample:{s}": {f"verify:{s}", "report"} for s in SHARDS},
    **{f"verify:{s}": {f"question:{s}", "corpus", "report"} for s in SHARDS},
    **{f"question:{s}": {f"solution:{s}", "report"} for s in SHARDS},
    **{f"solution:{s}": {f"judge:{s}", "report"} for s in SHARDS},
    **{f"judge:{s}": {f"check:{s}", "report"} for s in SHARDS},
    **{f"check:{s}": {"corpus", "report"} for s in SHARDS},
    "corpus": {"export", "student", "report"},
    "export": {"report"},
    "student": each("answer", tuple(f"student-{b}" for b in BENCHMARKS)) | {"report"},
    **{
        f"bench_problems:{b}": {"corpus", "report", f"answer:base-{b}", f"answer:student-{b}"}
        for b in BENCHMARKS
    },
    **{f"answer:{m}": {f"grade:{m}", "report"} for m in BENCHMARKED},
    **{f"grade:{m}": {"scores", "report"} for m in BENCHMARKED},
    "scores": {"report"},
    "report": set(),
}  # fmt: skip
for source in BENCHMARKS:  # each benchmark of the embedded run is the held-out set of its source
    FEEDS[f"seeds:{source}"] |= {f"bench_problems:{source}"} | each("unify", SOURCES)

ANSWERS, GRADES = each("answer", BENCHMARKED), each("grade", BENCHMARKED)

# Key (or pattern of keys) -> jobs whose spec contains it. The first matching pattern counts.
# A source that begins to hold seeds out gives every `unify` another input.
OWNERS: list[tuple[str, set[str]]] = [
    ("models.smollm2.*", {"model:smollm2"}),
    *((f"sources.{s}.seeds.held_out", {f"seeds:{s}"} | each("unify", SOURCES)) for s in SOURCES),
    *((f"sources.{s}.seeds.*", {f"seeds:{s}"}) for s in SOURCES),
    *((f"sources.{s}.unify.*", {f"unify:{s}"}) for s in SOURCES),
    ("sandbox.*", each("unify", SOURCES) | each("verify") | {"plant"}),
    ("calibration.*", {"plant"}),
    ("codegen.*", {"codegen"}),
    ("sample.*", each("sample")),
    *(
        (f"verify.{rule}", each("unify", SOURCES) | each("verify"))
        for rule in ("min_lines", "max_digits", "unused_inputs", "trivial", "non_deterministic")
    ),
    ("verify.*", each("verify")),
    ("writer.*", {"writer"}),
    ("reverse.question.*", each("question")),
    ("reverse.solution.*", each("solution")),
    ("reverse.judge.*", each("judge") | {"calibrate"}),
    ("reverse.check.*", each("check")),
    ("corpus.decontaminate.*", each("unify", SOURCES) | {"corpus"}),
    ("corpus.*", {"corpus"}),
    ("export.*", {"export"}),
    ("student.prompt", {"student"} | ANSWERS),
    ("student.*", {"student"}),
    ("bench.benchmarks.*.tolerance", GRADES),
    ("bench.benchmarks.*.sampling", ANSWERS),
    *((f"bench.benchmarks.{b}.*", {f"bench_problems:{b}"}) for b in BENCHMARKS),
    ("bench.grader_timeout_s", GRADES),
    ("bench.published", {"scores"}),
    ("bench.*", ANSWERS),
]


def downstream(jobs: set[str]) -> set[str]:
    """Returns `jobs` and all jobs that depend on them."""
    found, queue = set(jobs), list(jobs)
    while queue:
        for job in FEEDS[queue.pop()] - found:
            found.add(job)
            queue.append(job)
    return found


def with_value(config: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    *path, last = key.split(".")
    section = changed
    for name in path:
        section = section.setdefault(name, {})
    section[last] = value
    return changed
