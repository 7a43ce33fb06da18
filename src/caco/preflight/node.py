"""Checks of one node: the sandbox, shared folders, and the marker file that they passed."""

import json
import os
import socket
from pathlib import Path

from caco.config.checks import SandboxLimits as Limits
from caco.config.section import Section
from caco.errors import ClusterError, SandboxUnavailable
from caco.runtime.atomic_files import write_text
from caco.sandbox.self_check import check_host, describe_host

_ENVS = Path(os.environ.get("CACO_ENVS", ".venvs"))  # as envs/python
_CPU_S = 1.0  # a program is ended after this long or after longer: models wait for this job


class NodeSpec(Section):
    """What the rule `preflight` depends on: the limits of programs, and the models' folders."""

    sandbox: Limits
    folders: list[str]


def check_node(spec: NodeSpec, out: Path) -> None:
    """Tries what the run counts on, prints each finding, and writes all of them.

    Args:
        spec: What it counts on.
        out: Where the findings are written, as JSON.

    Raises:
        ClusterError: This node does not see what the submitting side does.
        SandboxUnavailable: A promise of the sandbox does not hold here.
    """
    host = socket.gethostname()
    if unseen := _unseen(spec.folders):
        raise ClusterError(
            f"the node {host} does not have {', '.join(unseen)}, which this run's jobs read: put "
            "it on a file system that all nodes share"
        )
    machine = describe_host()
    print(*machine, sep="\n", flush=True)
    promises, broken = {}, []
    brief = spec.sandbox.model_copy(update={"cpu_s": min(spec.sandbox.cpu_s, _CPU_S)})
    for promise, held, seen in check_host(brief):
        print(f"{'ok  ' if held else 'FAIL'}  {promise}: {seen}", flush=True)
        promises[promise] = seen
        if not held:
            broken.append(f"{promise} ({seen})")
    if broken:
        raise SandboxUnavailable(
            f"the node {host} breaks promises of the sandbox: {'; '.join(broken)}; give the rules "
            "that execute programs other nodes (`cpu` in site.yaml), or have this mended"
        )
    found = {"host": host, "machine": machine, "promises": promises, "folders": spec.folders}
    write_text(out, json.dumps(found, indent=1, sort_keys=True) + "\n")


def _unseen(folders: list[str]) -> list[str]:
    """Returns what is not here of the models' folders and of the environments' interpreters.

    An environment's interpreter is a link to the one it was made with, which may lie on the login
    node alone.
    """
    unseen = [folder for folder in folders if not Path(folder).expanduser().is_dir()]
    pythons = [env / "bin" / "python" for env in sorted(_ENVS.iterdir())] if _ENVS.is_dir() else []
    for python in pythons:
        if python.is_symlink() and not python.exists():
            unseen.append(f"{os.path.realpath(python)} (the interpreter of {python})")
    return unseen


def write_marker(node: Path, out: Path) -> None:
    """Reads a node's findings and writes whose they are and where that was read.

    Raises:
        ClusterError: They cannot be read from here.
    """
    try:
        host = json.loads(node.read_text(encoding="utf-8"))["host"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ClusterError(
            f"{node}: what a node wrote there cannot be read on {socket.gethostname()}; the folder "
            "must lie on a file system that all nodes share. Delete the file and run again"
        ) from None
    found = {"node": host, "read_on": socket.gethostname()}
    write_text(out, json.dumps(found, indent=1, sort_keys=True) + "\n")
