"""Names of changed settings: every rule's spec is mapped to keys that the config has."""

from typing import Any

import pytest

from caco.reports.planning.setting_names import SECTIONS, Setting, changed_settings, config_key
from caco.workflow.stages import BY_NAME

CONFIG: dict[str, Any] = {"bench": {"benchmarks": {"a": {"sampling": None}, "b": {"sampling": {}}}}}


def test_sections_are_of_rules() -> None:
    assert SECTIONS.keys() <= BY_NAME.keys()


@pytest.mark.parametrize(
    ("rule", "wildcards", "path", "key"),
    [
        ("sample", {"shard": "00000"}, "sampling.temperature", "sample.sampling.temperature"),
        ("unify", {"source": "s"}, "unify.converter", "sources.s.unify.converter"),
        ("unify", {"source": "s"}, "checks.rules.min_lines", "verify.min_lines"),
        ("unify", {"source": "s"}, "decontaminate.n", "corpus.decontaminate.n"),
        ("plant", {}, "sandbox.cpu_s", "sandbox.cpu_s"),
        ("answer", {"benchmark": "a"}, "sampling.top_p", "bench.sampling.top_p"),
        ("answer", {"benchmark": "b"}, "sampling.top_p", "bench.benchmarks.b.sampling.top_p"),
        ("grade", {"benchmark": "a"}, "tolerance", "bench.benchmarks.a.tolerance"),
        ("grade", {"benchmark": "a"}, "grader_timeout_s", "bench.grader_timeout_s"),
    ],
)
def test_a_value_of_a_spec_has_a_key(
    rule: str, wildcards: dict[str, str], path: str, key: str
) -> None:
    assert config_key(rule, wildcards, CONFIG, tuple(path.split("."))) == key


def test_leaves_that_differ_are_listed_with_both_values() -> None:
    old = {"sampling": {"temperature": 0.7, "seed": 1}, "rows": 4, "styles": ["a"], "flag": 1}
    new = {"sampling": {"temperature": 0.9, "seed": 1}, "styles": ["a", "b"], "flag": True}
    assert changed_settings("sample", {}, CONFIG, old, new) == [
        Setting("sample.sampling.temperature", "0.7 -> 0.9"),
        Setting("sample.rows", "4 -> not set"),
        Setting("sample.styles", '["a"] -> ["a","b"]'),
        Setting("sample.flag", "1 -> true"),
    ]
    assert changed_settings("sample", {}, CONFIG, {"text": "a" * 80}, {"text": None}) == [
        Setting("sample.text", f'"{"a" * 56}... -> null')
    ]
