"""Control groups: a second bound around a whole jail, where this host lets us have one.

A program's own limits are rlimits and need nothing. A cgroup adds what they do not count: the
private /tmp, page tables, pipes, and threads where the kernel exempts root from counting them. It
needs a folder of the cgroup tree that this process may write: as root, in most containers, or where
systemd or Slurm has delegated one.
"""

import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_OURS = "caco."
_HEADROOM_MB = 512  # for the parent with everything loaded, the program's /tmp and the kernel
_THREADS = 64  # processes and threads of one jail
_counter = itertools.count()


class NoCgroups(Exception):
    """Why this host gives us no cgroup, in a phrase."""


@dataclass(frozen=True, slots=True)
class Cgroups:
    """A folder of our own in each hierarchy that counts.

    Attributes:
        version: 1 or 2.
        mounts: Where the hierarchies of `memory` and `pids` are mounted; in version 2 one place.
        ours: Our folder in each, below which every jail has one.
    """

    version: int
    mounts: tuple[Path, Path]
    ours: tuple[Path, Path]

    @classmethod
    def make(cls, proc: Path = Path("/proc/self")) -> Self:
        """Makes our folders, and removes those of processes that are no more.

        Raises:
            NoCgroups: This host does not let us.
        """
        version, mounts, own = _hierarchies(proc)
        try:
            if version == 2:
                _hand_down(own[0])
            for folder in dict.fromkeys(own):
                _sweep(folder)
            name = f"{_OURS}{os.getpid()}.{next(_counter)}"
            ours = (own[0] / name, own[1] / name)
            for folder in dict.fromkeys(ours):
                folder.mkdir()
                if version == 2:
                    _hand_down(folder)
        except OSError as e:
            raise NoCgroups(f"{e.filename or own[0]}: {e.strerror}") from None
        return cls(version, mounts, ours)

    def jail(self, memory_mb: int) -> "JailCgroup":
        """Returns the groups of a new jail.

        Args:
            memory_mb: What one program may use.
        """
        name = f"jail{next(_counter)}"
        folders = (self.ours[0] / name, self.ours[1] / name)
        for folder in dict.fromkeys(folders):
            folder.mkdir()
            if self.version == 2:
                _hand_down(folder)
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
        """Removes our folders; the jails must have ended."""
        for folder in dict.fromkeys(self.ours):
            _remove(folder)


@dataclass(slots=True)
class JailCgroup:
    """The groups of one jail.

    Attributes:
        folders: Those of `memory` and `pids`; nsjail makes its own below.
        settings: nsjail's, by name.
        seen: Kills for want of memory that have been asked for already.
    """

    folders: tuple[Path, Path]
    settings: dict[str, Any]
    seen: int = 0

    def killed_for_memory(self) -> bool:
        """Tells whether the kernel has killed for the group's limit since this was last asked."""
        kills = 0
        for name in ("memory.oom_control", "memory.events"):
            for file in self.folders[0].glob(f"*/{name}"):
                found = re.search(r"^oom_kill (\d+)$", file.read_text(), re.MULTILINE)
                kills += int(found[1]) if found else 0
        new, self.seen = kills > self.seen, kills
        return new

    def remove(self) -> None:
        """Removes the groups once the jail has ended."""
        for folder in dict.fromkeys(self.folders):
            _remove(folder)


def _hierarchies(proc: Path) -> tuple[int, tuple[Path, Path], tuple[Path, Path]]:
    """Returns the version, where `memory` and `pids` are mounted, and this process's folders."""
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
        raise NoCgroups("no hierarchy with the controllers memory and pids is mounted")
    mounts = (mounted[names[0]], mounted[names[1]])
    own = (mounts[0] / within[names[0]], mounts[1] / within[names[1]])
    return version, mounts, own


def _hand_down(folder: Path) -> None:
    """Gives the groups below a folder of version 2 the controllers.

    Raises:
        OSError: The folder lacks them, or holds processes.
    """
    control = folder / "cgroup.subtree_control"
    if not {"memory", "pids"} <= set(control.read_text().split()):
        control.write_text("+memory +pids")


def _sweep(folder: Path) -> None:
    """Removes what a process that was killed has left."""
    for left in folder.glob(f"{_OURS}*"):
        if not Path("/proc", left.name.split(".")[1]).exists():
            _remove(left)


def _remove(folder: Path) -> None:
    """Removes a group and those below it; the last process may take a moment to be gone."""
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
