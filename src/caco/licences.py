"""Licences of sources: what each demands of a data set, and which exclude each other in one.

A data set that adapts several sources needs a licence that each of them permits. Most licences
permit any; share-alike licences name those that they permit, and a non-commercial one permits those
that are non-commercial as well. A source may have an SPDX expression: of licences joined by OR one
is chosen, licences joined by AND apply together. docs/export.md has the table with its sources. It
is not legal advice.
"""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations, product

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

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
_UNKNOWN = "unknown"  # a source without a licence: not in the table
_NO_ADAPTATIONS = "no adaptations"
# Words of the full names of licences, and how identifiers have them.
_SAID = (
    (r"creative commons", "cc"), (r"attribution", "by"), (r"non-?commercial", "nc"),
    (r"share-?alike", "sa"), (r"no-?deriv\w*", "nd"), (r"general public", "gpl"),
    (r"open database", "odbl"), (r"\bcc[- ]?(?:0|zero)", "cc0"), (r"(\d)-clause bsd", r"bsd \1"),
    (r"\b(gpl|bsd)[- ]?(?=v|\d)", r"\1 "), (r"\bv(?:er(?:sion)?\.?)? ?(?=\d)", ""),
    (r"\b(?:the|gnu|licen[cs]e|international|unported|data|universal)\b", " "),
    (r"[-()_,]", " "),
)  # fmt: skip
_TOKEN = re.compile(r"[()]|[^\s()]+(?: WITH [^\s()]+)?")  # a licence with its exception is one

_Choice = tuple[str, ...]  # the licences of one alternative of an expression, which apply together


def canonical(expression: str) -> str:
    """Returns an SPDX expression in its canonical form, or `unknown` as it is.

    Raises:
        ValueError: It is neither.
    """
    if expression.strip().lower() == _UNKNOWN:
        return _UNKNOWN
    try:
        return str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        near = _nearest(expression)
        raise ValueError(
            f"`{expression}` is no SPDX expression; write {f'`{near}`, or ' if near else ''}SPDX "
            "identifiers joined by AND, OR and WITH, `LicenseRef-NAME` for a licence that SPDX "
            f"does not list, or `{_UNKNOWN}`"
        ) from None


def known(name: str) -> Licence | None:
    """Returns the licence with an SPDX identifier, in any case; None if the table lacks it."""
    return _BY_NAME.get(name.strip().lower())


def problem(sources: Mapping[str, str], allowed: Collection[str] = ()) -> str | None:
    """Returns why a data set with adapted rows of all sources cannot be published; None if it can.

    Args:
        sources: The SPDX expression of each source, by the source's name.
        allowed: Licences outside the table that demand nothing of the other sources' rows.
    """
    found: dict[str, list[_Choice]] = {}
    for source, expression in sources.items():
        choices = _choices(expression)
        faults = [_fault(choice, allowed) for choice in choices]
        found[source] = [c for c, fault in zip(choices, faults, strict=True) if not fault]
        if not found[source]:
            named = _canonical(expression)
            if faults[0] == _NO_ADAPTATIONS:
                return f"the source `{source}` ({named}) permits no adaptations"
            return f"the licence of the source `{source}` is `{named}`, {faults[0]}"
    for n in (1, 2, len(found)):
        for some in combinations(found, n):
            if not _compatible([found[source] for source in some]):
                listed = _listed(f"`{source}` ({_canonical(sources[source])})" for source in some)
                return (
                    f"the licences of the source{'s' if n > 1 else ''} {listed} exclude each other "
                    "in one data set: no licence is permitted by all of them"
                )
    return None


def licences_of_whole(expressions: Collection[str]) -> list[str]:
    """Returns the licences that govern a data set with adapted rows of sources.

    It is the one under which it must be published, if the sources' licences demand one and do not
    exclude each other, else the sources' own.

    Args:
        expressions: The SPDX expressions of the sources.
    """
    own = _chosen(expressions)
    demanding = [licence for name in own if (licence := known(name))]
    possible = _common(demanding)
    if not possible or all(licence.permitted is None for licence in demanding):
        return own
    return [next((name for name in possible if name in own), possible[0])]


