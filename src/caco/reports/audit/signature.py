"""The signature of a run: a person states with an SSH key which root digest the run has.

`signed.json` in the folder of the run is the statement, `signed.json.sig` OpenSSH's signature of
it, which `ssh-keygen -Y verify` checks without this program.
"""

import json
import subprocess
from pathlib import Path

from caco.errors import ClusterError, UserError
from caco.reports.records import planned_jobs
from caco.runtime.atomic_files import write_text
from caco.runtime.checksums import json_sha256, sha256_of
from caco.workflow.paths import Paths

NAMESPACE = "caco-run"
"""A signature that was made for another purpose, as of a commit, is none of a run."""
_STATEMENT = "signed.json"
_SIGNATURE = "signed.json.sig"


def sign(run: Path, key: Path, root: str, at: str) -> None:
    """Signs a run whose files are as recorded.

    Args:
        run: `results/{run}`.
        key: A private SSH key, or a public one whose private key is in the agent.
        root: The root digest.
        at: When, in UTC.

    Raises:
        UserError: There is no such key, or it cannot sign.
        ClusterError: ssh-keygen cannot be started.
        CacoError: The folder is not writable.
    """
    if not key.is_file():
        raise UserError(
            f"--key: {key} does not exist; pass an SSH key, or make one with "
            f"`ssh-keygen -t ed25519 -f {key}`"
        )
    values = {"run": run.name, "root": root, "records": _records(run), "at": at}
    statement = json.dumps(values, indent=1) + "\n"
    done = _ssh_keygen(["sign", "-f", str(key)], statement.encode())
    if done.returncode:
        raise UserError(f"--key: ssh-keygen cannot sign with {key}: {_message(done)}")
    write_text(run / _STATEMENT, statement)
    write_text(run / _SIGNATURE, done.stdout.decode())


def check_signature(run: Path, root: str, signers: Path | None) -> str | None:
    """Checks the signature of a run; returns when and by whom it was signed, None without one.

    Args:
        run: `results/{run}`.
        root: The root digest that its records have now.
        signers: OpenSSH's `allowed_signers`, which names the keys of the signers; without it, a
            signature by any key is one.

    Raises:
        UserError: The signature is damaged, of another digest or of an unknown signer, or it is
            missing although `signers` are given.
        ClusterError: ssh-keygen cannot be started.
    """
    file, signature = run / _STATEMENT, run / _SIGNATURE
    if signers is not None and not signers.is_file():
        raise UserError(f"--signers: {signers} does not exist; pass a file of allowed signers")
    if not (file.exists() or signature.exists()):
        if signers is None:
            return None
        raise UserError(
            f"{file}: the run is not signed; type `python scripts/audit.py sign {run} --key FILE`, "
            "or leave --signers out"
        )
    if not (file.is_file() and signature.is_file()):
        raise UserError(f"{run}: one of {_STATEMENT} and {_SIGNATURE} is missing; {_again(run)}")
    statement = file.read_bytes()
    signer = _signer(signature, statement, signers, run)
    try:
        name, signed, records, at = (
            str(json.loads(statement)[key]) for key in ("run", "root", "records", "at")
        )
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{file}: no statement on a run, or of another version; {_again(run)}"
        ) from None
    if signed != root:
        raise UserError(
            f"{file}: signs the root digest {signed}, but that of the run is {root}: a "
            f"file was changed together with its record; restore it, or {_again(run)}"
        )
    if records != _records(run):
        raise UserError(
            f"{file}: a record or jobs.json was changed after the run was signed: no row, but "
            f"times, counts, host, versions, config or report; restore it, or {_again(run)}"
        )
    return f"signed {at} as {name} by {signer}"


def _signer(signature: Path, statement: bytes, signers: Path | None, run: Path) -> str:
    """Returns the signer's name, if it is known, and key."""
    if signers is None:
        done = _ssh_keygen(["check-novalidate", "-s", str(signature)], statement)
        if done.returncode:
            raise _damaged(signature, run, done)
        return f"the {_key(done)}; --signers FILE tells whose key it is"
    found = _ssh_keygen(["find-principals", "-s", str(signature), "-f", str(signers)], b"")
    if found.returncode:
        raise UserError(
            f"{signature}: its signer is not in {signers}, or it is damaged ({_message(found)}); "
            f"add the public key of a signer whom you know, or {_again(run)}"
        )
    name = found.stdout.decode().splitlines()[0]
    options = ["-s", str(signature), "-f", str(signers), "-I", name]
    done = _ssh_keygen(["verify", *options], statement)
    if done.returncode:
        raise _damaged(signature, run, done)
    return f"{name}, {_key(done)}"


def _damaged(signature: Path, run: Path, done: subprocess.CompletedProcess[bytes]) -> UserError:
    return UserError(
        f"{signature}: no valid signature of {run / _STATEMENT} ({_message(done)}); {_again(run)}"
    )


def _again(run: Path) -> str:
    return f"sign again: `python scripts/audit.py sign {run} --key FILE`"


def _records(run: Path) -> str:
    """Returns the digest of what the root digest leaves out: all records as files, and the plan.

    The preflight rules are left out, because they may run again at any time.
    """
    paths = Paths(run.name, str(run.parent))
    records = [
        Path(paths.provenance(rule, identity))
        for rule, identities in planned_jobs(run).items()
        if not rule.startswith("preflight")
        for identity in identities
    ]
    digests = sha256_of([*records, Path(paths.jobs())])
    return json_sha256({path.relative_to(run).as_posix(): sha for path, sha in digests.items()})


def _ssh_keygen(options: list[str], statement: bytes) -> subprocess.CompletedProcess[bytes]:
    verb, *others = options
    command = ["ssh-keygen", "-Y", verb, *others]
    if verb != "find-principals":
        command += ["-n", NAMESPACE]
    try:
        return subprocess.run(command, input=statement, capture_output=True, check=False)
    except OSError:
        raise ClusterError(
            "ssh-keygen cannot be started; install OpenSSH 8.2 or later, or do it on another "
            "machine: it needs the folder of the run only"
        ) from None


def _message(done: subprocess.CompletedProcess[bytes]) -> str:
    """Returns the last line that ssh-keygen wrote on standard error."""
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no message")


def _key(done: subprocess.CompletedProcess[bytes]) -> str:
    """Returns the key in ssh-keygen's `Good ... signature ... with ED25519 key SHA256:...`."""
    return done.stdout.decode().strip().rpartition(" with ")[2]
