"""What the warm parents of one worker hold in memory."""

import os
from dataclasses import dataclass
from pathlib import Path

from caco.config.checks import SandboxLimits as Limits
from caco.runtime.process import children
from caco.sandbox.kinds import MODULES, Kind
from caco.sandbox.nsjail import NsjailSandbox

_OF_EACH_KIND = ("", "import json\n", "import sympy\n")


@dataclass(frozen=True, slots=True)
class Held:
    """The memory of one process in MiB.

    Attributes:
        name: What the process is.
        rss: Resident pages.
        pss: The same, a page that n processes share counted as 1/n.
    """

    name: str
    rss: float
    pss: float


def memory_of_a_worker(limits: Limits) -> list[Held]:
    """Starts a sandbox with one worker and a parent of each kind, and weighs its processes."""
    with NsjailSandbox(limits, workers=1) as sandbox:
        for imports in _OF_EACH_KIND:
            list(sandbox.run([f"{imports}input = {{'a': 1}}\noutput = 1\n"]))
        kinds = {",".join(modules): kind for kind, modules in MODULES.items()}
        parents, jails = [], []
        below = children()
        for jail in below[os.getpid()]:
            for parent in below[jail]:
                modules = Path(f"/proc/{parent}/cmdline").read_text().rstrip("\0").split("\0")[-1]
                parents.append(_weighed(f"{kinds[modules]} parent", parent))
                jails.append(_weighed(f"nsjail of the {kinds[modules]} parent", jail))
    assert len(parents) == len(Kind)
    return [*parents, *jails]


def _weighed(name: str, pid: int) -> Held:
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        field, _, value = line.partition(":")
        fields[field] = int(value.split()[0]) / 1024
    return Held(name, fields["Rss"], fields["Pss"])
