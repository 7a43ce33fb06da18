"""Packages whose locked version differs from the one that a job ran with.

Snakemake re-runs nothing for them (`rerun-triggers` in the profiles): whether rows of other
versions may be mixed is the user's decision, who must see it before a run.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from caco.config.config import Config
from caco.workflow.rules import environment_of, pinned_list
from caco.workflow.stages import BY_NAME

_PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
_WITH_TORCH = ("train", "infer")


def package_changes(
    records: Iterable[tuple[str, Mapping[str, Any]]], config: Config, lists: Path = Path("envs")
) -> list[str]:
    """Returns the packages whose version has changed since some jobs, in words, with their rules.

    Args:
        records: The rule and the record of each job.
        config: The run.
        lists: The folder of the locked lists.
    """
    found: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for rule, record in records:
        locked = _locked(lists, _environment(rule, config))
        for name, version in record.get("versions", {}).items():
            # A build for another accelerator is the same version: 2.13.0+cpu.
            if name in locked and version and version.partition("+")[0] != locked[name]:
                found[name, version, locked[name]][rule] = None
    return [
        f"{name} {old} -> {new} ({', '.join(rules)})" for (name, old, new), rules in found.items()
    ]


def _environment(rule: str, config: Config) -> str:
    stage = BY_NAME[rule]
    if stage.environment is not None or stage.engines is None:
        return stage.environment or "workflow"
    return environment_of(next(iter(stage.engines(config).values())))


@cache
def _locked(lists: Path, environment: str) -> dict[str, str]:
    """Returns the locked version of each package of an environment."""
    names = [pinned_list(environment), *(["torch"] if environment in _WITH_TORCH else [])]
    return {
        package: version
        for name in names
        for package, version in _PINNED.findall((lists / f"{name}.txt").read_text("utf-8"))
    }
