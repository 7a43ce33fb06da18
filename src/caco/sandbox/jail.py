"""The nsjail configuration of one warm parent: modules, namespaces, mounts and limits.

The parent keeps one capability, CAP_SYS_ADMIN, to create the namespaces and the empty /tmp of its
children. A child drops it before the first line of its program runs.

Memory and file sizes of a child are limited by rlimits, which every kernel offers to every user;
its time by the parent, which reads its clocks. These limits apply to one process. They suffice
because a seccomp rule forbids a second process.
"""

import ast
import os
import re
import sys
import sysconfig
from enum import StrEnum
from pathlib import Path
from typing import Any

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox.cgroups import JailCgroup
from caco.sandbox.guest import serve


class Kind(StrEnum):
    """Which modules a warm parent has loaded.

    A fork copies the page tables of its parent, so a program is run from the smallest parent that
    has loaded what it imports. A program that imports further modules still runs, but has to import
    them itself.
    """

    PLAIN = "plain"
    STANDARD = "standard"
    HEAVY = "heavy"


_STANDARD = (
    "bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "fractions",
    "functools", "heapq", "json", "numbers", "operator", "random", "re", "statistics", "string",
    "typing",
)  # fmt: skip
_HEAVY = ("mpmath", "networkx", "numpy", "scipy", "sympy")

# Part of the interpreter, or imported faster than a larger parent forks.
_CHEAP = frozenset({"__future__", "builtins", "itertools", "math", "sys", "time"})

MODULES: dict[Kind, tuple[str, ...]] = {
    Kind.PLAIN: ("math",),
    Kind.STANDARD: ("math", *_STANDARD),
    # `caco.sandbox.guest.warm` makes the first calls, whose results SymPy caches.
    Kind.HEAVY: (*_STANDARD, *_HEAVY, "scipy.optimize", "scipy.stats", "caco.sandbox.guest.warm"),
}

_TMP = 16 << 20  # bytes of a program's private /tmp
_TMP_OPTIONS = f"size={_TMP},nr_inodes=1024,mode=1777"
_GUEST = Path(serve.__file__).parent

# A program computes and prints. System calls that it does not need, and that most kernel exploits
# use, return ENOSYS or EPERM in the jail:
# - A second process. Threads are allowed (0x10000 is CLONE_THREAD). The parent's own clone requests
#   a PID namespace (0x20000000), for which a child lacks the capability. seccomp cannot inspect the
#   arguments of clone3: ENOSYS makes glibc fall back to clone.
# - Namespaces, the newer mount API, tracing, memory and descriptors of other processes.
# - Effects beyond the process: signals that appear to come from the kernel, locks on an open file
#   that is shared with the parent (F_OFD_SETLK, F_OFD_SETLKW), a CPU rlimit whose SIGKILL would
#   appear to come from the kernel.
# - Sockets, shared memory and queues that outlive a process, keys, BPF programs, kernel modules.
_FORBIDDEN = (
    "execveat", "unshare", "setns", "pivot_root", "chroot", "open_tree", "move_mount",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "ptrace", "process_vm_readv",
    "process_vm_writev", "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "socket",
    "socketpair", "shmget", "shmat", "shmctl", "semget", "semop", "semctl", "msgget", "msgsnd",
    "msgrcv", "msgctl", "mq_open", "add_key", "request_key", "keyctl", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "init_module",
    "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff", "acct",
    "quotactl", "name_to_handle_at", "open_by_handle_at", "fanotify_init", "inotify_init1",
    "personality", "sched_setaffinity", "sched_setscheduler", "sched_setattr",
    "setpriority", "ioprio_set", "flock", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "setrlimit", "memfd_create", "memfd_secret", "vmsplice", "syslog",
)  # fmt: skip


def interpreter() -> Path:
    """Returns the Python that runs the programs: the base interpreter of this environment."""
    return Path(os.path.realpath(sys.executable))


def libpython() -> Path | None:
    """Returns the libpython of this interpreter, or None if it is linked statically.

    The loader may have found it in ways that the jail does not offer: in its cache, as in container
    images of Python, or by LD_LIBRARY_PATH, as with environment modules of a cluster.
    """
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    found = re.search(r"\s(/\S*/libpython[\d.]+[a-z]*\.so\S*)$", maps, re.MULTILINE)
    return Path(found[1]) if found else None


def package_folders() -> dict[str, str]:
    """Returns the package folders of this environment, with their paths in the jail.

    The paths differ because the folders may be below /tmp, which is private in the jail.
    """
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return {folder: f"/jail/packages{i}" for i, folder in enumerate(folders)}


