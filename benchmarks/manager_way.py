"""A worker of the manager-and-process way: how the paper's released code executes its programs.

Written anew for comparison. As there, every program gets a `multiprocessing.Manager`, which is a
server process of its own, and a forked process that runs the program with its stdout captured and
leaves `input` and `output` in a dict that the manager holds; it is joined with a timeout and
terminated if it still runs. Nothing is isolated: a program may do whatever the user may.

Lists of programs come over standard input, lists of outputs as JSON text, or None, go back.
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

_TIMEOUT = 5.0  # seconds, as there


def main() -> None:
    """Serves lists of programs until standard input ends."""
    multiprocessing.set_start_method("fork")
    requests = sys.stdin.buffer
    # A program may not answer in this worker's place, nor a manager hold its channel's name.
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
        left: MutableMapping[str, Any] = manager.dict()
        process = multiprocessing.Process(target=_execute, args=(program, left))
        process.start()
        process.join(_TIMEOUT)
        if process.is_alive():
            process.terminate()
            process.join()
            return None
        if left.get("error") is not None:
            return None
        return json.dumps(left.get("output"), sort_keys=True, separators=(",", ":"))


def _execute(program: str, left: MutableMapping[str, Any]) -> None:
    printed = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        with contextlib.redirect_stdout(printed):
            exec(program, names)
        left["input"] = names["input"]
        left["output"] = names["output"] if "output" in names else printed.getvalue().strip()
    except Exception as e:
        left["error"] = repr(e)


if __name__ == "__main__":
    main()
