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
_CPU_S = 1.0  # the CPU limit under test need not be longer: the models wait for this job


class NodeSpec(Section):
    """What the rule `preflight` depends on: the limits of programs, and the models' folders."""

    sandbox: Limits
    folders: list[str]


def check_node(spec: NodeSpec, out: Path) -> None:
    """Checks what the run requires of a node, prints each finding, and writes all of them.

    Args:
        spec: The requirements.
        out: Where the findings are written, as JSON.

    Raises:
        ClusterError: This node cannot access a folder that the submit host can.
        SandboxUnavailable: A guarantee of the sandbox does not hold on this node.
    """
    host = socket.gethostname()
    if missing := _missing(spec.folders):
        raise ClusterError(
            f"the node {host} cannot access {', '.join(missing)}, which this run's jobs read; move "
            "it to a file system that all nodes share"
        )
    machine = describe_host()
    print(*machine, sep="\n", flush=True)
    guarantees, broken = {}, []
    brief = spec.sandbox.model_copy(update={"cpu_s": min(spec.sandbox.cpu_s, _CPU_S)})
    for guarantee, holds, observed in check_host(brief):
        print(f"{'ok  ' if holds else 'FAIL'}  {guarantee}: {observed}", flush=True)
        guarantees[guarantee] = observed
        if not holds:
            broken.append(f"{guarantee} ({observed})")
    if broken:
        raise SandboxUnavailable(
            f"guarantees of the sandbox do not hold on the node {host}: {'; '.join(broken)}; have "
            "it fixed, or run the rules that execute programs on other nodes (`cpu` in site.yaml)"
        )
    found = {"host": host, "machine": machine, "guarantees": guarantees, "folders": spec.folders}
    write_text(out, json.dumps(found, indent=1, sort_keys=True) + "\n")


def _missing(folders: list[str]) -> list[str]:
    """Returns the models' folders and the environments' interpreters that this node cannot access.

    An environment's interpreter is a link to the one that it was made with, which may be on the
    login node only.
    """
    missing = [folder for folder in folders if not Path(folder).expanduser().is_dir()]
    pythons = [env / "bin" / "python" for env in sorted(_ENVS.iterdir())] if _ENVS.is_dir() else []
    for python in pythons:
        if python.is_symlink() and not python.exists():
            missing.append(f"{os.path.realpath(python)} (the interpreter of {python})")
    return missing


def write_marker(node: Path, out: Path) -> None:
    """Reads a node's findings, and writes the marker: the node, and the host that read them.

    Raises:
        ClusterError: The findings cannot be read on this host.
    """
    try:
        host = json.loads(node.read_text(encoding="utf-8"))["host"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ClusterError(
            f"{node}: the findings of a node cannot be read on {socket.gethostname()}; the folder "
            "must be on a file system that all nodes share. Delete the file and run again"
        ) from None
    found = {"node": host, "read_on": socket.gethostname()}
    write_text(out, json.dumps(found, indent=1, sort_keys=True) + "\n")