def jail_config(
    limits: Limits, kind: Kind, hash_seed: int, cgroup: JailCgroup | None = None
) -> str:
    """Returns the nsjail configuration of one warm parent, in protobuf text format.

    Args:
        limits: Limits of each program.
        kind: Which modules the parent loads.
        hash_seed: PYTHONHASHSEED, which determines the iteration order of sets of strings.
        cgroup: The cgroup of the jail, if there is one.
    """
    from nsjail.config import Exe, IdMap, NsJailConfig
    from nsjail.enums import LogLevel, RLimitType
    from nsjail.serializers import to_textproto

    start = (
        "import sys; sys.path.insert(0, '/jail'); from caco.sandbox.guest.serve import main; main()"
    )
    arguments = (
        limits.cpu_s, limits.wall_s, limits.memory_mb, limits.output_bytes, _TMP_OPTIONS,
        ":".join(package_folders().values()), ",".join(MODULES[kind]),
    )  # fmt: skip
    config = NsJailConfig(
        hostname="sandbox",
        cwd="/tmp",
        time_limit=0,  # a parent exits when the host closes its channel
        # User and group `nobody` inside the jail; the current user outside.
        uidmap=[IdMap(inside_id="65534")],
        gidmap=[IdMap(inside_id="65534")],
        cap=["CAP_SYS_ADMIN"],
        # A fixed hash seed makes the order of sets reproducible. BLAS would reserve address space
        # for one thread per core.
        envar=[
            f"PYTHONHASHSEED={hash_seed}", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1",
            "HOME=/tmp", *([f"LD_LIBRARY_PATH={shared.parent}"] if (shared := libpython()) else []),
            "LD_BIND_NOW=1",  # lazy binding would copy pages in each child
        ],
        log_level=LogLevel.WARNING,  # nsjail logs the reason of a failed clone() as a warning
        stderr_to_null=True,
        iface_no_lo=True,
        # Limits of the parent; each child sets its own.
        rlimit_as_type=RLimitType.INF,
        rlimit_cpu_type=RLimitType.INF,
        rlimit_fsize=_TMP >> 20,
        rlimit_nofile=64,
        # Kernels before 5.14 count all processes of the user on the machine.
        rlimit_nproc=1024,
        nice_level=0,
        **(cgroup.settings if cgroup else {}),
        seccomp_string=[_policy()],
        mount=_mounts(),
        exec_bin=Exe(
            path=str(interpreter()), arg=["-S", "-s", "-P", "-B", "-c", start, *map(str, arguments)]
        ),
    )  # fmt: skip
    text: str = to_textproto(config)
    return text


def _policy() -> str:
    """Returns the seccomp policy in the Kafel language."""
    names = (*_FORBIDDEN, *(("fork", "vfork") if os.uname().machine == "x86_64" else ()))
    return (
        "POLICY caco { ERRNO(38) { clone3 }, "
        f"ERRNO(1) {{ {', '.join(names)}, "
        "clone(flags) { (flags & 0x20010000) == 0 || (flags & 0x10000000) != 0 }, "
        "fcntl(fd, cmd, arg) { cmd == 37 || cmd == 38 }, "
        "prlimit64(pid, resource, new_limit, old_limit) { resource == 0 && new_limit != 0 } } } "
        "USE caco DEFAULT ALLOW"
    )


def _mounts() -> list[Any]:
    """Returns the mounts: Python, packages and shared libraries, read-only, and a small /tmp.

    Raises:
        SandboxUnavailable: Python itself is below /tmp.
    """
    from nsjail.config import MountPt

    # The interpreter, the standard library and the libraries next to it (conda), and libpython.
    python = [str(interpreter()), os.path.realpath(Path(sys.base_prefix, "lib"))]
    python += [str(shared)] if (shared := libpython()) else []
    if hidden := [path for path in python if Path(path).is_relative_to("/tmp")]:
        raise SandboxUnavailable(
            f"the sandbox's Python is below /tmp ({hidden[0]}), which is private in the jail; "
            "install Python elsewhere"
        )
    wanted = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", *python]
    mounts = {
        path: path
        for path in dict.fromkeys(wanted)
        if Path(path).exists() and not _covered(path, wanted)
    }
    mounts |= package_folders() | {str(_GUEST): "/jail/caco/sandbox/guest"}
    tmp = MountPt(
        dst="/tmp", fstype="tmpfs", rw=True, is_dir=True, nosuid=True, nodev=True,
        options=_TMP_OPTIONS,
    )  # fmt: skip
    return [tmp] + [
        MountPt(src=src, dst=dst, is_bind=True, nosuid=True, nodev=True)
        for src, dst in mounts.items()
    ]


def _covered(path: str, mounted: list[str]) -> bool:
    """Returns whether another folder in `mounted` contains `path`."""
    return any(path != other and Path(path).is_relative_to(other) for other in mounted)


def kind_of(program: str) -> Kind:
    """Returns the kind of parent for a program, by the imports in its syntax tree."""
    if "import" not in program:
        return Kind.PLAIN
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Kind.PLAIN  # the program will not compile
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    if imported & set(_HEAVY):
        return Kind.HEAVY
    return Kind.STANDARD if imported - _CHEAP else Kind.PLAIN
