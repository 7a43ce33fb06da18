"""scripts/calibrate.py and judge_planted.py on planted rows."""

import json
from pathlib import Path

import pytest
from tests.forked import run_script
from tests.stages.calibrate.grader_errors import ERRS
from tests.stages.unify.conftest import TrustingSandbox
from tests.tiny_model import make_tiny_model

from caco.config.checks import Calibration
from caco.models.manifest import write_manifest
from caco.rows.calibration import Planted, PlantedVerdicts
from caco.rows.table import read_rows, write_rows
from caco.stages.calibrate.kinds import KINDS, RIGHT_FAULTS, Fault
from caco.stages.calibrate.plant import known_right, plant
from caco.stages.calibrate.rates import read_rates

pytest.importorskip("math_verify")
ROOT = Path(__file__).resolve().parents[3]
LLM_JUDGE = {
    "model": "tiny",
    "engine": {"kind": "transformers", "dtype": "float32"},
    "sampling": {"temperature": 0.0, "max_new_tokens": 2},
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory, seeds, code_cots):
    section = Calibration(rows=99, seed=3)
    right = known_right(code_cots, lambda: seeds, section)
    path = tmp_path_factory.mktemp("planted") / "planted.parquet"
    write_rows(path, Planted, plant(right, section, TrustingSandbox()))
    return path


def run(script, tmp_path, spec, *flags):
    command = [ROOT / "scripts" / script, *flags, "--spec", json.dumps(spec),
               "--provenance", tmp_path / "job.json"]  # fmt: skip
    done = run_script(command, tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def calibrated(tmp_path, planted, judgements=()):
    printed = run(
        "calibrate.py", tmp_path, {}, "--planted", planted, "--judgements", *judgements,
        "--measured", tmp_path / "rows.parquet", "--rates", tmp_path / "rates.json",
    )  # fmt: skip
    assert "false accepts" in printed
    rows = list(read_rows(tmp_path / "rows.parquet", PlantedVerdicts))
    return rows, {check.check: check for check in read_rates(tmp_path / "rates.json").checks}


def test_the_exact_checks_err_on_the_known_kinds_alone(tmp_path, planted):
    rows, checks = calibrated(tmp_path, planted)
    assert [r.question_id for r in rows] == [r.question_id for r in read_rows(planted, Planted)]
    steps = checks["statements"]
    assert steps.false_accepts.of > 2 and steps.false_accepts.count == 0
    assert steps.false_rejects.of > 40 and steps.false_rejects.count == 0
    for check in ("answer", "exact"):
        assert checks[check].false_accepts.of > 60
        assert checks[check].false_rejects.of > 40
    erred = {
        row.kind
        for row in rows
        if KINDS[row.kind] not in (Fault.QUESTION, Fault.STEP)
        and (row.answer_check == "accepted") != (KINDS[row.kind] in RIGHT_FAULTS)
    }
    assert erred <= ERRS.keys()
    verdicts = {r.kind: (r.answer_check, r.exact_checks) for r in rows}
    assert verdicts["off_by_one"] == ("wrong_answer", "wrong_answer")
    assert verdicts["altered_question"] == ("accepted", "ungrounded")
    assert verdicts["trailing_zero"] == ("accepted", "accepted")
    assert verdicts["list_member"] == ("wrong_answer", "wrong_answer")
    assert {r.judge for r in rows} == {None}


def test_the_llm_judge_judges_every_row(tmp_path, planted):
    make_tiny_model(tmp_path / "model")
    write_manifest(tmp_path / "manifest.json", tmp_path / "model")
    few = tmp_path / "few.parquet"
    write_rows(few, Planted, list(read_rows(planted, Planted))[4:10])
    judgements = tmp_path / "judgements.parquet"
    run("judge_planted.py", tmp_path, LLM_JUDGE, "--model", tmp_path / "manifest.json",
        "--planted", few, "--judgements", judgements,
        "--replies", tmp_path / "replies.parquet")  # fmt: skip
    rows, checks = calibrated(tmp_path, few, [judgements])
    # A random model gives no judgement within two tokens, for right and wrong rows alike.
    assert {r.judge for r in rows} <= {"truncated", "no_judgement"}
    assert checks["judge"].false_accepts.count == 0
    right = [r for r in rows if KINDS[r.kind] is Fault.NONE]
    assert checks["judge"].false_rejects.count == checks["all"].false_rejects.count == len(right)
    assert not (tmp_path / "job.journal").exists()
