"""Worker that executes programs as the paper's released code does: a manager and a process.

This is a reimplementation for comparison. Every program gets a `multiprocessing.Manager`, which is
a server process, and a forked process that runs the program with captured stdout and stores `input`
and `output` in a dict of the manager. The process is joined with a timeout and terminated if it
still runs. Nothing is isolated: a program has all permissions of the user.

The worker reads lists of programs from standard input and writes lists of outputs, each JSON text
or None.
"""

import contextlib
import io
import json
import marshal
import multiprocessing
import os
import sys
from collections.abc import MutableMapping
from typing import Any

_TIMEOUT = 5.0  # seconds, as in the released code


def main() -> None:
    """Serves lists of programs until standard input ends."""
    multiprocessing.set_start_method("fork")
    requests = sys.stdin.buffer
    # Programs and managers inherit descriptor 1: replies use another one.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            programs = marshal.load(requests)
        except EOFError:
            return
        marshal.dump([_output(program) for program in programs], replies)
        replies.flush()


def _output(program: str) -> str | None:
    with multiprocessing.Manager() as manager:
        results: MutableMapping[str, Any] = manager.dict()
        process = multiprocessing.Process(target=_execute, args=(program, results))
        process.start()
        process.join(_TIMEOUT)
        if process.is_alive():
            process.terminate()
            process.join()
            return None
        if results.get("error") is not None:
            return None
        return json.dumps(results.get("output"), sort_keys=True, separators=(",", ":"))


def _execute(program: str, results: MutableMapping[str, Any]) -> None:
    printed = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        with contextlib.redirect_stdout(printed):
            exec(program, names)
        results["input"] = names["input"]
        results["output"] = names["output"] if "output" in names else printed.getvalue().strip()
    except Exception as e:
        results["error"] = repr(e)


if __name__ == "__main__":
    main()
