"""Licences of sources in one data set: which exclude each other, and which governs the whole."""

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from caco.config.config import check_config, read_config
from caco.config.section import load_implementation
from caco.config.sources import Source
from caco.errors import UserError
from caco.licences import _TABLE, hub_identifiers, known, licences_of_whole, problem, terms

ROOT = Path(__file__).resolve().parents[2]


def of(*names: str) -> dict[str, str]:
    return dict(zip("abcd", names, strict=False))


@pytest.mark.parametrize(
    "names",
    [
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-SA-4.0", "GPL-2.0-only"),
        ("CC-BY-SA-3.0", "GPL-3.0-only"),
        ("CC-BY-NC-4.0", "GPL-3.0-or-later"),
        ("CC-BY-NC-4.0", "ODbL-1.0"),
        ("Apache-2.0", "GPL-2.0-only"),
        ("GPL-2.0-only", "GPL-3.0-only"),
    ],
)
def test_licences_that_exclude_each_other_are_named_with_their_sources(names):
    for ordered in (names, names[::-1]):
        why = problem(of("MIT", *ordered))
        assert why is not None
        assert f"the sources `b` ({ordered[0]}) and `c` ({ordered[1]}) exclude each other" in why


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        (("MIT",), ["MIT"]),
        (("MIT", "Apache-2.0", "CC0-1.0"), ["Apache-2.0", "CC0-1.0", "MIT"]),
        (("MIT", "Apache-2.0", "CC-BY-NC-4.0"), ["CC-BY-NC-4.0"]),
        (("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-4.0"), ["CC-BY-NC-SA-4.0"]),
        (("CC-BY-NC-3.0", "MIT"), ["CC-BY-NC-3.0"]),
        (("CC-BY-SA-3.0", "CC-BY-SA-4.0"), ["CC-BY-SA-4.0"]),
        (("CC-BY-SA-4.0", "GPL-3.0-or-later"), ["GPL-3.0-only"]),
        (("Apache-2.0", "GPL-2.0-or-later"), ["GPL-3.0-or-later"]),
        (("GPL-2.0-or-later", "MIT"), ["GPL-2.0-or-later"]),
        (("mit", "MIT "), ["MIT"]),
    ],
)
def test_licences_that_go_together_give_that_of_the_whole(names, whole):
    assert problem(of(*names)) is None
    assert licences_of_whole(names) == whole


def test_every_permitted_licence_is_in_the_table_and_permits_itself():
    for licence in _TABLE:
        others = (*(licence.permitted or ()), *licence.excluded)
        assert all(known(name) is not None for name in others), licence.name
        assert not licence.permitted or licence.name in licence.permitted


def test_a_licence_without_adaptations_is_refused_alone():
    assert problem(of("CC-BY-ND-4.0")) == "the source `a` (CC-BY-ND-4.0) permits no adaptations"


def test_an_unknown_licence_is_refused_unless_it_is_allowed():
    why = problem(of("MIT", "GPL-3.0"))
    assert why == (
        "the licence of the source `b` is `GPL-3.0`, which is not among the known SPDX "
        "identifiers; did you mean `GPL-3.0-only`?"
    )
    assert "did you mean" not in (problem(of("LicenseRef-Ours")) or "did you mean")
    assert problem(of("MIT", "LicenseRef-Ours"), ["LicenseRef-Ours"]) is None
    assert hub_identifiers(["MIT", "LicenseRef-Ours", "ODbL-1.0"]) == ["mit", "odbl", "other"]


@pytest.mark.parametrize(
    ("expressions", "whole"),
    [
        (("MIT OR GPL-2.0-only", "Apache-2.0"), ["Apache-2.0", "MIT"]),
        (("GPL-2.0-only OR MIT", "Apache-2.0"), ["Apache-2.0", "MIT"]),
        (("MIT AND CC-BY-NC-4.0", "Apache-2.0"), ["CC-BY-NC-4.0"]),
        (("CC-BY-SA-4.0 or (mit and CC-BY-NC-4.0)", "CC-BY-NC-SA-4.0"), ["CC-BY-NC-SA-4.0"]),
        (("CC-BY-ND-4.0 OR MIT", "LicenseRef-Ours OR ISC"), ["ISC", "MIT"]),
        (("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT",), ["MIT"]),
    ],
)
def test_alternatives_are_chosen_and_joint_licences_apply_together(expressions, whole):
    assert problem(of(*expressions)) is None
    assert licences_of_whole(expressions) == whole


@pytest.mark.parametrize(
    ("expressions", "why"),
    [
        (("CC-BY-SA-4.0 AND CC-BY-NC-4.0", "MIT"), "(CC-BY-SA-4.0 AND CC-BY-NC-4.0) exclude"),
        (("mit", "GPL-2.0-only OR CC-BY-SA-4.0", "CC-BY-NC-4.0"),
         "`b` (GPL-2.0-only OR CC-BY-SA-4.0) and `c` (CC-BY-NC-4.0) exclude each"),
        (("MIT AND LicenseRef-Ours",), "`MIT AND LicenseRef-Ours`, of which `LicenseRef-Ours` is"),
        (("GPL-2.0-only WITH Classpath-exception-2.0",), "which is not among the known"),
        (("unknown",), "is `unknown`, which is not among the known SPDX identifiers"),
    ],
)  # fmt: skip
def test_expressions_that_exclude_each_other_are_named_as_they_are(expressions, why):
    assert why in (problem(of(*expressions)) or "")


def test_terms_are_those_of_the_chosen_licences():
    assert terms(["CC-BY-SA-4.0 OR MIT", "CC-BY-NC-4.0"]) == {
        "attribution": ["MIT", "CC-BY-NC-4.0"], "non-commercial use only": ["CC-BY-NC-4.0"],
    }  # fmt: skip


