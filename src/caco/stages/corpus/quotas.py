"""Quotas: limits on the rows of a group, such as those of one range of difficulty.

Which rows of a group remain depends on the digests of their identities alone, neither on the order
of the rows nor on the shards. A further shard replaces rows by others with smaller digests.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from caco.config.checks import MEASURES, Measure, Quota
from caco.errors import UserError
from caco.identity import digest
from caco.rows.corpus import CorpusRow
from caco.rows.rejected import Rejected
from caco.rows.solution import solution_id

_SHOWN = 10  # groups in a message
_ROUNDING = 1e-9  # a third of 9 rows are 3


def control(row: CorpusRow) -> str:
    """Returns the control flow of a row's program: `straight`, `branch` or `loop`."""
    return "loop" if row.loops else "branch" if row.depth else "straight"


def group(row: CorpusRow, measure: Measure, quota: Quota) -> str:
    """Returns the name of the group of a row: a range such as `4 to 7`, or the value itself."""
    if measure == "control":
        return control(row)
    value = getattr(row, measure)
    if value is None:
        return "none"
    if not quota.bins:
        return str(value)
    return bin_name(quota.bins, bisect_right(quota.bins, value))


def bin_name(bins: Sequence[int], number: int) -> str:
    """Returns the name of a group of counts, such as `4 to 7`; the first one begins at 0."""
    low = bins[number - 1] if number else 0
    if number == len(bins):
        return f"{low} or more"
    last = bins[number] - 1
    return str(low) if last == low else f"{low} to {last}"


def dropped_rows(
    outcomes: Iterable[CorpusRow | Rejected], quotas: Mapping[Measure, Quota]
) -> dict[int, str]:
    """Returns the rows that the quotas drop, with a reason, by their place among accepted rows.

    The quotas apply one after another, in the order of `MEASURES`. Memory holds a few bytes of each
    row.

    Args:
        outcomes: The rows that satisfy every other check, and rejected rows, which do not count.
        quotas: The quotas by measure.

    Raises:
        UserError: There are too few groups for the share of a quota.
    """
    applied = [(measure, quotas[measure]) for measure in MEASURES if measure in quotas]
    order = array("Q")
    numbers: list[dict[str, int]] = [{} for _ in applied]
    groups = [array("L") for _ in applied]
    for row in outcomes:
        if isinstance(row, Rejected):
            continue
        identity = solution_id(row.question_id, row.solution_variant)
        order.append(int(digest("quota", identity)[:16], 16))
        for (measure, quota), number, column in zip(applied, numbers, groups, strict=True):
            column.append(number.setdefault(group(row, measure, quota), len(number)))
    remaining = sorted(range(len(order)), key=order.__getitem__)
    dropped: dict[int, str] = {}
    for (measure, quota), number, column in zip(applied, numbers, groups, strict=True):
        names = list(number)
        sizes = Counter(column[place] for place in remaining)
        limit = _limit(measure, quota, {names[i]: n for i, n in sorted(sizes.items())})
        reasons = {
            i: f"the corpus has {limit:,} of the {sizes[i]:,} rows with {measure} {name}"
            for i, name in enumerate(names)
        }
        counts: Counter[int] = Counter()
        kept = []
        for place in remaining:
            own = column[place]
            counts[own] += 1
            if counts[own] <= limit:
                kept.append(place)
            else:
                dropped[place] = reasons[own]
        remaining = kept
    return dropped


def _limit(measure: Measure, quota: Quota, sizes: Mapping[str, int]) -> int:
    """Returns the largest number of rows of a group that satisfies a quota."""
    if quota.rows is not None:
        return quota.rows
    assert quota.share is not None
    if sizes and quota.share * len(sizes) < 1 - _ROUNDING:
        shown = ", ".join(f"{name}: {rows:,} rows" for name, rows in list(sizes.items())[:_SHOWN])
        raise UserError(
            f"corpus: `corpus.quotas.{measure}.share` is {quota.share:g}, which the "
            f"{len(sizes)} groups that have rows cannot hold ({shown}); raise it to at least "
            f"{1 / len(sizes):.3g}, change `bins`, or set `rows` instead"
        )
    return _largest(quota.share, list(sizes.values()))


def _largest(share: float, sizes: Sequence[int]) -> int:
    """Returns the largest limit at which no group has more than `share` of the rows that remain.

    With a limit, a group has at most so many rows; the share of the largest groups falls with it.
    """
    low, high = 0, max(sizes, default=0)
    while low < high:
        limit = (low + high + 1) // 2
        if limit <= share * sum(min(limit, size) for size in sizes) + _ROUNDING:
            low = limit
        else:
            high = limit - 1
    return low
