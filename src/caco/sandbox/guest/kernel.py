"""Kernel calls that Python has no word for, and the numbers behind them (x86-64 and arm64)."""

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
_SCHED_CLOCK = 2  # of a process: the time that the scheduler gave it, all threads together

# A call through PyDLL keeps the interpreter's lock: a child must not come to life without it.
# Functions and arguments are made once, here: whatever a child makes, it pays for in copied pages.
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
    """Forks into fresh PID and IPC namespaces; returns as `os.fork` does.

    One `clone`: the child of a large parent costs what copying its page tables costs, and a second
    fork (which `unshare` would need) would cost it again. The child is process 1, as the caller
    must be, whose thread id glibc goes on using.

    Raises:
        OSError: The kernel refused.
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
    """Gives up every capability, for good: the jail forbids new privileges."""
    if _capset(*_no_capabilities) != 0:
        raise OSError("capset failed")


def fresh_tmpfs(folder: str, options: str) -> None:
    """Puts an empty tmpfs in the place of the one mounted at `folder`, if one is."""
    _libc.umount2(folder.encode(), _DETACH)
    if _libc.mount(b"tmpfs", folder.encode(), b"tmpfs", _MOUNT_FLAGS, options.encode()) != 0:
        raise OSError("mount failed")


def cpu_ns(pid: int) -> int:
    """Returns the CPU nanoseconds that a running process has used."""
    return time.clock_gettime_ns((~pid << 3) | _SCHED_CLOCK)


def address_space() -> int:
    """Returns this process's address space in bytes, to a MiB.

    The jail has no /proc: the smallest limit under which a page can still be mapped is sought.
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
