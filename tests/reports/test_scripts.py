"""The scripts that read a finished run."""

import subprocess
import sys
from pathlib import Path

from caco.reports.records import read_records, root_of

ROOT = Path(__file__).parents[2]


def script(name, *args):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, args)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_scripts_work_on_a_run(fake_run, tmp_path):
    files, root = fake_run.files(), fake_run.paths.root
    made = script(
        "report", "--records", *files.records, "--rows", *files.rows, "--corpus", files.corpus,
        "--losses", *files.losses, "--scores", files.scores,
        "--funnel", fake_run.paths.funnel(), "--report", fake_run.paths.report(),
        "--spec", '{"run": "tiny"}', "--provenance", fake_run.paths.provenance("report", "all"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    golden = (Path(__file__).parent / "funnel.txt").read_text()
    printed = script("funnel", root).stdout
    assert printed.startswith(f"{golden}\neasy, base: 1 of 4 right, 25.0% (4.6 to 69.9)")
    assert "\neasy, student minus base: +50.0 points" in printed
    digest = root_of(read_records(fake_run.records))
    assert printed.endswith(f"\nRoot digest: {digest}\nReport: {fake_run.paths.report()}\n")
    assert digest in Path(fake_run.paths.report()).read_text()


def test_a_damaged_file_is_one_error_message(fake_run):
    files = fake_run.files()
    files.corpus.write_bytes(b"broken")
    made = script(
        "report", "--records", *files.records, "--rows", *files.rows, "--corpus", files.corpus,
        "--losses", *files.losses, "--scores", files.scores,
        "--funnel", fake_run.paths.funnel(), "--report", fake_run.paths.report(),
        "--spec", '{"run": "tiny"}', "--provenance", fake_run.paths.provenance("report", "all"),
    )  # fmt: skip
    assert made.returncode == 1
    assert made.stderr.startswith(f"input error: {files.corpus}: its SHA-256 is ")
    assert len(made.stderr.splitlines()) == 1
    assert not Path(fake_run.paths.report()).exists()
