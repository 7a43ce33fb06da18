"""Jobs as Snakemake gives them, of which only what is looked at is there."""

from types import SimpleNamespace
from typing import Any


def job(
    rule: str,
    *,
    local: bool = False,
    threads: int = 1,
    reads: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
    **resources: Any,
) -> Any:
    return SimpleNamespace(
        rule=SimpleNamespace(name=rule), is_local=local, threads=threads, resources=resources,
        input=list(reads), output=list(writes),
    )  # fmt: skip
