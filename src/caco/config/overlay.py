"""Config files that are merged over each other.

Snakemake merges a later `--configfile` over an earlier one key by key. Where it gives a section
another kind, the earlier kind's keys would remain, and be unknown keys of the new kind.
"""

from collections.abc import Iterable
from typing import Any

_KINDS = ("kind", "reader", "converter")  # the keys that decide which other keys a section has


def without_replaced(config: dict[str, Any], files: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Returns a config without the keys of sections that a later file replaces.

    A file that gives a section another kind replaces the section.

    Args:
        config: The values of all files, merged by Snakemake, and those of `--config` over them.
        files: The values of each file, in order.
    """
    merged: Any = {}
    replaced: Any = {}
    for values in files:
        merged = _over(merged, values, replaces=False)
        replaced = _over(replaced, values, replaces=True)
    result: dict[str, Any] = _pruned(config, merged, replaced)
    return result


def _over(earlier: Any, later: Any, *, replaces: bool) -> Any:
    if not (isinstance(earlier, dict) and isinstance(later, dict)):
        return later
    if replaces and any(earlier[k] != later[k] for k in _KINDS if k in earlier and k in later):
        return later
    over = {k: _over(earlier.get(k), value, replaces=replaces) for k, value in later.items()}
    return earlier | over


def _pruned(config: Any, merged: Any, replaced: Any) -> Any:
    """Returns a config without the keys of `merged` that `replaced` does not have."""
    if not (isinstance(config, dict) and isinstance(merged, dict) and isinstance(replaced, dict)):
        return config
    return {
        key: _pruned(value, merged.get(key), replaced.get(key))
        for key, value in config.items()
        if key in replaced or key not in merged or value != merged[key]
    }
