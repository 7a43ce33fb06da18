"""The text of an explanation."""

from caco.reports.planning.explain import Explained, explanation_text

NEW = ("has not run yet",)


def test_a_line_a_rule_and_totals() -> None:
    rules = [
        Explained("model", {}, 1),
        Explained("sample", {"00000": ("a.b 1 -> 2",), "00001": ("a.b 1 -> 2", "missing: x")}, 0),
        Explained("verify", {"00001": ("because sample runs",)}, 1),
    ]
    assert explanation_text(rules).splitlines() == [
        "sample: 2 jobs, a.b 1 -> 2; missing: x (00001)",
        "verify: 1 of 2 jobs (00001), because sample runs",
        "3 of 5 jobs would run",
        "kept: model (1), verify (1)",
    ]


def test_a_finished_and_a_new_run() -> None:
    assert explanation_text([Explained("sample", {}, 2), Explained("verify", {}, 2)]) == (
        "nothing would run: all 4 jobs are as the config and the code ask"
    )
    assert explanation_text([Explained("sample", {"00000": NEW, "00001": NEW}, 0)]) == (
        "nothing exists yet: all 2 jobs would run"
    )
    assert "has not run yet" in explanation_text([Explained("sample", {"00001": NEW}, 1)])
