"""The stage table, and everything that is made from it or has to agree with it."""

import re
from pathlib import Path

import pytest
import yaml

from caco.config.config import check_config, read_config
from caco.rows.graded import Graded
from caco.slurm.site import usual_resources
from caco.workflow.paths import Paths
from caco.workflow.rules import StageRules
from caco.workflow.stages import (
    BY_NAME,
    ROW_STAGES,
    SHARD_STAGES,
    STAGES,
    jobs_of,
    report_records,
    row_files,
    shard_files,
)

ROOT = Path(__file__).resolve().parents[2]
CONFIG = check_config(read_config(ROOT / "config.yaml"), "config.yaml")
RULES = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))


def test_every_rule_is_a_stage_and_every_stage_a_rule() -> None:
    assert set(re.findall(r"^\s*rule (\w+):", RULES, re.MULTILINE)) == set(BY_NAME)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stages_rule_uses_its_record_log_environment_params_and_command(stage) -> None:
    name = stage.name
    for call in ("(?:outputs|training_outputs)", "log", "params", "(?:command|training|writing)"):
        assert re.search(rf"stage\.{call}\(\s*\"{name}\"", RULES), f"{name}: no stage.{call}"
    assert f'stage.conda("{name}")' in RULES or name == "draft"
    assert (ROOT / "scripts" / f"{stage.script or name}.py").exists()


def test_a_stage_reads_only_what_an_earlier_one_passes_on() -> None:
    order = list(BY_NAME)
    for stage in STAGES:
        for before in stage.follows:
            assert order.index(before) < order.index(stage.name)
            assert before in ROW_STAGES


def test_the_embedded_runs_jobs_and_shards() -> None:
    optional = {"draft", "redraft", "round_trip", "llm_judge", "rollout", "pass_rate", "embed"}
    assert not optional & set(jobs_of(CONFIG))
    assert jobs_of(CONFIG)["answer"] == ["base-arithmetic", "student-arithmetic"]
    assert list(shard_files(CONFIG)) == [
        "sample",
        "verify",
        "question",
        "solution",
        "judge",
        "check",
    ]
    last = ["llm_judge", "check", "rollout", "pass_rate", "embed"]
    assert [s.name for s in SHARD_STAGES][-5:] == last


def test_a_report_reads_a_record_and_the_rows_of_every_stage() -> None:
    paths = Paths(CONFIG.run)
    records = report_records(CONFIG, paths)
    assert {Path(record).parent.name for record in records} == set(jobs_of(CONFIG)) - {
        "preflight", "preflight_passed", "report",
    }  # fmt: skip
    files = row_files(CONFIG, paths)
    assert len(files) == len(set(files))
    for expected in (
        paths.held_out("arithmetic"), paths.rejected("unify", "codeio"), paths.corpus(),
        paths.shard("programs", "00000"), paths.graded("base", "arithmetic"),
    ):  # fmt: skip
        assert expected in files


def test_benchmarks_are_answered_on_gpus_and_graded_on_cores() -> None:
    answer, grade = BY_NAME["answer"], BY_NAME["grade"]
    assert answer.uses_gpu and not grade.uses_gpu
    assert grade.follows == ("answer",) and grade.row is Graded
    assert answer.beside_funnel and grade.beside_funnel


def test_the_slurm_profile_names_stages_and_gives_gpus_where_the_table_says() -> None:
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    stated = profile["__variables__"]["jobs"]
    assert set(stated) <= set(BY_NAME)
    assert {s.name for s in STAGES if s.uses_gpu} <= set(stated), "GPU jobs need memory and time"
    usual = usual_resources(stated)
    assert {n for n, needs in usual.items() if "gpus" in needs} == {
        s.name for s in STAGES if s.uses_gpu
    }
    assert {n for n, needs in usual.items() if "signal_s" in needs} == {
        s.name for s in STAGES if s.trains
    }


def test_a_command_can_be_pasted_and_names_each_file_by_its_flag() -> None:
    command = StageRules(CONFIG, ROOT).command("judge", "input.solutions output.judged --x 1")
    assert command == (
        "envs/python train scripts/judge.py --solutions {input.solutions} --judged {output.judged}"
        " --x 1 --rejected {output.rejected} --spec {params.spec:q} --code {params.code}"
        " --identity {wildcards.shard} --provenance {output.provenance} 2>&1 | tee {log}"
    )


def test_local_rules_are_those_of_the_submit_host() -> None:
    (listed,) = re.findall(r"^localrules:\n((?:    \w+,\n)+)", RULES, re.MULTILINE)
    assert {line.strip(" ,") for line in listed.splitlines()} == {
        s.name for s in STAGES if s.on_submit_host
    }
