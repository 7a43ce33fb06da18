"""Control groups: an additional limit around a whole jail, on hosts that permit it.

The limits of a program are rlimits and need no cgroup. A cgroup additionally limits what rlimits do
not count: the private /tmp, page tables, pipes, and threads where the kernel exempts root. It
requires a writable folder in the cgroup tree: as root, in most containers, or where systemd or
Slurm has delegated one.
"""

import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_PREFIX = "caco."
_HEADROOM_MB = 512  # for the parent with all modules, the private /tmp and kernel memory
_THREADS = 64  # processes and threads of one jail
_counter = itertools.count()


class CgroupsUnavailable(Exception):
    """This process cannot create cgroups; the message says why."""


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The cgroups of one sandbox: a folder in the `memory` and in the `pids` hierarchy.

    Attributes:
        version: Version of the cgroup hierarchy, 1 or 2.
        mounts: Mount points of the `memory` and `pids` hierarchies; the same in version 2.
        folders: The folder of this sandbox in each hierarchy; the cgroups of jails are below it.
    """

    version: int
    mounts: tuple[Path, Path]
    folders: tuple[Path, Path]

    @classmethod
    def make(cls, proc: Path = Path("/proc/self")) -> Self:
        """Creates the folders of this sandbox, and removes those of processes that have exited.

        Raises:
            CgroupsUnavailable: This host does not permit it.
        """
        version, mounts, own = _hierarchies(proc)
        try:
            if version == 2:
                _enable_controllers(own[0])
            for folder in dict.fromkeys(own):
                _remove_stale(folder)
            name = f"{_PREFIX}{os.getpid()}.{next(_counter)}"
            folders = (own[0] / name, own[1] / name)
            for folder in dict.fromkeys(folders):
                folder.mkdir()
                if version == 2:
                    _enable_controllers(folder)
        except OSError as e:
            raise CgroupsUnavailable(f"{e.filename or own[0]}: {e.strerror}") from None
        return cls(version, mounts, folders)

    def jail(self, memory_mb: int) -> "JailCgroup":
        """Creates the cgroups of a new jail.

        Args:
            memory_mb: Memory limit of one program in MiB.
        """
        name = f"jail{next(_counter)}"
        folders = (self.folders[0] / name, self.folders[1] / name)
        for folder in dict.fromkeys(folders):
            folder.mkdir()
            if self.version == 2:
                _enable_controllers(folder)
        memory = (memory_mb + _HEADROOM_MB) << 20
        settings: dict[str, Any] = {"cgroup_mem_max": memory, "cgroup_pids_max": _THREADS}
        if self.version == 2:
            settings |= {"use_cgroupv2": True, "cgroupv2_mount": str(folders[0])}
        else:
            for key, folder, mount in zip(("mem", "pids"), folders, self.mounts, strict=True):
                settings[f"cgroup_{key}_mount"] = str(mount)
                settings[f"cgroup_{key}_parent"] = str(folder.relative_to(mount))
        return JailCgroup(folders, settings)

    def close(self) -> None:
        """Removes the folders of this sandbox; its jails must have exited."""
        for folder in dict.fromkeys(self.folders):
            _remove(folder)


@dataclass(slots=True)
class JailCgroup:
    """The cgroups of one jail.

    Attributes:
        folders: Its folders in the `memory` and `pids` hierarchies; nsjail creates its own below.
        settings: Settings for nsjail, by name.
        reported_kills: OOM kills that `killed_for_memory` has already reported.
    """

    folders: tuple[Path, Path]
    settings: dict[str, Any]
    reported_kills: int = 0

    def killed_for_memory(self) -> bool:
        """Returns whether the kernel killed a process for the memory limit since the last call."""
        kills = 0
        for name in ("memory.oom_control", "memory.events"):
            for file in self.folders[0].glob(f"*/{name}"):
                found = re.search(r"^oom_kill (\d+)$", file.read_text(), re.MULTILINE)
                kills += int(found[1]) if found else 0
        new, self.reported_kills = kills > self.reported_kills, kills
        return new

    def remove(self) -> None:
        """Removes the cgroups; the jail must have exited."""
        for folder in dict.fromkeys(self.folders):
            _remove(folder)


def _hierarchies(proc: Path) -> tuple[int, tuple[Path, Path], tuple[Path, Path]]:
    """Returns version, mount points of `memory` and `pids`, and the folders of this process."""
    mounted: dict[str, Path] = {}
    for line in (proc / "mountinfo").read_text().splitlines():
        fields, _, kind = line.partition(" - ")
        filesystem, _, options = kind.split(" ", 2)
        if filesystem == "cgroup":
            mounted.update(dict.fromkeys(options.split(","), Path(fields.split()[4])))
        elif filesystem == "cgroup2":
            mounted[""] = Path(fields.split()[4])
    within: dict[str, str] = {}
    for line in (proc / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        within.update(dict.fromkeys(controllers.split(","), path.lstrip("/")))
    version = 1 if {"memory", "pids"} <= mounted.keys() else 2
    names = ("memory", "pids") if version == 1 else ("", "")
    if not set(names) <= mounted.keys() & within.keys():
        raise CgroupsUnavailable("no hierarchy with the controllers memory and pids is mounted")
    mounts = (mounted[names[0]], mounted[names[1]])
    own = (mounts[0] / within[names[0]], mounts[1] / within[names[1]])
    return version, mounts, own


def _enable_controllers(folder: Path) -> None:
    """Enables the controllers for the cgroups below a folder of a version 2 hierarchy.

    Raises:
        OSError: The folder lacks the controllers, or contains processes.
    """
    control = folder / "cgroup.subtree_control"
    if not {"memory", "pids"} <= set(control.read_text().split()):
        control.write_text("+memory +pids")


def _remove_stale(folder: Path) -> None:
    """Removes the folders of processes that have exited."""
    for stale in folder.glob(f"{_PREFIX}*"):
        if not Path("/proc", stale.name.split(".")[1]).exists():
            _remove(stale)


def _remove(folder: Path) -> None:
    """Removes a cgroup and those below it; waits up to 2 s for the last process to exit."""
    deadline = time.monotonic() + 2
    for path in (*folder.glob("*/*/"), *folder.glob("*/"), folder):
        while True:
            try:
                path.rmdir()
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            else:
                break