def hub_identifiers(names: Collection[str]) -> list[str]:
    """Returns the identifiers of licences on the Hugging Face hub: `other` for unknown ones."""
    return sorted({licence.hub if (licence := known(name)) else "other" for name in names})


def terms(expressions: Collection[str]) -> dict[str, list[str]]:
    """Returns, by term, the licences that have it; licences outside the table have none here.

    Args:
        expressions: The SPDX expressions of the sources.
    """
    found: dict[str, list[str]] = {}
    own = _chosen(expressions)
    for licence in _TABLE:
        if licence.name in own:
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


def _canonical(expression: str) -> str:
    """Returns the canonical form of an expression; of rows of other versions, it may have none."""
    try:
        return canonical(expression)
    except ValueError:
        return expression.strip()


def _choices(expression: str) -> list[_Choice]:
    """Returns the alternatives of an expression; those with known licences first."""
    try:
        text = canonical(expression)
    except ValueError:
        return [(expression.strip(),)]
    names: list[str] = []
    parts: list[str] = []
    for token in _TOKEN.findall(text):
        if token in ("(", ")", "AND", "OR"):
            parts.append(token.lower())
        else:  # a number, which Python's grammar joins by `and` and `or` as SPDX's does
            parts.append(str(len(names)))
            names.append(token)
    tree = ast.parse(" ".join(parts), mode="eval").body
    return sorted(_alternatives(tree, names), key=lambda choice: None in map(known, choice))


def _alternatives(node: ast.expr, names: list[str]) -> list[_Choice]:
    if isinstance(node, ast.BoolOp):
        parts = [_alternatives(value, names) for value in node.values]
        if isinstance(node.op, ast.Or):
            return [choice for part in parts for choice in part]
        return [tuple(name for choice in row for name in choice) for row in product(*parts)]
    assert isinstance(node, ast.Constant)
    return [(names[int(str(node.value))],)]


def _fault(choice: _Choice, allowed: Collection[str]) -> str | None:
    """Returns why adapted rows under these licences cannot be published, or None."""
    for name in choice:
        licence = known(name)
        if licence is None and name not in allowed:
            among = "which is" if len(choice) == 1 else f"of which `{name}` is"
            near = _nearest(name)
            meant = f"; did you mean `{near}`?" if near else ""
            return f"{among} not among the known SPDX identifiers{meant}"
        if licence is not None and licence.permitted == ():
            return _NO_ADAPTATIONS
    return None


def _compatible(sources: Collection[Collection[_Choice]]) -> list[str] | None:
    """Returns the licences of an alternative of each source that go together, or None."""
    for row in product(*sources):
        names = sorted({name for choice in row for name in choice})
        if _common([licence for name in names if (licence := known(name))]):
            return names
    return None


def _chosen(expressions: Collection[str]) -> list[str]:
    """Returns the licences that apply: of alternatives, those that go with the other sources'."""
    choices = [_choices(expression) for expression in sorted(set(expressions))]
    first = sorted({name for alternatives in choices for name in alternatives[0]})
    return _compatible(choices) or first


def _nearest(name: str) -> str | None:
    """Returns the licence of the table that a name means, or None, also if it means several."""
    found = {near for part in re.split("[/,;&+]", name) if (near := _near(part))}
    return found.pop() if len(found) == 1 else None


def _near(name: str) -> str | None:
    """Returns the licence of the table whose identifier is like a name, or begins with it."""
    words = name.lower()
    for said, short in _SAID:
        words = re.sub(said, short, words)
    plain = "-".join(dict.fromkeys(words.split()))  # `The MIT License (MIT)` is `mit`
    near = get_close_matches(plain, _BY_NAME, n=1, cutoff=0.7)
    # `gpl-3` begins two identifiers of one licence, `bsd` and `gpl` those of two.
    begun = {key: re.sub("-(only|or-later)$", "", key) for key in _BY_NAME if key.startswith(plain)}
    if plain and len(set(begun.values())) == 1:
        near = [*near, min(begun, key=len)]
    return _BY_NAME[near[0]].name if near else None


def _listed(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
