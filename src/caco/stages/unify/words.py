"""The words of problems and worked solutions, as stems that compare equal across inflections."""

import re


def listed(words: str) -> frozenset[str]:
    """Returns the words of a list that is separated by blanks."""
    return frozenset(words.split())


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[%$€£¥]")  # noqa: RUF001
_IRREGULAR = {
    "feet": "foot", "children": "child", "people": "person", "men": "man", "women": "woman",
    "halves": "half", "knives": "knife", "loaves": "loaf", "leaves": "leaf", "shelves": "shelf",
    "mice": "mouse", "geese": "goose", "teeth": "tooth", "inches": "inch", "pennies": "penny",
    "bought": "buy", "sold": "sell", "spent": "spend", "paid": "pay", "made": "make", "ate": "eat",
    "gave": "give", "took": "take", "left": "leave", "lost": "lose", "won": "win", "read": "read",
    "ran": "run", "drove": "drive", "caught": "catch", "found": "find", "got": "get",
    "half": "half", "bus": "bus", "gas": "gas", "€": "$", "£": "$", "¥": "$", "dollars": "dollar",
    "kms": "km", "mins": "minute", "hrs": "hour", "hr": "hour", "lbs": "pound", "lb": "pound",
    "oz": "ounce", "ft": "foot", "kg": "kilogram", "mph": "mile",
}  # fmt: skip
STOP = listed(
    """a about after again all also altogether although am an and another any are as at away back be
    because been before being but by can could did do does doing done each either every few first
    for from had has have he her here hers him his how i if in into is it its itself just last
    less let like many me more most much must my next no not now of off on one only or other our
    out over own per same second she should so some still such than that the their them then there
    therefore these they this those through thus time times to together too total two under until
    up us use was we were what when where which while who will with would x you your"""
)
"""Stems that say nothing of what is counted."""


def stem(word: str) -> str:
    """Returns the stem of a word: its singular or infinitive, roughly."""
    word = re.sub(r"['’]s$", "", word.lower())  # noqa: RUF001
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, replacement in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"),
                                ("sses", "ss"), ("oes", "o")):  # fmt: skip
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + replacement
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def stems(text: str) -> list[str]:
    """Returns the stems of the words of a text, in order; `%` and `$` are words."""
    return [stem(word) for word in _WORD.findall(text)]


def content(text: str) -> list[str]:
    """Returns the stems of a text that say what is counted."""
    return [word for word in stems(text) if word not in STOP]
