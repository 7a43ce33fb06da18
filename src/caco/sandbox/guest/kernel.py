"""System calls that Python does not provide, with their numbers on x86-64 and arm64."""

import ctypes
import mmap
import os
import resource
import time

_NEWIPC, _NEWPID, _SIGCHLD = 0x08000000, 0x20000000, 17
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_MOUNT_FLAGS = 2 | 4  # MS_NOSUID | MS_NODEV
_DETACH = 2
_CAPABILITY_VERSION_3 = 0x20080522
_SCHED_CLOCK = 2  # CPU time of a process, all threads together

# A call through PyDLL holds the GIL: a child must not start without it. Functions and arguments are
# created once, here: objects that a child creates cost it copied pages.
_libc = ctypes.PyDLL(None)
_syscall = _libc.syscall
_clone_arguments = (
    *map(ctypes.c_long, (_SYS_CLONE.get(os.uname().machine, -1), _NEWPID | _NEWIPC | _SIGCHLD)),
    *(ctypes.c_long(0),) * 4,
)
_before, _in_child, _in_parent = (
    getattr(ctypes.pythonapi, f"PyOS_{when}")
    for when in ("BeforeFork", "AfterFork_Child", "AfterFork_Parent")
)
_capset = _libc.capset
_no_capabilities = (
    ctypes.pointer((ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)),
    ctypes.pointer((ctypes.c_uint32 * 6)()),
)


def fork() -> int:
    """Forks into new PID and IPC namespaces; returns as `os.fork` does.

    One `clone` instead of `unshare` and `fork`, because every fork copies the page tables of the
    parent, which dominates its cost. The child is process 1 of its namespace. The caller must be
    process 1 as well, because glibc in the child continues to use the caller's thread id.

    Raises:
        OSError: The system call failed.
    """
    _before()
    pid: int = _syscall(*_clone_arguments)
    if pid == 0:
        _in_child()
        return 0
    _in_parent()
    if pid < 0:
        raise OSError("clone failed")
    return pid


def drop_capabilities() -> None:
    """Drops all capabilities permanently: the jail sets no_new_privs."""
    if _capset(*_no_capabilities) != 0:
        raise OSError("capset failed")


def fresh_tmpfs(folder: str, options: str) -> None:
    """Mounts an empty tmpfs at `folder`, in place of a tmpfs that is mounted there."""
    _libc.umount2(folder.encode(), _DETACH)
    if _libc.mount(b"tmpfs", folder.encode(), b"tmpfs", _MOUNT_FLAGS, options.encode()) != 0:
        raise OSError("mount failed")


def cpu_ns(pid: int) -> int:
    """Returns the CPU time of a running process in nanoseconds."""
    return time.clock_gettime_ns((~pid << 3) | _SCHED_CLOCK)


def address_space() -> int:
    """Returns the size of this process's address space in bytes, rounded up to a MiB or less.

    The jail has no /proc, so a binary search finds the smallest RLIMIT_AS under which a page can
    still be mapped.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 42
    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            high = middle
        except (OSError, MemoryError):
            low = middle
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high
