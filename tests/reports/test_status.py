"""The output of the status command, during and after a run."""

import resource
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.reports.half_run import NOW, HalfRun, command

from caco.errors import UserError
from caco.reports.job_states import job_states
from caco.reports.status import print_failures, status_text
from caco.runtime.checksums import read_checked, write_checked
from caco.runtime.heartbeat import heartbeat_file
from caco.runtime.journal import rows_in
from caco.runtime.progress import Progress
from caco.runtime.slurm_client import QueuedJob

SHARDS = ["00000", "00001", "00002", "00003"]


def test_the_states_of_jobs(half: HalfRun) -> None:
    half.plan(seeds=["a"], sample=SHARDS, report=["all"])
    half.done("seeds", "a", 100, 5)
    half.done("sample", "00000", 64, 32)
    half.start("sample", "00001", 60)
    half.start("sample", "00002", 60)
    half.ended("sample", "00002", "input", "no such model")
    assert half.row("seeds") == ["1", "1", "-", "-", "-", "100", "20.0/s", "-"]
    assert half.row("sample")[:5] == ["4", "1", "1", "1", "1"]
    assert half.row("report") == ["1", "-", "-", "-", "1", "-", "-", "-"]
    assert "2 of 6 jobs done, 1 running, 1 failed, 2 waiting" in half.text()
    stages = [line.split()[0] for line in half.text().splitlines()[2:5]]
    assert stages == ["seeds", "sample", "report"]


def test_rows_of_a_running_shard_are_those_in_its_journal(half: HalfRun) -> None:
    half.plan(sample=["00000"])
    half.start("sample", "00000", 50)
    path = half.journal("sample", "00000", 40)
    half.log("sample", "00000", "sample 00000: 10 of 100 programs, 0.5/s, 3 min 00 s left")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 200])  # the last row is incomplete
    before = path.read_bytes()
    # 39 rows in 50 s, so 61 more take 78 s.
    assert half.row("sample") == ["1", "-", "1", "-", "-", "39 of 100", "0.78/s", "1 min 18 s"]
    assert path.read_bytes() == before


def test_results_may_be_a_link_to_another_disk(half: HalfRun, tmp_path_factory: Any) -> None:
    half.plan(sample=["00000"])
    half.start("sample", "00000", 60)
    half.ended("sample", "00000", "input", "no such model")
    half.log("sample", "00000", "input error: no such model")
    before = half.text()
    assert "| input error: no such model" in before
    disk = tmp_path_factory.mktemp("disk") / "results"
    (half.root / "results").rename(disk)
    (half.root / "results").symlink_to(disk)
    assert half.text() == before


def test_rows_of_an_earlier_start_do_not_count_in_the_rate(half: HalfRun) -> None:
    half.plan(sample=["00000"])
    half.start("sample", "00000", 50, resumed_rows=30)
    half.journal("sample", "00000", 40)
    half.log("sample", "00000", "sample 00000: 40 of 100 programs, 0.8/s, 1 min 15 s left")
    assert half.row("sample")[5:] == ["40 of 100", "0.2/s", "5 min 00 s"]


def test_waiting_jobs_count_as_the_mean_of_the_known_totals(half: HalfRun) -> None:
    half.plan(verify=SHARDS)
    half.done("verify", "00000", 100, 10)
    half.start("verify", "00001", 10)
    half.log("verify", "00001", "verify: 100 of 200 programs, 10.0/s, 10 s left")
    # 200 rows in 20 s of jobs; one job runs; 100 rows of it and two jobs of 150 are left.
    assert half.row("verify")[5:] == ["200 of about 600", "10.0/s", "40 s"]


def test_no_stage_is_done_before_its_longest_job(half: HalfRun) -> None:
    half.plan(verify=SHARDS[:3])
    for shard, done in zip(SHARDS, (98, 98, 4), strict=False):
        half.start("verify", shard, 10)
        half.log("verify", shard, f"verify: {done} of 100 programs, 1.0/s, 1 s left")
    # 200 rows in 30 s of three jobs: 100 rows left would take 5 s, but one job has 96 of them.
    assert half.row("verify")[-1] == "14 s"


def test_a_training_shows_its_steps(half: HalfRun) -> None:
    half.plan(codegen=["all"])
    half.start("codegen", "all", 500)
    line = "codegen: 1,500 of 2,000 steps, loss 0.242, 1,130 tokens/s, 2 min 05 s left"
    half.log("codegen", "all", line, "some library's warning", age=5)
    shown = ["1,500 of 2,000 steps", "1,130 tokens/s", "2 min 00 s"]
    assert half.row("codegen")[5:] == shown


