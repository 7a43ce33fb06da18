"""Functions and scripts in processes that are forked from one which has imported their libraries.

The imports of Snakemake, or of torch and transformers, take longer than most of the tests.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).resolve().parents[1]
FORKS = multiprocessing.get_context("forkserver")


def start_server(preloaded: str) -> None:
    """Starts the process from which others are forked, if there is none yet in this session.

    Args:
        preloaded: The module that it imports.
    """
    FORKS.set_forkserver_preload([preloaded])
    with pytest.MonkeyPatch.context() as patch:  # the server imports before it has `sys.path`
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (ROOT, ROOT / "src"))))
        forkserver.ensure_running()


def forked(preloaded: str, function: Callable[..., None], *args: object) -> int:
    """Runs a function in a forked process and returns the exit code of this.

    Args:
        preloaded: The module that the first of these processes has imported.
        function: A function of a module.
        args: Its arguments.
    """
    start_server(preloaded)
    process = FORKS.Process(target=_call, args=(preloaded, function, *args))
    process.start()
    process.join(timeout=600)
    process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _call(preloaded: str, function: Callable[..., None], *args: object) -> None:
    """Calls a function in this process; the fork server ignores a failed import."""
    assert preloaded in sys.modules
    function(*args)


def run_script(
    command: list[object], cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a Python script on torch as `subprocess.run` does, without the time of its imports.

    Args:
        command: The script and its arguments.
        cwd: Its working directory.
        environment: Its environment; by default that of this process.
    """
    words = [str(word) for word in command]
    with TemporaryDirectory() as folder:
        printed = [Path(folder) / name for name in ("stdout", "stderr")]
        variables = dict(os.environ if environment is None else environment)
        code = forked("tests.preloaded_torch", _script, words, cwd, variables, printed)
        return subprocess.CompletedProcess(words, code, *(file.read_text() for file in printed))


def _script(
    command: list[str], cwd: Path, environment: dict[str, str], printed: list[Path]
) -> None:
    """Runs a script in this process, which is forked for that purpose."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    redirect(*printed)
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).resolve().parent))
    runpy.run_path(command[0], run_name="__main__")


def redirect(stdout: Path, stderr: Path) -> None:
    """Writes what this process prints to files, which may be the same."""
    for stream, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)
