"""Names the packages whose locked version is not the one with which jobs of a run were made."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from caco.reports.wording import listed
from caco.runtime.kept import PACKAGES

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
_BESIDE = {"train": ("torch",), "infer": ("torch",)}  # lists of packages without hashes


def package_changes(records: Iterable[Mapping[str, Any]], run: Path, envs: Path) -> list[str]:
    """Returns one sentence for each environment of which the lock file has changed.

    Jobs whose list of packages is not kept, and packages that only the recorded environment had,
    are left out: pip itself is in no lock file.

    Args:
        records: The records of the run.
        run: `results/{run}`.
        envs: The folder of the lock files.
    """
    rules: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)  # in the order of the data
    for values in records:
        environment = values.get("environment") or {}
        parts = PurePath(environment.get("interpreter") or "").parts
        name = parts[-3] if len(parts) > 2 else ""  # .venvs/{name}/bin/python
        if environment.get("packages") and (envs / f"{name}.txt").is_file():
            rules[name, environment["packages"]][values["rule"]] = None
    of_change: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for (name, digest), some in rules.items():
        kept = run / PACKAGES.format(digest)
        if not kept.is_file():
            continue
        before = _versions(kept.read_text(encoding="utf-8"))
        for package, now in sorted(_locked(envs, name).items()):
            was = before.get(package)
            if was != now:
                change = f"{package} {was or 'absent'} -> {now}"
                of_change[name, change].update(some)
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (name, change), changed in of_change.items():
        grouped[name, tuple(changed)].append(change)
    return [
        f"envs/{name}.txt changed since {', '.join(some)} ran, which runs nothing again: "
        f"{listed(changes)}"
        for (name, some), changes in grouped.items()
    ]


def _locked(envs: Path, name: str) -> dict[str, str]:
    files = [envs / f"{one}.txt" for one in (name, *_BESIDE.get(name, ()))]
    return _versions("\n".join(file.read_text(encoding="utf-8") for file in files))


def _versions(text: str) -> dict[str, str]:
    """Returns the version of each package; the build (`+cpu`) is that of a machine."""
    return {
        re.sub(r"[-_.]+", "-", name).lower(): version.partition("+")[0]
        for name, version in _PIN.findall(text)
    }
