"""Why outputs of two runs differ: what changed by rule, and what is not reproducible."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caco.identity import canonical_json
from caco.reports.audit.diff_rows import Pair
from caco.reports.planning.setting_names import changed_settings
from caco.reports.run_files import Job, Values, inputs
from caco.reports.wording import listed
from caco.workflow.stages import BY_NAME, WITHOUT_ROWS, wildcards_of

_NONE = "not set"
# Values of a record that are no circumstance of the job: they are compared elsewhere, or are costs.
_NO_CIRCUMSTANCE = frozenset(
    {
        "record", "rule", "identity", "spec", "code", "seed", "inputs", "outputs", "listed",
        "made_by", "rows", "command", "started", "ended", "seconds", "starts", "requested", "used",
        "restored", "slurm", "checksum", "long_values",
    }
)  # fmt: skip
# What the report and the preflight write down about the machine.
_ABOUT_MACHINE = dict.fromkeys(WITHOUT_ROWS, "it has times or properties of the machine")


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two runs.

    Attributes:
        text: What changed, from what to what, and in which rules.
        rules: The rules whose jobs it concerns.
        decides: Whether it is a setting, code or an input, which decide the rows of a job. A
            host or a version of a package is none of these.
    """

    text: str
    rules: frozenset[str]
    decides: bool


def changes(pair: Pair) -> list[Change]:
    """Returns what changed: settings first, then jobs, code, inputs from outside and software."""
    jobs = [job for job in pair.a.records if job in pair.b.records]
    return [
        *_decided(jobs, lambda job: _settings(pair, job)),
        *_planned(pair),
        *_decided(jobs, lambda job: _differing(pair, job, _code)),
        *_decided(jobs, lambda job: _differing(pair, job, lambda values: _outside(pair, values))),
        *_circumstances(pair),
    ]


def causes(
    pair: Pair,
    jobs: Iterable[Job],
    different: Sequence[str],
    differing: Mapping[str, str],
    found: Iterable[Change],
) -> list[str]:
    """Returns why the outputs of a rule differ.

    Args:
        pair: The runs.
        jobs: The jobs of the rule that both runs have.
        different: Their outputs that differ.
        differing: The rule that wrote it, by each file that differs.
        found: What changed.
    """
    jobs = list(jobs)
    if not jobs:
        return ["the jobs of the runs differ"]
    rule = jobs[0][0]
    if rule in _ABOUT_MACHINE:
        return [_ABOUT_MACHINE[rule]]
    own = [change for change in found if rule in change.rules]
    lines = [change.text for change in own if change.decides]
    read = {
        name
        for job in jobs
        for run in pair.runs
        for name in inputs(run.records[job])
        if name in differing
    }
    by_rule: dict[str, list[str]] = {}
    for name in sorted(read):
        by_rule.setdefault(differing[name], []).append(name)
    lines += [
        f"its input from {maker} differs: {listed(names)}" for maker, names in by_rule.items()
    ]
    if lines:
        return lines
    return _not_reproducible(
        pair,
        jobs,
        [change for change in own if not change.decides and not change.text.startswith("commit: ")],
    )


def _not_reproducible(pair: Pair, jobs: list[Job], own: list[Change]) -> list[str]:
    lines = ["settings, code and inputs are equal, so it is not reproducible bit for bit"]
    lines += [f"possible reason: {change.text}" for change in own]
    rule = BY_NAME[jobs[0][0]]
    if rule.uses_gpu:
        if any(run.records[job].get("starts") for run in pair.runs for job in jobs):
            lines.append("possible reason: a job of it was started again after an interruption")
        lines.append(
            "possible reason: the last bits of a model's results depend on the processor, on the "
            "number of threads or GPUs, and on the batches that a server forms"
        )
    elif rule.name in ("model", "data_set"):
        lines.append("possible reason: the package, folder or hub that it was copied from changed")
    elif rule.environment == "sandbox":
        lines.append("possible reason: whether a program reaches a time limit depends on the load")
    elif rule.name in ("judge", "grade", "pass_rate", "calibrate"):
        lines.append(
            "possible reason: whether the grader reaches its time limit depends on the load"
        )
    return lines


def _planned(pair: Pair) -> list[Change]:
    """Returns which stages, shards, sources or benchmarks are in one run alone."""
    found: dict[str, dict[str, None]] = {}
    for rule in BY_NAME:
        first, second = (run.planned.get(rule, []) for run in pair.runs)
        if not first or not second:
            if first or second:
                text = f"stage only in {(pair.a if first else pair.b).folder}"
                found.setdefault(text, {})[rule] = None
        elif set(first) != set(second):
            kind = BY_NAME[rule].identity.replace("{", "").replace("}", "") or "job"
            text = f"{kind}: {_names(first, second)} -> {_names(second, first)}"
            found.setdefault(text, {})[rule] = None
    return [
        Change(f"{text}  ({', '.join(rules)})", frozenset(rules), True)
        for text, rules in found.items()
    ]


