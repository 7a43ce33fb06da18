"""Times forks of this process; started by `fork_cost` for each case.

This module imports as little as possible, because every fork copies what the process has loaded.
"""

import os
import sys
import time

import bare_fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FORKS = 400
_PAGES = 8192  # of private memory, from which the cost of one page is computed
_NEWNS, _NEWIPC, _NEWUSER = 0x20000, 0x08000000, 0x10000000
_NEWPID, _NEWNET = 0x20000000, 0x40000000
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_PROGRAM = """
input = {"apples": 12, "price": 3}

def find_cost(apples, price):
    return apples * price

def find_change(cost):
    return round(50 - cost, 2)

cost = find_cost(input["apples"], input["price"])
output = find_change(cost)
print(output)
"""


def _fork(child: "Callable[[], object]") -> tuple[float, float]:
    """Returns the microseconds of a fork whose child calls `child`, and its page faults."""
    return _timed(os.fork, child)


def _timed(fork: "Callable[[], int]", child: "Callable[[], object]") -> tuple[float, float]:
    times: list[float] = []
    faults: list[float] = []
    for _ in range(_FORKS):
        began = time.perf_counter()
        pid = fork()
        if pid == 0:
            try:
                child()
                os._exit(0)
            finally:
                os._exit(1)
        _, status, used = os.wait4(pid, 0)
        times.append(1e6 * (time.perf_counter() - began))
        faults.append(used.ru_minflt)
        assert status == 0
    return _median(times), _median(faults)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _nothing() -> None:
    pass


def _measure_kind() -> None:
    """Prints the rows of a parent that loads the modules in the arguments."""
    name = sys.argv[1]
    bare_fork.load(sys.argv[2].split(":"), sys.argv[3].split(","))
    programs = [("nothing", _nothing), ("a program", lambda: bare_fork.execute(_PROGRAM))]
    bare_fork.warm_up()
    pages = _anonymous_pages()
    for what, child in programs:
        cost, faults = _fork(child)
        print(f"| {name} | {pages:,} | {what} | {cost:,.0f} | {faults:,.0f} |", flush=True)


def _anonymous_pages() -> int:
    with open("/proc/self/smaps_rollup") as rollup:  # noqa: PTH123
        kib = next(int(line.split()[1]) for line in rollup if line.startswith("Anonymous:"))
    return kib * 1024 // os.sysconf("SC_PAGESIZE")


def _measure_pages() -> None:
    """Prints the cost of one more page in the parent, and of one more page written by the child."""
    import mmap

    without, _ = _fork(_nothing)
    memory = mmap.mmap(-1, _PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)

    def write() -> None:
        for at in range(0, len(memory), mmap.PAGESIZE):
            memory[at] = 1

    write()
    resident, _ = _fork(_nothing)
    written, _ = _fork(write)
    print(f"| in the parent | {(resident - without) / _PAGES:.2f} |")
    print(f"| written by the child | {(written - resident) / _PAGES:.2f} |")


def _measure_namespaces() -> None:
    """Prints the cost of new namespaces for the child, in a user namespace, as in a jail."""
    import ctypes

    libc = ctypes.PyDLL(None)
    if libc.unshare(_NEWUSER | _NEWNS) != 0:
        raise OSError("unshare failed")
    call = ctypes.c_long(_SYS_CLONE[os.uname().machine])

    def mount() -> None:
        if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 6, b"size=16777216") != 0:
            raise OSError("mount failed")

    pid_ipc = _NEWPID | _NEWIPC
    cases: list[tuple[str, int, Callable[[], None]]] = [
        ("none", 0, _nothing),
        ("PID", _NEWPID, _nothing),
        ("PID, IPC", pid_ipc, _nothing),
        ("PID, IPC, mount", pid_ipc | _NEWNS, _nothing),
        ("PID, IPC, mount, and a tmpfs", pid_ipc | _NEWNS, mount),
        ("PID, IPC, network", pid_ipc | _NEWNET, _nothing),
    ]
    for name, flags, child in cases:
        clone_flags = ctypes.c_long(flags | 17)  # SIGCHLD
        zero = ctypes.c_long(0)

        def clone(flags: ctypes.c_long = clone_flags, zero: ctypes.c_long = zero) -> int:
            return int(libc.syscall(call, flags, zero, zero, zero, zero))

        cost, _ = _timed(clone, child)
        print(f"| {name} | {cost:,.0f} |", flush=True)


def main() -> None:
    """Runs the measurement in the first argument; the others are package folders and modules."""
    measures = {"pages": _measure_pages, "namespaces": _measure_namespaces}
    measures.get(sys.argv[1], _measure_kind)()
