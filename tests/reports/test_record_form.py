"""A record that lacks a value, or has one of another type, is torn for every command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.reports.conftest import FakeRun

from caco.errors import UserError
from caco.reports.audit.diff import diff
from caco.reports.audit.show import show
from caco.reports.audit.trace import trace
from caco.reports.audit.verify import audit
from caco.reports.page.saved import saved_page
from caco.reports.record_form import load_whole_record
from caco.reports.run_files import open_run
from caco.runtime.chain import load_record
from caco.runtime.checksums import write_checked

LATER = {"listed", "changes", "machine", "environment"}  # records of older versions lack them


OF_TYPE = {  # values that are right, of those that are tried
    **dict.fromkeys(("record", "code", "host", "started", "ended"), ("x",)),
    **dict.fromkeys(("commit", "changes", "kernel"), ("x", None)),
    **dict.fromkeys(("rows", "command", "requested"), (None,)),
    "seed": (3, None), "seconds": (3,), "spec": ({"a": [0]},), "rule": ("x",), "identity": ("x",),
}  # fmt: skip


def test_every_value_has_its_type(fake_run: FakeRun) -> None:
    record = Path(fake_run.paths.provenance("verify", "00000"))
    values = load_record(record)

    def is_refused(changed: dict[str, Any]) -> bool:
        write_checked(record, changed)
        try:
            load_whole_record(record)
        except UserError as error:
            assert str(error).startswith(f"{record}: ") and "\n" not in str(error)
            return True
        return False

    for key in values:
        without = {name: value for name, value in values.items() if name != key}
        assert is_refused(without) == (key not in LATER), key
        for other in (None, 3, "x", [0], {"a": [0]}):
            if other not in OF_TYPE.get(key, ()):
                assert is_refused(values | {key: other}), (key, other)
    for outside in ("../other.parquet", "/etc/passwd"):
        assert is_refused(values | {"outputs": {outside: "0" * 64}})
    assert not is_refused(values)


@pytest.mark.parametrize("key", ["outputs", "made_by", "gpus"])
def test_each_command_says_it_in_one_sentence(fake_run: FakeRun, key: str) -> None:
    record, run = Path(fake_run.paths.provenance("unify", "families")), Path(fake_run.paths.root)
    values = load_record(record)
    del values[key]
    write_checked(record, values)
    said = f"{record}: not a provenance record, or torn, changed or of another version; "
    commands: dict[str, Callable[[], list[str]]] = {
        "verify": lambda: audit(run).differences,
        "show": lambda: [line for answer in show(run) for line in answer.lines],
        "trace": lambda: trace(open_run(run), "seed3").gaps,
        "diff": lambda: [line for a in diff(open_run(run), open_run(run)) for line in a.lines],
    }
    for name, command in commands.items():
        assert any(line.startswith(said) for line in command()), name


def test_a_plan_of_another_form_is_one_sentence(fake_run: FakeRun) -> None:
    run = Path(fake_run.paths.root)
    (run / "jobs.json").unlink()
    with pytest.raises(UserError, match=r"does not exist, although the run has records; copy it"):
        open_run(run)
    for jobs in (3, ["verify"], {"verify": "00000"}, {"verify": [0]}, None):
        write_checked(run / "jobs.json", {"jobs": jobs})
        with pytest.raises(UserError, match=r"jobs.json: damaged, or of another version; "):
            open_run(run)


def test_a_rule_that_only_another_version_has_is_traced_and_compared(fake_run: FakeRun) -> None:
    run = Path(fake_run.paths.root)
    for shard in ("00000", "00001"):
        record = Path(fake_run.paths.provenance("check", shard))
        older = run / f"provenance/inspect/{shard}.json"
        write_checked(older, load_record(record) | {"rule": "inspect", "record": str(older)})
        record.unlink()
    planned = {**open_run(run).planned, "inspect": ["00000", "00001"]}
    del planned["check"]
    write_checked(run / "jobs.json", {"jobs": planned})
    assert any("make again   inspect, 2 jobs" in s for s in trace(open_run(run), "seed3").lines)
    assert trace(open_run(run), "q0").lines
    *_, not_compared = diff(open_run(run), open_run(run))
    assert "inspect: only another version of the workflow has this rule" in not_compared.lines
    with pytest.raises(UserError, match="whose rule inspect is unknown here; make the page in a"):
        saved_page(run)