def test_a_line_of_progress_is_read_as_printed(half: HalfRun) -> None:
    half.plan(judge=["00000"])
    half.start("judge", "00000", 10)
    half.log("judge", "00000", Progress("judge 00000", 5_000).line(0.0))
    assert half.row("judge")[5:] == ["0 of 5,000", "-", "-"]


def test_a_job_without_a_heartbeat_was_killed(half: HalfRun) -> None:
    half.plan(sample=SHARDS[:2])
    half.age(half.start("sample", "00000", 900, slurm="17"), 600)
    half.age(half.start("sample", "00001", 900), 100)  # between two heartbeats
    log = half.root / ".snakemake/slurm_logs/rule_sample/00000/17.log"
    log.parent.mkdir(parents=True)
    log.write_text("before\nslurmstepd: error: *** STEP 17.0 CANCELLED DUE TO TIME LIMIT ***\n")
    half.log("sample", "00000", "sample 00000: 10 of 100 programs, 0.1/s, 900 s left")
    assert half.row("sample")[:5] == ["2", "-", "1", "1", "-"]
    text = half.text()
    assert "sample 00000: failed once\n" in text
    assert "on node7, Slurm job 17: cluster: exited without an error message: killed" in text
    assert "    | slurmstepd: error: *** STEP 17.0 CANCELLED DUE TO TIME LIMIT ***\n" in text
    assert "  logs/half/sample/00000.log:\n    | sample 00000: 10 of 100 programs" in text


def test_on_this_machine_a_dead_process_is_detected_at_once(half: HalfRun) -> None:
    half.plan(sample=SHARDS[:2])
    with subprocess.Popen(["sleep", "60"]) as alive:
        half.start("sample", "00000", 60, host=socket.gethostname(), pid=alive.pid)
        dead = subprocess.Popen(["true"])
        dead.wait()
        half.start("sample", "00001", 60, host=socket.gethostname(), pid=dead.pid)
        assert half.row("sample")[:5] == ["2", "-", "1", "1", "-"]
        alive.kill()


def test_failed_and_retried_jobs_are_listed_with_the_owner_of_the_failure(half: HalfRun) -> None:
    half.plan(model=["m"], verify=SHARDS, unify=["a"])
    half.start("verify", "00000", 300, slurm="21")
    half.ended("verify", "00000", "sandbox", "no user\nnamespaces here")
    half.start("verify", "00000", 200, slurm="22")
    half.ended("verify", "00000", "caco", "KeyError: 'x'")
    half.log("verify", "00000", *(f"line {n}" for n in range(9)), "KeyError: 'x'")
    half.start("verify", "00001", 300)
    half.ended("verify", "00001", "cluster", "the disk is full")
    half.done("verify", "00001", 10, 1)
    half.start("verify", "00002", 300)
    half.ended("verify", "00002", "person", "interrupted")
    half.start("verify", "00002", 20)
    text = half.text()
    failed = text.index("verify 00000: failed 2 times\n")
    assert "Slurm job 21: sandbox: no user namespaces here\n" in text
    assert "Slurm job 22: caco: KeyError: 'x'\n" in text
    assert "    | line 5\n    | line 6\n    | line 7\n    | line 8\n    | KeyError: 'x'\n" in text
    assert "line 4" not in text
    assert failed < text.index("verify 00001: done after it failed once\n")
    assert "cluster: the disk is full" in text
    assert "verify 00002: running after it failed once\n" in text
    assert "person: interrupted" in text
    assert "unify" not in text[failed:]


def test_what_failed_before_the_run_was_started_again_waits(half: HalfRun) -> None:
    half.plan(sample=SHARDS[:1])
    half.start("sample", "00000", 9000)
    half.ended("sample", "00000", "input", "no such model")
    half.age(heartbeat_file(half.record_of("sample", "00000")), 8000)
    half.journal("sample", "00000", 40)
    half.log("sample", "00000", "sample 00000: 40 of 100 programs, 0.8/s, 1 min 15 s left")
    assert half.row("sample") == ["1", "-", "-", "-", "1", "40 of 100", "-", "-"]
    assert "sample 00000: waiting after it failed once\n" in half.text()
    assert "logs/" not in half.text()


def test_the_log_of_a_job_whose_script_did_not_start_is_shown(half: HalfRun) -> None:
    half.plan(sample=SHARDS)
    error = "cluster error: .venvs/train: there is no such environment"
    half.log("sample", "00000", error, age=600)
    half.log("sample", "00001", age=5)  # starting
    half.log("sample", "00002", "sample 00002: 9 of 9 programs, 1.0/s, done", age=7200)  # old
    assert half.row("sample")[:5] == ["4", "-", "1", "1", "2"]
    assert f"    | {error}\n" in half.text()