def _names(own: Sequence[str], other: Sequence[str]) -> str:
    further = [name for name in own if name not in other]
    return f"{len(own):,}, with {listed(further)}" if further else f"{len(own):,}"


def _decided(jobs: Sequence[Job], differing: Callable[[Job], Iterable[str]]) -> list[Change]:
    """Returns one change for each value that differs and decides the rows of jobs.

    Args:
        jobs: The jobs that both runs have.
        differing: Returns such values of a job, each in words, from what to what.
    """
    found: dict[str, dict[str, list[str]]] = {}  # by text and rule: the identities
    all_jobs = Counter(rule for rule, _ in jobs)
    for rule, identity in jobs:
        for text in differing((rule, identity)):
            found.setdefault(text, {}).setdefault(rule, []).append(identity)
    changed = []
    for text, of_rules in found.items():
        names = [
            rule if len(own) == all_jobs[rule] else f"{rule} {listed(own)}"
            for rule, own in of_rules.items()
        ]
        where = _rules(names, all_jobs)
        changed.append(Change(f"{text}  ({where})", frozenset(of_rules), True))
    return changed


def _settings(pair: Pair, job: Job) -> list[str]:
    """Returns the settings of a job that differ, by their keys in the config."""
    old, new = (run.records[job]["spec"] for run in pair.runs)
    wildcards = wildcards_of(*job) if job[0] in BY_NAME else {}  # else of another version
    changed = changed_settings(job[0], wildcards, pair.b.config, old, new)
    return [f"{setting.key}: {setting.values}" for setting in changed]


def _differing(pair: Pair, job: Job, values: Callable[[Values], Mapping[str, str]]) -> list[str]:
    """Returns the values that differ, of those that a function returns for a record."""
    old, new = (values(run.records[job]) for run in pair.runs)
    return [
        f"{key}: {old.get(key, _NONE)} -> {new.get(key, _NONE)}"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]


def _code(values: Values) -> dict[str, str]:
    return {"code digest": values["code"][:16]}


def _circumstances(pair: Pair) -> list[Change]:
    """Returns one change for each property of software or machine: the values of all jobs.

    Of a job with a restored record they are unknown.
    """
    runs = [
        {job: values for job, values in run.records.items() if not values.get("restored")}
        for run in pair.runs
    ]
    found: dict[str, list[dict[str, dict[str, None]]]] = {}  # by key, run and rule: the values
    in_both = {rule for rule, _ in runs[0]} & {rule for rule, _ in runs[1]}
    rules = dict.fromkeys(rule for rule, _ in runs[0] if rule in in_both)
    for number, records in enumerate(runs):
        for (rule, _), values in records.items():
            if rule in in_both:
                for key, value in _of_machine(values).items():
                    found.setdefault(key, [{}, {}])[number].setdefault(rule, {})[value] = None
    changed = []
    for key, (first, second) in found.items():
        differ = [r for r in rules if set(first.get(r, ())) != set(second.get(r, ()))]
        if differ:
            old, new = (
                listed(list(dict.fromkeys(v for r in differ for v in of_run.get(r, (_NONE,)))))
                for of_run in (first, second)
            )
            text = f"{key}: {old} -> {new}  ({_rules(differ, rules)})"
            changed.append(Change(text, frozenset(differ), False))
    return changed


def _rules(names: Sequence[str], everywhere: Collection[str]) -> str:
    return "all rules" if set(names) == set(everywhere) else ", ".join(names)


def _outside(pair: Pair, values: Values) -> dict[str, str]:
    """Returns the inputs of a job that no job of the runs made."""
    return {
        f"input {name}": sha[:16]
        for name, sha in inputs(values).items()
        if not any(name in run.made_by for run in pair.runs) and not name.startswith("provenance/")
    }


def _of_machine(values: Values) -> dict[str, str]:
    """Returns commit, software and machine of a job, by key."""
    kept = {name: value for name, value in values.items() if name not in _NO_CIRCUMSTANCE}
    versions = kept.pop("versions", None) or {}
    flat = {f"package {name}": str(version) for name, version in versions.items()}
    return {**_flat({k: v for k, v in kept.items() if v is not None}), **flat}


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Returns the values of nested settings as JSON, by dotted key."""
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = canonical_json(value)
    return found
