"""Names, as config keys, of the settings in which two specs of a job differ."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from caco.identity import canonical_json

# Rule -> part of its spec -> section or key of the config. The longest part that fits counts; a
# rule that is not listed has the section of its own name.
SECTIONS: dict[str, dict[str, str]] = {
    "data_set": {"": "sources.{source}.seeds.hub"},
    "model": {"": "models.{model}"},
    "seeds": {"": "sources.{source}.seeds"},
    "draft": {"": "sources.{source}.unify"},
    "attempt": {"rules": "verify", "sandbox": "sandbox"},
    "unify": {
        "unify": "sources.{source}.unify",
        "checks.rules": "verify",
        "checks.sandbox": "sandbox",
        "decontaminate": "corpus.decontaminate",
    },
    "verify": {"": ""},
    "question": {"": "reverse.question"},
    "redraft": {"": "reverse.round_trip"},
    "round_trip": {"agreement": "reverse.round_trip.agreement", "sandbox": "sandbox"},
    "solution": {"": "reverse.solution"},
    "judge": {"": "reverse.judge"},
    "llm_judge": {"": "reverse.llm_judge"},
    "check": {"": "reverse.check"},
    "rollout": {"": "pass_rate"},
    "embed": {"": "embedding"},
    "embed_problems": {"": "embedding"},
    "ablation_corpus": {"ablation": "ablations.{ablation}", "settings": "corpus"},
    "ablation_student": {"": "student"},
    "plant": {"": ""},
    "judge_planted": {"": "reverse.llm_judge"},
    "calibrate": {"": "reverse.judge"},
    "bench_problems": {"": "bench.benchmarks.{benchmark}"},
    "answer": {
        "engine": "bench.engine",
        "sampling": "bench.sampling",
        "samples": "bench.benchmarks.{benchmark}.samples",
        "prompt": "student.prompt",
    },
    "grade": {"": "bench", "tolerance": "bench.benchmarks.{benchmark}.tolerance"},
    "scores": {"": "bench"},
    "report": {"": ""},
}
_NOT_SET = object()


class Setting(NamedTuple):
    """A setting that differs.

    Attributes:
        key: Its key in the config.
        values: The old and the new value, in words.
    """

    key: str
    values: str


def changed_settings(
    rule: str,
    wildcards: Mapping[str, str],
    config: Mapping[str, Any],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> list[Setting]:
    """Returns the settings in which two specs of a job differ.

    Args:
        rule: The job's rule.
        wildcards: The job's wildcards.
        config: The config of `new`, as plain values; empty where it is not known, and then the
            sampling of a benchmark has the key that all benchmarks share.
        old: The values of the spec with which the job has run.
        new: Those of its spec now.
    """
    return [
        Setting(config_key(rule, wildcards, config, path), f"{_words(before)} -> {_words(after)}")
        for path, before, after in _differences(old, new, ())
    ]


def config_key(
    rule: str, wildcards: Mapping[str, str], config: Mapping[str, Any], path: tuple[str, ...]
) -> str:
    """Returns the config key of a value in a job's spec.

    Args:
        rule: As in `changed_settings`.
        wildcards: As in `changed_settings`.
        config: As in `changed_settings`.
        path: The value's keys in the spec.
    """
    sections = SECTIONS.get(rule, {"": rule})
    for end in range(len(path), -1, -1):
        section = sections.get(".".join(path[:end]))
        if section is None:
            continue
        name = section.format_map(dict(wildcards))
        if rule == "answer" and path[0] == "sampling" and config:
            benchmark = wildcards["benchmark"]
            if config["bench"]["benchmarks"][benchmark]["sampling"] is not None:
                name = f"bench.benchmarks.{benchmark}.sampling"
        return ".".join(part for part in (name, *path[end:]) if part)
    return ".".join(path)


def _differences(
    old: object, new: object, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], object, object]]:
    """Yields path, old and new value of each leaf that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            yield from _differences(old.get(name, _NOT_SET), new.get(name, _NOT_SET), (*path, name))
    elif old != new or type(old) is not type(new):
        yield path, old, new


def _words(value: object) -> str:
    if value is _NOT_SET:
        return "not set"
    text = canonical_json(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
