"""A worker of the bare fork floor: what a program costs if it gets a process and nothing else.

Loads modules once, runs a few programs itself, as a warm parent does, then forks for every program:
no jail, no namespaces, no limits, no results.
Started with the interpreter's options of a warm parent. Arguments: folders of packages, modules.
Lists of programs come over standard input, lists of whether each ran to its end go back.
"""

import gc
import importlib
import io
import marshal  # built in: it adds no pages that the forks would copy
import os
import sys

_REHEARSED = """
input = {"count": 3, "prices": [1.5, 2]}

def cost(count, prices):
    return round(sum(count * price for price in prices), 2)

output = cost(**input)
print(f"{output}")
"""
_REHEARSALS = 20  # as many as a warm parent's


def main() -> None:
    """Serves lists of programs until standard input ends."""
    folders, modules = sys.argv[1:]
    load(folders.split(":"), modules.split(","))
    rehearse()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            programs = marshal.load(requests)
        except EOFError:
            return
        marshal.dump([_runs(program) for program in programs], replies)
        replies.flush()


def load(folders: list[str], modules: list[str]) -> None:
    """Imports modules, from the standard library and from `folders`."""
    sys.path += folders
    for module in modules:
        importlib.import_module(module)


def rehearse() -> None:
    """Does here what each child would do first, and shields objects from collections."""
    stdout = sys.stdout
    for _ in range(_REHEARSALS):
        execute(_REHEARSED)
    sys.stdout = stdout
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that holds an object


def _runs(program: str) -> bool:
    """Forks, runs the program in the child and tells whether it came to its end."""
    pid = os.fork()
    if pid == 0:
        try:
            execute(program)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def execute(program: str) -> None:
    """Runs a program in this process; what it prints is lost."""
    sys.stdout = io.StringIO()
    exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
