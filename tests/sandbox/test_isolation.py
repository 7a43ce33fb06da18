"""A program can access Python, its packages and a private /tmp, and nothing else of the host."""

import os
import re
from pathlib import Path

import pytest

# File permissions are checked before the mount options.
NOT_WRITABLE = "Read-only file system|Permission denied"


def refusal(execute, expression: str) -> str:
    execution = execute(f"import os, socket, subprocess, threading\n{expression}")
    assert execution.outcome == "exception", execution
    return execution.detail


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("open('/etc/passwd').read()", "FileNotFoundError"),
        ("os.listdir('/home')", "FileNotFoundError"),
        ("os.listdir('/proc')", "FileNotFoundError"),
        (f"open({str(Path(__file__).resolve())!r})", "FileNotFoundError"),
        ("socket.create_connection(('192.0.2.1', 80), 2)", "Operation not permitted"),
        ("socket.getaddrinfo('example.org', 80)", "gaierror"),
        ("socket.create_connection(('127.0.0.1', 22), 2)", "Error"),
        ("os.fork()", "PermissionError"),
        ("subprocess.run(['/bin/true'])", "PermissionError"),
        ("open('/lib/written', 'w')", NOT_WRITABLE),
        ("open('/jail/caco/sandbox/guest/serve.py', 'r+b')", NOT_WRITABLE),
        ("open(os.__file__, 'a')", NOT_WRITABLE),
        ("os.setuid(0)", "Invalid argument"),
        (f"os.kill({os.getpid()}, 0)", "ProcessLookupError"),
    ],
)
def test_operations_are_refused(execute, expression, why):
    assert re.search(why, refusal(execute, expression))


def test_the_environment_of_the_host_is_not_inherited(output_of, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    names = output_of("sorted(os.environ)", "import os")
    assert "SECRET" not in names
    assert "LD_LIBRARY_PATH" not in names


def test_a_program_runs_as_nobody_with_pid_1(output_of):
    assert output_of("[os.getuid(), os.getpid(), os.uname().nodename]", "import os") == (
        '[65534,1,"sandbox"]'
    )


def test_tmp_is_private_and_small(execute, output_of):
    (Path("/tmp") / f"caco-{os.getpid()}").touch()
    try:
        assert output_of(f"'caco-{os.getpid()}' in os.listdir('/tmp')", "import os") == "false"
    finally:
        (Path("/tmp") / f"caco-{os.getpid()}").unlink()
    full = "f = open('/tmp/x', 'wb')\nfor _ in range(64): f.write(bytes(1 << 20))"
    assert "Error" in refusal(execute, full)
    assert output_of("open('/tmp/x', 'w').write('abc')") == "3"


def test_threads_are_allowed(output_of):
    before = (
        "import threading\ndone = []\nt = threading.Thread(target=done.append, args=(1,))\n"
        "t.start()\nt.join()"
    )
    assert output_of("done", before) == "[1]"
