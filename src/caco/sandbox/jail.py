"""The jail of one warm parent: its namespaces, its files and its limits, as nsjail takes them.

The parent keeps one capability, to make the namespaces of its children and the /tmp that each finds
empty; a child gives it up before a line of its program runs.

A child's memory and files are bounded by rlimits, which every kernel and every user has; its time
by the parent, which reads its clocks. Both hold for one process, and are enough because a seccomp
rule forbids a second one.
"""

import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

from caco.config.checks import SandboxLimits as Limits
from caco.errors import SandboxUnavailable
from caco.sandbox.cgroups import JailCgroup
from caco.sandbox.guest import serve
from caco.sandbox.kinds import MODULES, Kind

_TMP = 16 << 20  # bytes of a program's private /tmp
_TMP_OPTIONS = f"size={_TMP},nr_inodes=1024,mode=1777"
_GUEST = Path(serve.__file__).parent

# A program computes and prints. What it never needs, and what has carried most ways out of a
# kernel, does not exist in the jail (ENOSYS) or is forbidden (EPERM):
# - a second process. A thread (0x10000 is CLONE_THREAD) may be; the parent's own clone asks for a
#   PID namespace (0x20000000), which a child has no capability for. clone3's arguments are out of a
#   rule's sight: ENOSYS makes glibc use clone.
# - namespaces, mounts by the newer interface, tracing, other processes' memory and descriptors;
# - what reaches beyond the process: signals that look like the kernel's, locks on an open file that
#   is the parent's too (F_OFD_SETLK, F_OFD_SETLKW), a CPU limit that ends it in the kernel's name;
# - sockets, shared memory and queues that outlive a process, keys, kernel programs and modules.
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
    """Returns the Python that programs run under: this one, outside of any virtual environment."""
    return Path(os.path.realpath(sys.executable))


def libpython() -> Path | None:
    """Returns the shared library that this interpreter is in; None where it holds all itself.

    The loader may have found it in ways that a jail has not: its cache, as in the registry's images
    of Python, or LD_LIBRARY_PATH, as with a cluster's modules.
    """
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    found = re.search(r"\s(/\S*/libpython[\d.]+[a-z]*\.so\S*)$", maps, re.MULTILINE)
    return Path(found[1]) if found else None


def package_folders() -> dict[str, str]:
    """Returns the folders of this environment's packages, and where the jail has them.

    Elsewhere than here: they may lie below /tmp, which a program has to itself.
    """
    here = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return {folder: f"/jail/packages{i}" for i, folder in enumerate(here)}


def jail_config(
    limits: Limits, kind: Kind, hash_seed: int, cgroup: JailCgroup | None = None
) -> str:
    """Returns nsjail's configuration, in its text format, for one warm parent.

    Args:
        limits: What each program may use.
        kind: What the parent loads.
        hash_seed: Seed of its strings' hashes, which order its sets.
        cgroup: The jail's cgroup, where there is one.
    """
    from nsjail.config import Exe, IdMap, NsJailConfig
    from nsjail.enums import LogLevel, RLimitType
    from nsjail.serializers import to_textproto

    start = (
        "import sys; sys.path.insert(0, '/jail'); from caco.sandbox.guest.serve import main; main()"
    )
    asked = (
        limits.cpu_s, limits.wall_s, limits.memory_mb, limits.output_bytes, _TMP_OPTIONS,
        ":".join(package_folders().values()), ",".join(MODULES[kind]),
    )  # fmt: skip
    config = NsJailConfig(
        hostname="sandbox",
        cwd="/tmp",
        time_limit=0,  # a parent lives as long as its host, whose hangup ends it
        # Inside, the user is nobody's; outside, whoever runs this.
        uidmap=[IdMap(inside_id="65534")],
        gidmap=[IdMap(inside_id="65534")],
        cap=["CAP_SYS_ADMIN"],
        # Sets of strings keep one order: a program gives the same result in every run. BLAS would
        # reserve address space for a thread a core.
        envar=[
            f"PYTHONHASHSEED={hash_seed}", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1",
            "HOME=/tmp", *([f"LD_LIBRARY_PATH={shared.parent}"] if (shared := libpython()) else []),
            "LD_BIND_NOW=1",  # or each child would bind, and copy pages for, what it calls first
        ],
        log_level=LogLevel.WARNING,  # the reason of a failed clone() is a warning
        stderr_to_null=True,
        iface_no_lo=True,
        # The parent's own; its children set theirs.
        rlimit_as_type=RLimitType.INF,
        rlimit_cpu_type=RLimitType.INF,
        rlimit_fsize=_TMP >> 20,
        rlimit_nofile=64,
        # Kernels before 5.14 count all processes of the user, on the whole machine.
        rlimit_nproc=1024,
        nice_level=0,
        **(cgroup.settings if cgroup else {}),
        seccomp_string=[_policy()],
        mount=_mounts(),
        exec_bin=Exe(
            path=str(interpreter()), arg=["-S", "-s", "-P", "-B", "-c", start, *map(str, asked)]
        ),
    )  # fmt: skip
    text: str = to_textproto(config)
    return text


def _policy() -> str:
    """Returns the seccomp rules in nsjail's language."""
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
    """Returns what the jail sees: read-only Python, packages and shared libraries; a small /tmp.

    Raises:
        SandboxUnavailable: Python itself lies below /tmp.
    """
    from nsjail.config import MountPt

    # The interpreter, the standard library, and what it links to: libpython and, from conda, more.
    python = [str(interpreter()), os.path.realpath(Path(sys.base_prefix, "lib"))]
    python += [str(shared)] if (shared := libpython()) else []
    if hidden := [path for path in python if Path(path).is_relative_to("/tmp")]:
        raise SandboxUnavailable(
            f"the sandbox's Python lies below /tmp ({hidden[0]}), which every program has to "
            "itself; install Python elsewhere"
        )
    wanted = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", *python]
    seen = {
        path: path
        for path in dict.fromkeys(wanted)
        if Path(path).exists() and not _covered(path, wanted)
    }
    seen |= package_folders() | {str(_GUEST): "/jail/caco/sandbox/guest"}
    tmp = MountPt(
        dst="/tmp", fstype="tmpfs", rw=True, is_dir=True, nosuid=True, nodev=True,
        options=_TMP_OPTIONS,
    )  # fmt: skip
    return [tmp] + [
        MountPt(src=src, dst=dst, is_bind=True, nosuid=True, nodev=True)
        for src, dst in seen.items()
    ]


def _covered(path: str, mounted: list[str]) -> bool:
    """Tells whether a folder among `mounted` holds `path` already."""
    return any(path != other and Path(path).is_relative_to(other) for other in mounted)
