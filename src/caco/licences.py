"""Licences of sources: what each demands of a data set, and which exclude each other in one.

A data set that adapts several sources needs a licence that each of them permits. Most licences
permit any; share-alike licences name those that they permit, and a non-commercial one permits those
that are non-commercial as well. docs/export.md has the table with its sources. It is not legal
advice.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations

ATTRIBUTION = "attribution"
NON_COMMERCIAL = "non-commercial use only"
SHARE_ALIKE = "share alike"


@dataclass(frozen=True, slots=True)
class Licence:
    """What a licence demands.

    Attributes:
        name: SPDX identifier.
        hub: Identifier on the Hugging Face hub.
        terms: What users of the data must observe.
        permitted: The licences under which a data set with adapted rows may be published; None
            where the licence leaves that open.
        excluded: Licences that it excludes, where it leaves others open.
    """

    name: str
    hub: str
    terms: tuple[str, ...] = (ATTRIBUTION,)
    permitted: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()


_GPL_2 = ("GPL-2.0-or-later", "GPL-2.0-only")
_GPL_3 = ("GPL-3.0-or-later", "GPL-3.0-only")
_NC = ("CC-BY-NC-4.0", "CC-BY-NC-3.0")
_NC_SA = ("CC-BY-NC-SA-4.0", "CC-BY-NC-SA-3.0")
_FOR_NC = (ATTRIBUTION, NON_COMMERCIAL)
_FOR_SA = (ATTRIBUTION, SHARE_ALIKE)
_FOR_NC_SA = (ATTRIBUTION, NON_COMMERCIAL, SHARE_ALIKE)

_TABLE = (
    Licence("CC0-1.0", "cc0-1.0", ()),
    Licence("PDDL-1.0", "pddl", ()),
    Licence("Unlicense", "unlicense", ()),
    Licence("MIT", "mit"),
    Licence("BSD-2-Clause", "bsd-2-clause"),
    Licence("BSD-3-Clause", "bsd-3-clause"),
    Licence("ISC", "isc"),
    Licence("Apache-2.0", "apache-2.0", excluded=_GPL_2),
    Licence("CC-BY-4.0", "cc-by-4.0"),
    Licence("CC-BY-3.0", "cc-by-3.0"),
    Licence("ODC-By-1.0", "odc-by"),
    Licence("CDLA-Permissive-1.0", "cdla-permissive-1.0"),
    Licence("CDLA-Permissive-2.0", "cdla-permissive-2.0"),
    Licence("CC-BY-NC-4.0", "cc-by-nc-4.0", _FOR_NC, _NC + _NC_SA),
    Licence("CC-BY-NC-3.0", "cc-by-nc-3.0", _FOR_NC, _NC + _NC_SA),
    Licence("CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0", _FOR_NC_SA, _NC_SA[:1]),
    Licence("CC-BY-NC-SA-3.0", "cc-by-nc-sa-3.0", _FOR_NC_SA, _NC_SA),
    Licence("CC-BY-SA-4.0", "cc-by-sa-4.0", _FOR_SA, ("CC-BY-SA-4.0", "GPL-3.0-only")),
    Licence("CC-BY-SA-3.0", "cc-by-sa-3.0", _FOR_SA, ("CC-BY-SA-4.0", "CC-BY-SA-3.0")),
    Licence("ODbL-1.0", "odbl", _FOR_SA, ("ODbL-1.0",)),
    Licence("GPL-3.0-or-later", "gpl-3.0", _FOR_SA, _GPL_3),
    Licence("GPL-3.0-only", "gpl-3.0", _FOR_SA, _GPL_3[1:]),
    Licence("GPL-2.0-or-later", "gpl-2.0", _FOR_SA, _GPL_2 + _GPL_3),
    Licence("GPL-2.0-only", "gpl-2.0", _FOR_SA, _GPL_2[1:]),
    Licence("CC-BY-ND-4.0", "cc-by-nd-4.0", permitted=()),
    Licence("CC-BY-NC-ND-4.0", "cc-by-nc-nd-4.0", _FOR_NC, ()),
)
_BY_NAME = {licence.name.lower(): licence for licence in _TABLE}


def known(name: str) -> Licence | None:
    """Returns the licence with an SPDX identifier, in any case; None if the table lacks it."""
    return _BY_NAME.get(name.strip().lower())


def problem(sources: Mapping[str, str], allowed: Collection[str] = ()) -> str | None:
    """Returns why a data set with adapted rows of all sources cannot be published; None if it can.

    Args:
        sources: The licence of each source, by the source's name.
        allowed: Licences outside the table that demand nothing of the other sources' rows.
    """
    found: dict[str, Licence] = {}
    for source, name in sources.items():
        licence = known(name)
        if licence is None:
            if name not in allowed:
                return f"the licence of the source `{source}` is `{name}`, {_unknown(name)}"
        elif licence.permitted == ():
            return f"the source `{source}` ({licence.name}) permits no adaptations"
        else:
            found[source] = licence
    if _common(found.values()):
        return None
    pairs = combinations(found, 2)
    named = next((p for p in pairs if not _common([found[s] for s in p])), tuple(found))
    return (
        f"the licences of the sources {_listed(f'`{s}` ({found[s].name})' for s in named)} exclude "
        "each other in one data set: no licence is permitted by all of them"
    )


def licences_of_whole(names: Collection[str]) -> list[str]:
    """Returns the licences that govern a data set with adapted rows of sources.

    It is the one under which it must be published, if the sources' licences demand one and do not
    exclude each other, else the sources' own.

    Args:
        names: The licences of the sources.
    """
    found = {name: known(name) for name in names}
    own = sorted({licence.name if licence else name for name, licence in found.items()})
    demanding = [licence for licence in found.values() if licence]
    possible = _common(demanding)
    if not possible or all(licence.permitted is None for licence in demanding):
        return own
    return [next((name for name in possible if name in own), possible[0])]


def hub_identifiers(names: Collection[str]) -> list[str]:
    """Returns the identifiers of licences on the Hugging Face hub: `other` for unknown ones."""
    return sorted({licence.hub if (licence := known(name)) else "other" for name in names})


def terms(names: Collection[str]) -> dict[str, list[str]]:
    """Returns, by term, the licences that have it; licences outside the table have none here."""
    found: dict[str, list[str]] = {}
    for licence in _TABLE:
        if licence.name.lower() in {name.strip().lower() for name in names}:
            for term in licence.terms:
                found.setdefault(term, []).append(licence.name)
    return found


def _common(licences: Collection[Licence]) -> list[str]:
    """Returns the licences that all of `licences` permit, in the order of the table."""
    return [
        candidate.name
        for candidate in _TABLE
        if all(
            candidate.name not in licence.excluded
            and (licence.permitted is None or candidate.name in licence.permitted)
            for licence in licences
        )
    ]


def _unknown(name: str) -> str:
    near = get_close_matches(name.strip().lower(), _BY_NAME, n=1, cutoff=0.7)
    meant = f"; did you mean `{_BY_NAME[near[0]].name}`?" if near else ""
    return f"which is not among the known SPDX identifiers{meant}"


def _listed(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
