"""The signature of a run, with keys that are made here."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.reports.conftest import FakeRun

from caco.errors import ClusterError, UserError
from caco.reports.audit.show import show
from caco.reports.audit.signature import check_signature, sign
from caco.reports.audit.verify import audit
from caco.reports.records import read_records, root_of
from caco.runtime.chain import load_record
from caco.runtime.checksums import sha256_of, write_checked

ROOT = Path(__file__).parents[2]
AT = "2026-11-24T05:06:07+00:00"

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed"
)


def make_key(folder: Path, name: str) -> Path:
    key = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)]
    subprocess.run(command, check=True)
    return key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path, "alice")


@pytest.fixture
def signers(tmp_path: Path, key: Path) -> Path:
    """A file that allows the key of `alice`, for signatures of runs only."""
    file = tmp_path / "allowed_signers"
    public = key.with_suffix(".pub").read_text()
    file.write_text(f'alice@example.org namespaces="caco-run" {public}')
    return file


def folder(run: FakeRun) -> Path:
    return Path(run.paths.root)


def root(run: FakeRun) -> str:
    return root_of(read_records(run.records))


@pytest.fixture
def signed(fake_run: FakeRun, key: Path) -> FakeRun:
    sign(folder(fake_run), key, root(fake_run), AT)
    return fake_run


def change_with_record(run: FakeRun) -> None:
    """Changes the last file of the run and its record so that no other record contradicts them."""
    record, file = Path(run.paths.provenance("scores", "all")), Path(run.paths.scores())
    scores = json.loads(file.read_text())
    file.write_text(json.dumps(scores | {"more": 1}))
    values = load_record(record)
    write_checked(record, values | {"outputs": {str(file): sha256_of([file])[file]}})


def test_the_signer_is_named_if_known(signed: FakeRun, signers: Path) -> None:
    by = check_signature(folder(signed), root(signed), signers)
    assert by is not None
    assert by.startswith(f"signed {AT} as tiny by alice@example.org, ED25519 key SHA256:")
    anybody = check_signature(folder(signed), root(signed), None)
    assert anybody is not None and anybody.endswith("; --signers FILE tells whose key it is")


def test_a_record_that_is_changed_with_its_file_contradicts_the_signature(
    signed: FakeRun, signers: Path
) -> None:
    before = root(signed)
    change_with_record(signed)
    found = audit(folder(signed))
    assert found.differences == [], "only the root digest tells it"
    assert found.root is not None and found.root != before
    with pytest.raises(UserError, match=rf"signs the root digest {before}, but that of the run is"):
        check_signature(folder(signed), found.root, signers)


def test_values_that_the_root_leaves_out_are_signed_too(fake_run: FakeRun, key: Path) -> None:
    report = Path(fake_run.paths.report())
    report.write_text("<p>35 of 100</p>")
    fake_run.record("report", "all", [report], [], None)
    run = folder(fake_run)
    digest = audit(run).root
    assert digest is not None
    sign(run, key, digest, AT)

    def refused(file: Path, **changed: object) -> None:
        whole = file.read_bytes()
        write_checked(file, json.loads(whole) | changed)
        assert audit(run).differences == [] and audit(run).root == digest
        with pytest.raises(UserError, match=r"a record or jobs.json was changed after the run was"):
            check_signature(run, digest, None)
        file.write_bytes(whole)

    refused(Path(fake_run.paths.provenance("verify", "00001")), host="elsewhere")
    refused(run / "jobs.json", config={"seed": 2})
    report.write_text("<p>95 of 100</p>")
    record = Path(fake_run.paths.provenance("report", "all"))
    refused(record, outputs={str(report): sha256_of([report])[report]})


def test_every_other_statement_or_signature_is_refused(
    signed: FakeRun, signers: Path, key: Path, tmp_path: Path
) -> None:
    run, digest = folder(signed), root(signed)
    statement, signature = run / "signed.json", run / "signed.json.sig"
    whole, valid = statement.read_bytes(), signature.read_bytes()

    def refused(match: str, allowed: Path | None = signers) -> None:
        with pytest.raises(UserError, match=match) as error:
            check_signature(run, digest, allowed)
        assert "\n" not in str(error.value)
        statement.write_bytes(whole)
        signature.write_bytes(valid)

    statement.write_bytes(whole.replace(b'"tiny"', b'"tinz"'))
    refused(r"no valid signature of .*signed.json")
    statement.write_bytes(whole.replace(b'"tiny"', b'"tinz"'))
    refused(r"no valid signature of .*signed.json", None)
    signature.write_bytes(valid[:60] + b"AAAA" + valid[64:])
    refused("is damaged")
    signature.write_bytes(b"\x00\xff")
    refused("no valid signature", None)
    signature.unlink()
    refused("one of signed.json and signed.json.sig is missing")
    sign(run, make_key(tmp_path, "mallory"), digest, AT)
    refused(rf"its signer is not in {signers}")
    for command in (["-n", "git"], ["-n", "caco-run"]):  # for another purpose; of another text
        text = b"{}" if command[1] == "caco-run" else whole
        statement.write_bytes(text)
        done = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-f", key, *command],
            input=text, capture_output=True, check=True,
        )  # fmt: skip
        signature.write_bytes(done.stdout)
        refused("no statement on a run" if text == b"{}" else "no valid signature")


def test_what_is_missing_is_said(
    fake_run: FakeRun, key: Path, signers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, digest = folder(fake_run), root(fake_run)
    assert check_signature(run, digest, None) is None
    with pytest.raises(UserError, match=r"signed.json: the run is not signed; type "):
        check_signature(run, digest, signers)
    with pytest.raises(UserError, match=r"--signers: .*nobody does not exist"):
        check_signature(run, digest, tmp_path / "nobody")
    with pytest.raises(UserError, match=r"--key: .*nobody does not exist; pass an SSH key"):
        sign(run, tmp_path / "nobody", digest, AT)
    (tmp_path / "text").write_text("no key")
    with pytest.raises(UserError, match=r"--key: ssh-keygen cannot sign with .*text: "):
        sign(run, tmp_path / "text", digest, AT)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match=r"ssh-keygen cannot be started; install OpenSSH 8.2"):
        sign(run, key, digest, AT)
    assert not (run / "signed.json").exists()


def test_the_script_signs_only_what_is_as_recorded(
    fake_run: FakeRun, key: Path, signers: Path
) -> None:
    def script(*args: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/audit.py", *map(str, args)],
            capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    run, corpus = folder(fake_run), Path(fake_run.paths.corpus())
    whole = corpus.read_bytes()
    corpus.write_bytes(whole[:-1] + b"?")
    code, _, errors = script("sign", run, "--key", key)
    assert code == 1 and errors.startswith(f"input error: {corpus}: its SHA-256 is ")
    assert not (run / "signed.json").exists()
    corpus.write_bytes(whole)
    code, printed, errors = script("sign", run, "--key", key)
    assert (code, errors) == (0, "") and f"{run}: signed 20" in printed
    code, printed, errors = script("verify", run, "--signers", signers)
    assert (code, errors) == (0, "")
    assert printed.splitlines()[-1].split(" by ")[1].startswith("alice@example.org, ED25519 key")
    (answer,) = (one.lines for one in show(run) if one.question == "Is it as recorded?")
    assert answer[1] == printed.splitlines()[-1]
    change_with_record(fake_run)
    code, printed, errors = script("verify", run)
    assert code == 1 and "Root" not in printed
    assert errors.startswith(f"input error: {run / 'signed.json'}: signs the root digest ")
