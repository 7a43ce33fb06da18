"""Times forks of this process, which has loaded little; started by `fork_cost` for each case.

Imports are few: whatever this module loads, every fork copies.
"""

import os
import sys
import time

import floor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FORKS = 400
_PAGES = 8192  # of the private memory by which single pages are priced
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
    """Returns microseconds of a fork whose child calls `child`, and the child's page faults."""
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
    """Prints rows of a parent that loads what the arguments say."""
    name = sys.argv[1]
    floor.load(sys.argv[2].split(":"), sys.argv[3].split(","))
    programs = [("nothing", _nothing), ("a program", lambda: floor.execute(_PROGRAM))]
    floor.rehearse()
    pages = _anonymous_pages()
    for what, child in programs:
        cost, faults = _fork(child)
        print(f"| {name} | {pages:,} | {what} | {cost:,.0f} | {faults:,.0f} |", flush=True)


def _anonymous_pages() -> int:
    with open("/proc/self/smaps_rollup") as rollup:  # noqa: PTH123
        kib = next(int(line.split()[1]) for line in rollup if line.startswith("Anonymous:"))
    return kib * 1024 // os.sysconf("SC_PAGESIZE")


def _measure_pages() -> None:
    """Prints what one more page costs: to be in the parent, and to be written by the child."""
    import mmap

    without, _ = _fork(_nothing)
    memory = mmap.mmap(-1, _PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)

    def write() -> None:
        for at in range(0, len(memory), mmap.PAGESIZE):
            memory[at] = 1

    write()
    there, _ = _fork(_nothing)
    written, _ = _fork(write)
    print(f"| in the parent | {(there - without) / _PAGES:.2f} |")
    print(f"| written by the child | {(written - there) / _PAGES:.2f} |")


def _measure_namespaces() -> None:
    """Prints what namespaces of its own cost a child, in a user namespace, as in a jail."""
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
        asked = ctypes.c_long(flags | 17)  # SIGCHLD
        zero = ctypes.c_long(0)

        def clone(asked: ctypes.c_long = asked, zero: ctypes.c_long = zero) -> int:
            return int(libc.syscall(call, asked, zero, zero, zero, zero))

        cost, _ = _timed(clone, child)
        print(f"| {name} | {cost:,.0f} |", flush=True)


def main() -> None:
    """Measures what the first argument names; the others are folders of packages and modules."""
    measures = {"pages": _measure_pages, "namespaces": _measure_namespaces}
    measures.get(sys.argv[1], _measure_kind)()
