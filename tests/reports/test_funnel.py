import json
from pathlib import Path

import pytest

from caco.errors import UserError
from caco.reports.funnel import (
    FunnelStage,
    count_files,
    funnel,
    funnel_text,
    read_funnel,
    write_funnel,
)
from caco.reports.records import read_records
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows, write_rows
from caco.rows.verified import Verified
from caco.runtime.checksums import write_checked


def stages_of(run):
    return funnel(count_files(read_records(run.records), run.rows))


def test_the_funnel_as_text(fake_run):
    golden = (Path(__file__).parent / "funnel.txt").read_text()
    assert funnel_text(stages_of(fake_run)) == golden


def test_every_stage_adds_up_and_reads_what_the_previous_one_accepted(fake_run):
    stages = {s.stage: s for s in stages_of(fake_run)}
    assert all(s.rows_in == s.accepted + sum(s.rejected.values()) for s in stages.values())
    assert stages["unify"].rows_in == stages["seeds"].accepted - stages["seeds"].held_out
    assert stages["corpus"].rows_in == stages["judge"].accepted
    assert (stages["verify"].jobs, stages["verify"].seconds) == (2, 4.0)


def test_several_questions_per_program_and_an_llm_judge_add_up(judged_run):
    stages = {s.stage: s for s in stages_of(judged_run)}
    assert stages["question"].rows_in == 2 * stages["verify"].accepted == 16
    assert stages["llm_judge"].rows_in == stages["judge"].accepted
    assert stages["corpus"].rows_in == stages["llm_judge"].accepted == 2
    lines = funnel_text(stages.values()).splitlines()
    (line,) = [line for line in lines if "entered" in line]
    assert line.startswith("question   16") and line.endswith("-; each row entered 2 times")


def test_a_lost_variant_is_reported(judged_run):
    path = Path(judged_run.paths.provenance("question", "00001"))
    raw = json.loads(path.read_text())
    write_checked(path, raw | {"spec": {"variants": 3}})
    with pytest.raises(
        UserError, match=r"00001\.json: .* read 8 rows, but .* accepted 4, each 3 times"
    ):
        stages_of(judged_run)


@pytest.mark.parametrize("run", ["fake_run", "judged_run"])
def test_the_json_is_read_back(request, run, tmp_path):
    stages = stages_of(request.getfixturevalue(run))
    path = tmp_path / "funnel.json"
    write_funnel(path, stages)
    assert read_funnel(path) == stages
    first = json.loads(path.read_text())["stages"][0]
    assert first["stage"] == "seeds"
    assert (first["in"], first["accepted"], first["rejected"]) == (10, 9, {"malformed": 1})


def test_rejected_verdicts_come_most_frequent_first():
    rejected = {"rare": 1, "often": 1_000}
    text = funnel_text([FunnelStage("verify", 2_001, 1_000, rejected, 1.0, 1)])
    assert "2,001     1,000  50.0%  rare 1, often 1,000" in text  # unchanged: `funnel` sorts


def test_many_verdicts_wrap_under_their_column_and_keep_their_numbers():
    rejected = {f"verdict_number_{i}": 100 + i for i in range(9)}
    lines = funnel_text([FunnelStage("verify", 936, 0, rejected, 1.0, 1)]).splitlines()
    column = lines[0].index("rejected")
    assert len(lines) > 3
    assert all(line[:column].strip() == "" for line in lines[3:])
    together = " ".join(line[column:] for line in lines[2:])
    assert together == ", ".join(f"{v} {n}" for v, n in rejected.items())
    assert all(not line.rstrip(",").split()[-1].startswith("verdict") for line in lines[2:])


def test_an_empty_stage_has_no_share():
    assert "judge   0         0      -  -" in funnel_text([FunnelStage("judge", 0, 0, {}, 1.0, 1)])


def shard_file(run, step, shard="00001"):
    return Path(run.paths.shard(step, shard))


def test_a_file_with_fewer_rows_than_recorded_is_reported(fake_run):
    path = shard_file(fake_run, "verified")
    write_rows(path, Verified, list(read_rows(path, Verified))[1:])
    with pytest.raises(
        UserError, match=r"verified/00001\.parquet: 3 accepted rows, but .*00001\.json records 4"
    ):
        stages_of(fake_run)