def test_terms_name_their_licences():
    assert terms(["MIT", "CC0-1.0", "CC-BY-NC-SA-4.0"]) == {
        "attribution": ["MIT", "CC-BY-NC-SA-4.0"],
        "non-commercial use only": ["CC-BY-NC-SA-4.0"],
        "share alike": ["CC-BY-NC-SA-4.0"],
    }


@pytest.fixture
def raw() -> dict[str, Any]:
    """The embedded config with a source under CC-BY-SA and one under CC-BY-NC."""
    raw = copy.deepcopy(read_config(ROOT / "config.yaml"))
    for name, licence in (("shared", "CC-BY-SA-4.0"), ("free", "CC-BY-NC-4.0")):
        fields = {"problem": "problem", "answer": "answer"}
        seeds = {"reader": "table", "path": "a.jsonl", "licence": licence, "fields": fields}
        raw["sources"][name] = {"seeds": seeds, "unify": {"converter": "equations"}}
    return raw


def test_a_config_whose_licences_exclude_each_other_is_refused_or_accepted_with_a_warning(raw):
    with pytest.raises(UserError) as caught:
        check_config(raw, "config.yaml")
    message = str(caught.value)
    assert "`shared` (CC-BY-SA-4.0) and `free` (CC-BY-NC-4.0) exclude each other" in message
    assert "`export.licences`" in message and "\n" not in message
    check_config(raw | {"export": {"licences": "warn"}}, "config.yaml")
    del raw["sources"]["shared"]
    check_config(raw, "config.yaml")


def test_a_licence_has_its_canonical_form_and_what_is_no_expression_is_refused(raw):
    seeds = raw["sources"]["shared"]["seeds"]
    del raw["sources"]["free"]
    seeds["licence"] = "(mit or apache-2.0)"
    assert check_config(raw, "config.yaml").sources["shared"].licence == "(MIT OR Apache-2.0)"
    for licence, fix in (("Apache 2.0", "write `Apache-2.0`, or SPDX"), ("MIT OR", "write SPDX"),
                         ("The MIT License (MIT)", "write `MIT`, or SPDX"),
                         ("Apache License, Version 2.0", "write `Apache-2.0`, or SPDX"),
                         ("Creative Commons Attribution 4.0 International", "write `CC-BY-4.0`"),
                         ("CC0", "write `CC0-1.0`"), ("GPLv3", "write `GPL-3.0-only`"),
                         ("GNU General Public License v2.0", "write `GPL-2.0-only`"),
                         ("3-clause BSD", "write `BSD-3-Clause`"), ("ODbL", "write `ODbL-1.0`"),
                         ("BSD", "write SPDX"), ("GPL", "write SPDX"), ("LGPLv3", "write SPDX"),
                         ("MIT, Apache-2.0", "write SPDX"), ("other", "write SPDX"),
                         ("Our own (v2)", "`LicenseRef-NAME` for a licence")):  # fmt: skip
        seeds["licence"] = licence
        with pytest.raises(UserError) as caught:
            check_config(raw, "config.yaml")
        message = str(caught.value)
        assert message.startswith("config.yaml: key `sources.shared.seeds.licence`"), message
        assert f"`{licence}` is no SPDX expression" in message and fix in message
        assert "\n" not in message
    seeds["licence"] = "Unknown"
    with pytest.raises(UserError, match="`unknown`, which is not among the known"):
        check_config(raw, "config.yaml")
    config = check_config(raw | {"export": {"allow": ["unknown"]}}, "config.yaml")
    assert config.sources["shared"].licence == "unknown"


def test_a_known_licence_is_not_to_be_allowed(raw):
    with pytest.raises(UserError, match=r"`export\.allow` is .*`CC-BY-NC-4\.0` is among the known"):
        check_config(raw | {"export": {"allow": ["cc-by-nc-4.0"]}}, "config.yaml")


@pytest.mark.parametrize(
    "reader",
    [
        {"reader": "families", "families": ["gcd"], "rows": 3},
        {"reader": "gsm_symbolic", "rows": 2},
        {"reader": "codeio", "rows": 2},
        {"reader": "gsm8k", "path": "rows.jsonl"},
        {
            "reader": "table", "path": "rows.jsonl", "licence": "CC-BY-4.0",
            "fields": {"problem": "question", "answer": "answer"},
        },
    ],
    ids=lambda reader: reader["reader"],
)  # fmt: skip
def test_the_licence_of_a_source_is_that_of_its_seeds(reader, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_text('{"question": "What is 3 + 4?", "answer": "It is 7. #### 7"}\n')
    converter = "main_solution" if reader["reader"] == "codeio" else "equations"
    source = Source.model_validate({"seeds": reader, "unify": {"converter": converter}})
    read = load_implementation(source.seeds).read(source.seeds, "mine")
    assert {seed.licence for seed in read} == {source.licence}


def test_the_papers_config_is_under_a_non_commercial_licence():
    config = check_config(read_config(ROOT / "config/paper.yaml"), "paper.yaml")
    names = [source.licence for source in config.sources.values()]
    assert licences_of_whole(names) == ["CC-BY-NC-4.0"]


def test_the_plan_refuses_as_well(raw, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(raw))
    done = subprocess.run(
        [
            sys.executable, ROOT / "scripts/plan.py",
            "--config", tmp_path / "config.yaml", "--cluster", ROOT / "config/plan/a100.yaml",
        ],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and "exclude each other in one data set" in done.stderr
    assert len(done.stderr.splitlines()) == 1
