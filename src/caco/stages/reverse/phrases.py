"""Phrases around the numbers of a question: clauses, nouns, names and enumerations."""

import re

from caco.text.numbers import Mention

_CLAUSE = 150  # characters of a clause before and after a number
_THING = 6  # words of one thing in a list
WORD = re.compile(r"[a-z]+")
_PLURALS = frozenset(("people", "children", "men", "women"))
_NAME = re.compile(r"(?<![\w'\u2019-])[A-Z][A-Za-z]*(?:\s[A-Z][A-Za-z]*)*(?![\w-])")
_NO_NAMES = frozenset(
    """A An The If How What Which Who Where When Why On In At After Before For From By With As Of To
    Over Out During Since Until While Because However Also And But So Or Then There Here It Its He
    His She Her They Their Them We Our You Your I My This That These Those Each Every Some All Both
    Another Other One Two Three Four Five Six Seven Eight Nine Ten First Second Third Fourth Last
    Finally Next Once Twice Today Yesterday Tomorrow Now Later Currently Together Altogether
    Calculate Find Determine Assume Assuming Suppose Given Is Are Was Were Do Does Did Would Will
    Can Could Not No Half Only Per Mr Mrs Ms Dr Monday Tuesday Wednesday Thursday Friday Saturday
    Sunday January February March April May June July August September October November December
    Christmas Meanwhile Unfortunately Additionally Most Many Several Using Out Express
    """.split()  # noqa: SIM905
)  # capitalised words that name nobody
SENTENCE = re.compile(r"(?:[^.?!]|[.?!](?!\s|$))+[.?!]*\s*|[.?!]+\s*")
SHARED = re.compile(
    r"\b(?:each|every|per|equal\w*|evenly|shar\w+|split\w*|divid\w+|average|apiece|ratio"
    r"|same(?!\s+time))\b",
    re.IGNORECASE,
)
"""Words by which a number belongs to each of several things."""
MEASURE = re.compile(
    r"[\s-]*(?:dollar|buck|cent|percent|time|second|minute|hour|day|week|month|year|night|season"
    r"|inch|foot|feet|yard|mile|(?:milli|centi|kilo)?met(?:er|re)|lit(?:er|re)|gallon|ounce|pound"
    r"|(?:kilo)?gram|mm|cm|km|ml|oz|kg|mph|degree|point|more|less|fewer|extra|additional)"
    r"(?:e?s)?\b",
    re.IGNORECASE,
)
"""What follows the number of a measure, a rate or a comparison."""
_JOINED = re.compile(r"\s*(?:and|or)\b")
_JOINING = re.compile(r"\w\s+(?:and|or)\s+\w")


def clause(text: str, number: Mention) -> str:
    """Returns the words around a number, up to a comma or the end of the sentence."""
    before = text[max(0, number.start - _CLAUSE) : number.start]
    after = text[number.end : number.end + _CLAUSE]
    return re.split(r"[.,;:?!]\s", before)[-1] + " " + re.split(r"[.,;:?!](?:\s|$)", after)[0]


def names_in(text: str) -> set[str]:
    """Returns the last words of the names: Sloan of Governor Sloan, A of Machine A."""
    names = (re.split(r"\s", match[0]) for match in _NAME.finditer(text))
    return {name[-1] for name in names if name[-1] not in _NO_NAMES}


def stem(word: str) -> str:
    """Returns a word without the plural's s."""
    return word[:-2] if word.endswith(("xes", "ches", "shes", "sses")) else word.rstrip("s")


def noun_after(after: str) -> str:
    """Returns the stem of the first plural after a number, or an empty string."""
    words = WORD.findall(re.split(r"[.,;:?!]", after.lower())[0])[:4]
    return next((stem(word) for word in words if word.endswith("s") or word in _PLURALS), "")


def list_sizes(text: str) -> set[int]:
    """Returns how many things the lists of a text have: 3 for `an apple, a pear and a plum`."""
    sizes = set()
    for piece in re.split(r"[;:?!()]|\.\s|\.$", text):
        things = 0
        for part in re.split(r",(?!\d)", piece):
            things += 1
            if things > 1 and _JOINED.match(part):
                sizes.add(things)
                things = 0
            elif _JOINING.search(part):
                sizes.add(things + 1)
                things = 0
            elif len(part.split()) > _THING:
                things = 1  # a new list may begin here
    return sizes