def test_a_verdict_that_the_record_lacks_is_reported(fake_run):
    path = Path(fake_run.paths.rejected("verify", "00000"))
    rows = list(read_rows(path, Rejected))
    write_rows(path, Rejected, [Rejected(r.row_id, "exception", r.reason, r.row) for r in rows])
    with pytest.raises(UserError, match=r"rejected/verify/00000\.parquet: 0 rows .* cpu_timeout"):
        stages_of(fake_run)


def test_an_unreadable_file_is_reported(fake_run):
    shard_file(fake_run, "judged").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(UserError, match=r"judged/00001\.parquet: not a readable Parquet file"):
        stages_of(fake_run)


def test_a_wrong_answer_that_the_record_counts_as_correct_is_reported(fake_run):
    rows = {"in": 4, "accepted": 2, "rejected": {"wrong": 2}}
    change_record(fake_run, "grade", "base-easy", rows)
    with pytest.raises(UserError, match=r"base/easy\.parquet: 1 accepted rows, but .* records 2"):
        stages_of(fake_run)


def test_a_damaged_column_is_reported(fake_run):
    path = Path(fake_run.paths.rejected("judge", "00000"))
    raw = bytearray(path.read_bytes())
    raw[4:200] = bytes(196)
    path.write_bytes(raw)
    with pytest.raises(UserError, match=r"rejected/judge/00000\.parquet: damaged"):
        stages_of(fake_run)


def test_a_file_that_is_not_an_argument_is_not_read(fake_run):
    fake_run.rows.remove(shard_file(fake_run, "judged"))
    with pytest.raises(UserError, match=r"judged/00001\.parquet: .* names it, but --rows does not"):
        stages_of(fake_run)


def change_record(run, rule, identity, rows):
    path = Path(run.paths.provenance(rule, identity))
    raw = json.loads(path.read_text())
    write_checked(path, raw | {"rows": rows})
    return path


def test_a_record_whose_counts_do_not_add_up_is_reported(fake_run):
    change_record(fake_run, "verify", "00000", {"in": 7, "accepted": 4, "rejected": {"x": 2}})
    with pytest.raises(UserError, match=r"verify/00000\.json: records 7 rows in, but 4 accepted"):
        stages_of(fake_run)


def test_a_stage_without_counts_is_reported(fake_run):
    change_record(fake_run, "verify", "00000", None)
    with pytest.raises(UserError, match=r"verify/00000\.json: the record has no row counts"):
        stages_of(fake_run)


def test_a_shard_that_lost_rows_between_two_stages_is_reported(fake_run):
    path = shard_file(fake_run, "verified")
    write_rows(path, Verified, list(read_rows(path, Verified))[1:])
    rows = {"in": 5, "accepted": 3, "rejected": {"exception": 1, "cpu_timeout": 1}}
    change_record(fake_run, "verify", "00001", rows)
    with pytest.raises(
        UserError,
        match=r"verify/00001\.json: .* read 5 rows, but .*sample/00001\.json accepted 6",
    ):
        stages_of(fake_run)


def test_a_missing_shard_changes_the_totals(fake_run):
    fake_run.records = [p for p in fake_run.records if "judge/00001" not in str(p)]
    with pytest.raises(UserError, match=r"judge.* read 4 rows, but stage solution accepted 8"):
        stages_of(fake_run)


@pytest.mark.parametrize("text", ["", "[]", '{"rule": "verify"}'])
def test_a_file_that_is_not_a_record_is_reported(tmp_path, text):
    path = tmp_path / "00000.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"00000\.json: not a provenance record"):
        read_records([path])
    with pytest.raises(UserError, match="the record does not exist"):
        read_records([tmp_path / "none.json"])


def test_a_file_that_is_not_a_funnel_is_reported(tmp_path):
    path = tmp_path / "funnel.json"
    with pytest.raises(UserError, match="the file does not exist"):
        read_funnel(path)
    path.write_text("[1]")
    with pytest.raises(UserError, match=r"funnel\.json: not a funnel"):
        read_funnel(path)
