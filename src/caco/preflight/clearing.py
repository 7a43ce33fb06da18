"""The submitting side's half of the proof that a folder is shared: it reads what a node wrote."""

import json
import socket
from pathlib import Path

from caco.errors import ClusterError
from caco.files import write_text


def clear(node: Path, out: Path) -> None:
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
