"""What scripts share: arguments, the record, error messages, the exit with Snakemake."""

import errno
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caco.errors import CacoError, SandboxUnavailable
from caco.identity import canonical_json, digest, file_sha256, request_seed, shard_names
from caco.runtime.engine_start import model_ready
from caco.runtime.job import Job, run
from caco.runtime.progress import Progress, ReportedProgress, duration, progress_line, read_progress
from caco.runtime.provenance import Counts
from caco.workflow.paths import Paths

ROOT = Path(__file__).resolve().parents[2]


def job_with(tmp_path: Path, *extra: str) -> Job:
    job = Job("A test.", rule="verify")
    job.reads("--programs", help="rows", many=True)
    job.writes("--verified", help="rows")
    job.parse(
        ["--programs", *extra, "--verified", str(tmp_path / "out"), "--spec", '{"a": 1}',
         "--code", "c0de", "--identity", "00000", "--provenance", str(tmp_path / "p.json")]
    )  # fmt: skip
    return job


def test_the_record_holds_inputs_outputs_and_counts(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("in")
    (tmp_path / "out").write_text("out")
    job = job_with(tmp_path, str(tmp_path / "in"))
    counts = Counts()
    counts.accept()
    counts.reject("too_short")
    job.done(counts, seed=7)
    record = json.loads((tmp_path / "p.json").read_text())
    assert record["inputs"] == {str(tmp_path / "in"): file_sha256(tmp_path / "in")}
    assert record["outputs"] == {str(tmp_path / "out"): file_sha256(tmp_path / "out")}
    assert record["rows"] == {"in": 2, "accepted": 1, "rejected": {"too_short": 1}}
    assert (record["rule"], record["identity"], record["seed"]) == ("verify", "00000", 7)
    assert (record["spec"], record["code"]) == ({"a": 1}, "c0de")
    assert record["versions"]["python"] and record["host"] and record["seconds"] >= 0


def test_the_record_holds_the_slurm_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    (tmp_path / "out").write_text("out")
    job_with(tmp_path).done()
    assert json.loads((tmp_path / "p.json").read_text())["slurm"] == {"SLURM_JOB_ID": "42"}


def test_the_record_holds_the_start_of_the_models_of_this_job(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("out")
    model_ready()  # of an earlier job of this process
    job_with(tmp_path).done()
    assert "start_s" not in json.loads((tmp_path / "p.json").read_text())["used"]
    job = job_with(tmp_path)
    model_ready(time.monotonic() + 30)  # a replica's
    model_ready()
    job.done()
    assert 30 <= json.loads((tmp_path / "p.json").read_text())["used"]["start_s"] < 40


def test_the_journal_is_deleted_when_the_record_is_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("out")
    job = job_with(tmp_path)
    path, parts = job.journal("the model")
    assert path == tmp_path / "p.journal"
    assert parts == {"settings": '{"a": 1}', "model": "the model", "code": "c0de"}
    path.touch()
    job.done()
    assert (tmp_path / "p.json").exists() and not path.exists()


def test_counts_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("out")
    with pytest.raises(CacoError, match="3 rows in, but 1 accepted and 1 rejected"):
        job_with(tmp_path).done(Counts(rows_in=3, accepted=1, rejected={"x": 1}))


def test_a_file_of_the_first_shard_stands_for_every_shard(tmp_path: Path) -> None:
    job = job_with(tmp_path, "a/00000.parquet", "b", "--shards", "2")
    assert job.args.programs == [Path("a/00000.parquet"), Path("a/00001.parquet"), Path("b")]


def test_without_a_count_a_file_is_itself(tmp_path: Path) -> None:
    assert job_with(tmp_path, "a/00000.parquet").args.programs == [Path("a/00000.parquet")]


def test_a_spec_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text('{"b": 2}')
    job = Job("A test.", rule="r")
    job.parse(["--spec", str(tmp_path / "spec.json"), "--provenance", str(tmp_path / "p")])
    assert job.args.spec == '{"b": 2}'


def test_an_error_is_one_message_with_its_owner(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise SandboxUnavailable("no nsjail")

    with pytest.raises(SystemExit) as ended:
        run(fails)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "sandbox error: no nsjail\n"


def test_a_full_disk_is_one_message_too(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/x")

    with pytest.raises(SystemExit):
        run(fails)
    printed = capsys.readouterr().err
    assert printed.startswith("cluster error: results/x: no space left on its disk")


def test_a_job_exits_when_its_snakemake_has_exited(tmp_path: Path) -> None:
    code = (
        "import time; from caco.runtime.job import Job; job = Job('', rule='r');"
        f"job.parse(['--spec', '{{}}', '--provenance', '{tmp_path}/p']); time.sleep(60)"
    )
    snakemake = subprocess.Popen(["sleep", "60"])
    job = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "SNAKEMAKE_PID": str(snakemake.pid)},
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(2)
        assert job.poll() is None
        snakemake.kill()
        snakemake.wait()
        assert job.wait(timeout=10) == 1
    finally:
        job.kill()
        snakemake.kill()


@pytest.mark.parametrize(
    "script", sorted((ROOT / "scripts").glob("*.py")), ids=lambda path: path.stem
)
def test_every_script_has_a_help_text(script: Path) -> None:
    assert '"""' in script.read_text()[:4]
    if script.stem == "generate":
        return
    done = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=False
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.fail(f"{script.name} --help needs a package of its own environment: {done.stderr}")
    assert done.returncode == 0
    assert done.stdout.startswith("usage:")


def test_identities() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert canonical_json({"b": 1, "a": [1.0]}) == '{"a":[1.0],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))
    seeds = {request_seed(0, shard, n) for shard in shard_names(3) for n in range(100)}
    assert len(seeds) == 300
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_shards_keep_their_names_when_there_are_more() -> None:
    assert shard_names(12)[:3] == shard_names(3) == ["00000", "00001", "00002"]


def test_every_path_is_below_its_run() -> None:
    paths = Paths("x")
    assert paths.rejected("verify", "00001") == "results/x/rejected/verify/00001.parquet"
    assert paths.log("verify", "00001") == "logs/x/verify/00001.log"


def test_progress_shows_rows_rate_and_time_left() -> None:
    out = io.StringIO()
    progress = Progress("sample 00001", 200, every_s=0, out=out)
    progress.add(50)
    assert progress.line(5.0) == "sample 00001: 50 of 200 rows, 5.0/s, 30 s left"
    progress.add(150)
    assert out.getvalue().splitlines()[-1].endswith("done")


def test_the_rate_leaves_out_the_start_and_the_rows_of_earlier_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    out = io.StringIO()
    progress = Progress("sample 00001", 200, out=out)
    for now[0], rows in ((60.0, 100), (62.0, 2), (80.0, 8)):
        progress.add(rows)
    assert out.getvalue().splitlines() == [
        "sample 00001: 100 of 200 rows, no rate yet, unknown left",
        "sample 00001: 110 of 200 rows, 0.5/s, 3 min 00 s left",
    ]


@pytest.mark.parametrize("left_s", [0.0, 42.0, 185.0, 7800.0, float("inf")])
@pytest.mark.parametrize("done", [0, 999, 12_000])
def test_progress_is_read_back_from_a_log(done: int, left_s: float) -> None:
    line = progress_line("bench base gsm8k", done, 12_000, "rows", "loss 0.2, 1,130/s", left_s)
    log = f"sample: 1 of 2 rows, 1.0/s, 1 s left\n{line}\na warning, 1 of 3 things, done with\n"
    known = 0.0 if done == 12_000 else None if left_s == float("inf") else left_s
    assert read_progress(log) == ReportedProgress(done, 12_000, "rows", "loss 0.2, 1,130/s", known)
    assert read_progress("a warning: 3 of 4\n") is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (42, "42 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
