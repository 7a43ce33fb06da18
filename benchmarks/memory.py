"""Memory of the warm parents of one worker."""

import os
from dataclasses import dataclass
from pathlib import Path

from caco.config.checks import SandboxLimits as Limits
from caco.runtime.process import children
from caco.sandbox.jail import MODULES, Kind
from caco.sandbox.nsjail import NsjailSandbox

_IMPORTS_OF_KINDS = ("", "import json\n", "import sympy\n")


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """The memory of one process in MiB.

    Attributes:
        name: Description of the process.
        rss: Resident set size.
        pss: Proportional set size: a page shared by n processes counts as 1/n.
    """

    name: str
    rss: float
    pss: float


def worker_memory(limits: Limits) -> list[ProcessMemory]:
    """Starts a sandbox with one worker and a parent of each kind; measures its processes."""
    with NsjailSandbox(limits, workers=1) as sandbox:
        for imports in _IMPORTS_OF_KINDS:
            list(sandbox.run([f"{imports}input = {{'a': 1}}\noutput = 1\n"]))
        kinds = {",".join(modules): kind for kind, modules in MODULES.items()}
        parents, jails = [], []
        below = children()
        for jail in below[os.getpid()]:
            for parent in below[jail]:
                modules = Path(f"/proc/{parent}/cmdline").read_text().rstrip("\0").split("\0")[-1]
                parents.append(_process_memory(f"{kinds[modules]} parent", parent))
                jails.append(_process_memory(f"nsjail of the {kinds[modules]} parent", jail))
    assert len(parents) == len(Kind)
    return [*parents, *jails]


def _process_memory(name: str, pid: int) -> ProcessMemory:
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        field, _, value = line.partition(":")
        fields[field] = int(value.split()[0]) / 1024
    return ProcessMemory(name, fields["Rss"], fields["Pss"])
