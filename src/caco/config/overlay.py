"""Config files that are merged over each other.

Snakemake merges a later `--configfile` over an earlier one key by key. Where it gives a section
another kind, the earlier kind's keys would remain, and be unknown keys of the new kind.
"""

from collections.abc import Iterable
from functools import partial, reduce
from typing import Any

_KINDS = ("kind", "reader", "converter")  # the keys that decide which other keys a section has


def merged(files: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Returns the values of config files, each over the earlier ones.

    Args:
        files: The values of each file, in order.
    """
    values: Any = reduce(partial(_over, replaces=True), files, {})
    return dict(values)


def without_replaced(config: dict[str, Any], files: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Returns a config without the keys of sections that a later file replaces.

    A file that gives a section another kind replaces the section.

    Args:
        config: The values of all files, merged by Snakemake, and those of `--config` over them.
        files: The values of each file, in order.
    """
    in_order = list(files)
    joined: Any = reduce(partial(_over, replaces=False), in_order, {})
    result: dict[str, Any] = _pruned(config, joined, merged(in_order))
    return result


def _over(earlier: Any, later: Any, *, replaces: bool) -> Any:
    if not (isinstance(earlier, dict) and isinstance(later, dict)):
        return later
    if replaces and _is_another_kind(earlier, later):
        return later
    over = {k: _over(earlier.get(k), value, replaces=replaces) for k, value in later.items()}
    return earlier | over


def _is_another_kind(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    pairs = [(earlier[key], later[key]) for key in _KINDS if key in earlier and key in later]
    # A section that has one of these names, as a model `converter`, is no kind.
    return any(isinstance(kind, str) and kind != other for kind, other in pairs)


def _pruned(config: Any, joined: Any, replaced: Any) -> Any:
    """Returns a config without the keys of `joined` that `replaced` does not have."""
    if not (isinstance(config, dict) and isinstance(joined, dict) and isinstance(replaced, dict)):
        return config
    return {
        key: _pruned(value, joined.get(key), replaced.get(key))
        for key, value in config.items()
        if key in replaced or key not in joined or value != joined[key]
    }
