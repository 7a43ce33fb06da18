"""Stand-ins for Snakemake's jobs, with only the attributes that the checks read."""

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any


class _Job(SimpleNamespace):
    """A job whose `growing` resources are multiplied by its attempt."""

    @property
    def resources(self) -> dict[str, Any]:
        return self.fixed | {name: self.attempt * each for name, each in self.growing.items()}


def job(
    rule: str,
    *,
    local: bool = False,
    threads: int = 1,
    reads: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
    wildcards: tuple[str, ...] = (),
    retries: int = 0,
    growing: Mapping[str, int] = MappingProxyType({}),
    **resources: Any,
) -> Any:
    return _Job(
        rule=SimpleNamespace(name=rule, restart_times=retries), is_local=local, threads=threads,
        fixed=resources, growing=growing, input=list(reads), output=list(writes), attempt=1,
        wildcards=list(wildcards),
    )  # fmt: skip