def test_many_failures_are_counted_and_not_listed(half: HalfRun) -> None:
    shards = [f"{n:05d}" for n in range(50)]
    half.plan(sample=shards)
    for shard in shards:
        half.start("sample", shard, 60)
        half.ended("sample", shard, "input", "no such model")
    assert half.text().count("no such model") == 20
    assert "and 30 more jobs that failed or were started again" in half.text()


def test_after_a_failed_run_its_failures_are_printed(
    half: HalfRun, capsys: pytest.CaptureFixture[str]
) -> None:
    half.plan(sample=SHARDS)
    half.start("sample", "00000", 60)  # killed: Snakemake knows, the heartbeat file does not yet
    half.start("sample", "00001", 60)
    half.ended("sample", "00001", "input", "no such model")
    half.start("sample", "00002", 60)
    half.ended("sample", "00002", "cluster", "no disk")
    half.done("sample", "00002", 9, 9)
    print_failures(half.folder)
    printed = capsys.readouterr().err
    assert "sample 00000: failed once\n" in printed
    assert "sample 00001: failed once\n" in printed and "input: no such model" in printed
    assert "00002" not in printed and "00003" not in printed


def test_an_unreadable_record_is_printed_and_stops_nothing(
    half: HalfRun, capsys: pytest.CaptureFixture[str]
) -> None:
    half.plan(sample=SHARDS)
    record = half.folder / "provenance/sample/00000.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("made")
    print_failures(half.folder)
    assert f"input error: {record}: not a provenance record" in capsys.readouterr().err


def test_the_reasons_of_pending_jobs_are_shown(half: HalfRun) -> None:
    half.plan(sample=SHARDS)
    queue = [QueuedJob("1", "pending", "Priority")] * 2 + [QueuedJob("3", "pending", "Resources")]
    text = status_text(half.folder, job_states(half.folder, NOW), queue, NOW)
    assert "Slurm: 3 jobs are pending (Priority 2, Resources 1)" in text
    assert "4 waiting; no job is running" in text


def test_a_folder_without_a_run_is_one_error_message(tmp_path: Path) -> None:
    done = command(tmp_path / "results" / "none")
    assert done.returncode == 1
    assert "none/jobs.json: the file does not exist, so no run was started" in done.stderr
    (tmp_path / "jobs.json").write_text("{")
    with pytest.raises(UserError, match=r"jobs\.json: damaged, or of another version"):
        job_states(tmp_path, NOW)


def test_the_rows_of_a_journal_are_read_from_its_end(half: HalfRun) -> None:
    path = half.journal("sample", "00000", 500)
    assert rows_in(path) == 500
    whole = path.read_bytes()
    lines = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for size in (0, 5, lines[0], lines[0] + 1, lines[1] - 1, lines[1], lines[400] + 7, len(whole)):
        path.write_bytes(whole[:size])
        assert rows_in(path) == max(0, sum(end - 1 <= size for end in lines) - 1), size
    half.journal("sample", "00000", 3)
    assert rows_in(half.journal("sample", "00001", 0)) == 0
    assert rows_in(path.with_name("none")) == 0


def test_a_thousand_shards_take_seconds_and_nothing_is_written(half: HalfRun) -> None:
    shards = [f"{n:05d}" for n in range(1000)]
    half.plan(sample=shards, verify=shards, question=shards)
    half.done("sample", "00000", 5_000, 600)
    half.done("verify", "00000", 5_000, 60)
    for rule in ("sample", "verify"):
        made = read_checked(half.record_of(rule, "00000"))
        for shard in shards[1:]:
            write_checked(half.record_of(rule, shard), {**made, "identity": shard})
    journal = half.journal("question", "00000", 2_000)
    for shard in shards[:100]:
        half.start("question", shard, 600)
        half.log("question", shard, f"question {shard}: 2,000 of 5,000 rows, 3.0/s, 16 min left")
        if shard != "00000":
            shutil.copy(journal, half.record_of("question", shard).with_suffix(".journal"))
    before = {p: p.stat().st_mtime_ns for p in half.root.rglob("*")}
    before_s = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = command(half.folder)
    after_s = resource.getrusage(resource.RUSAGE_CHILDREN)
    # CPU time, 1 to 2 s: wall time depends more on the load of the machine.
    took = after_s.ru_utime + after_s.ru_stime - before_s.ru_utime - before_s.ru_stime
    assert {p: p.stat().st_mtime_ns for p in half.root.rglob("*")} == before
    assert "5,000,000" in done.stdout
    assert took < 6, f"{took:.1f} s"
