"""Worker of the bare fork, the lower bound: the cost of a program that gets only a process.

It loads modules once, runs a few programs itself, as a warm parent does, and then forks for every
program, without a jail, namespaces, limits or results. It is started with the interpreter options
of a warm parent. Arguments: package folders, modules. It reads lists of programs from standard
input and writes lists that state for each program whether it succeeded.
"""

import gc
import importlib
import io
import marshal  # built in: it adds no pages to copy in each fork
import os
import sys

_WARM_UP_PROGRAM = """
input = {"count": 3, "prices": [1.5, 2]}

def cost(count, prices):
    return round(sum(count * price for price in prices), 2)

output = cost(**input)
print(f"{output}")
"""
_WARM_UP_RUNS = 20  # the same number as in a warm parent


def main() -> None:
    """Serves lists of programs until standard input ends."""
    folders, modules = sys.argv[1:]
    load(folders.split(":"), modules.split(","))
    warm_up()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            programs = marshal.load(requests)
        except EOFError:
            return
        marshal.dump([_succeeds(program) for program in programs], replies)
        replies.flush()


def load(folders: list[str], modules: list[str]) -> None:
    """Imports modules, from the standard library and from `folders`."""
    sys.path += folders
    for module in modules:
        importlib.import_module(module)


def warm_up() -> None:
    """Runs the one-time work of a first program here, then freezes objects for the collector."""
    stdout = sys.stdout
    for _ in range(_WARM_UP_RUNS):
        execute(_WARM_UP_PROGRAM)
    sys.stdout = stdout
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page with an object


def _succeeds(program: str) -> bool:
    """Forks, runs the program in the child and returns whether it succeeded."""
    pid = os.fork()
    if pid == 0:
        try:
            execute(program)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def execute(program: str) -> None:
    """Runs a program in this process; its output is discarded."""
    sys.stdout = io.StringIO()
    exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
