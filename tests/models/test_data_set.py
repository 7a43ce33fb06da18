"""Files of a data set on a hub: downloaded at a revision from a server of this test."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from caco.models.manifest import open_checkpoint
from caco.rows.seed import Seed
from caco.rows.table import read_rows

ROOT = Path(__file__).resolve().parents[2]
REVISION = "0123456789abcdef" * 2 + "01234567"
FILES = {
    "README.md": b"# A data set\n",
    "data/train-0.jsonl": b'{"problem": "1 + 1?", "answer": "2"}\n',
    "data/train-1.jsonl": b'{"problem": "2 + 2?", "answer": "4"}\n',
    "data/test-0.jsonl": b'{"problem": "3 + 3?", "answer": "6"}\n',
}


class Hub(BaseHTTPRequestHandler):
    """Answers the requests of `snapshot_download` for one data set."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        if path == f"/api/datasets/owner/name/tree/{REVISION}":
            tree = [
                {"type": "file", "path": name, "size": len(text), "oid": sha256(text).hexdigest()}
                for name, text in FILES.items()
            ]
            body = json.dumps(tree).encode()
        else:
            name = path.removeprefix(f"/datasets/owner/name/resolve/{REVISION}/")
            if name not in FILES:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = FILES[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a hub with one data set."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def section(files: str = "data/train-*.jsonl", repo: str = "owner/name") -> dict[str, str]:
    return {"repo": repo, "revision": REVISION, "files": files}


def script(name: str, hub: str, spec: dict[str, Any], *arguments: object) -> tuple[int, str]:
    """Runs a script of the source `mine`; returns its exit code and the last line of stderr."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / f"{name}.py", "--source", "mine",
         "--provenance", "provenance.json", "--spec", json.dumps(spec), *map(str, arguments)],
        env={**os.environ, "HF_ENDPOINT": hub, "HF_HUB_OFFLINE": "0"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, (done.stderr.splitlines() or [""])[-1]


def test_seeds_are_read_from_the_files_of_the_pattern(
    hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = Path("data_sets/mine/manifest.json")
    assert script("data_set", hub, section(), "--manifest", manifest)[0] == 0
    folder = open_checkpoint(manifest).folder
    found = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
    assert found == {"data/train-0.jsonl", "data/train-1.jsonl"}

    fields = {"problem": "problem", "answer": "answer"}
    table = {"reader": "table", "hub": section(), "fields": fields, "licence": "MIT"}
    outputs = ("--seeds", "seeds.parquet", "--held-out", "held.parquet", "--rejected", "no.parquet")
    assert script("seeds", hub, table, *outputs, "--files", manifest)[0] == 0
    assert [s.problem for s in read_rows(Path("seeds.parquet"), Seed)] == ["1 + 1?", "2 + 2?"]

    (folder / "data" / "train-1.jsonl").write_bytes(FILES["data/test-0.jsonl"])
    code, line = script("seeds", hub, table, *outputs, "--files", manifest)
    assert code == 1
    assert line.startswith(f"input error: {folder}/data/train-1.jsonl: ")

    assert script("data_set", hub, section("data/test-*"), "--manifest", manifest)[0] == 0
    assert [f.name for f in open_checkpoint(manifest).folder.rglob("*.jsonl")] == ["test-0.jsonl"]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (section("*.csv"), "no file matches `*.csv`; correct `sources.mine.seeds.hub.files`"),
        (section(repo="owner/other"), "no such dataset or revision; correct `sources.mine.seeds."),
    ],
)
def test_a_data_set_that_is_not_there_is_one_sentence(
    hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: dict[str, str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, line = script("data_set", hub, spec, "--manifest", "data_sets/mine/manifest.json")
    assert (code, line.startswith("input error: owner/")) == (1, True)
    assert sentence in line
    assert not Path("data_sets/mine/manifest.json").exists()
