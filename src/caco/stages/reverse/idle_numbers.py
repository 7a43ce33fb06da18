"""Numbers of a question that state no quantity, or one that the question lists anyway.

An idle number names something (`grade 4`, `in 2019`, `the 3rd`), or counts what the question lists
(`three boxes. The first box ...`). Decision 0032 has the rules, and what each of them retains and
lets through.
"""

import re
import string
from bisect import bisect_right
from collections import Counter
from decimal import Decimal
from functools import cached_property
from itertools import count as count_from

from caco.stages.reverse.ones import Ones
from caco.stages.reverse.phrases import (
    MEASURE,
    SENTENCE,
    SHARED,
    WORD,
    clause,
    list_sizes,
    names_in,
    noun_after,
    stem,
)
from caco.text.numbers import Mention

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # keeps every position
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip
_ROUNDING = Decimal("1e-9")  # of thirds
_COUNTS = range(2, len(_ORDINALS) + 1)  # of what a question can list
_WINDOW = 300  # characters after a count in which its list starts

# Names: `the 3rd`, `July 4`, `in 2019`, `house 3`, `at 8:00`.
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_MONTH_BEFORE = re.compile(rf"\b(?:{_MONTHS})\s+$")
_MONTH_AFTER = re.compile(rf"\s+(?:of\s+)?(?:{_MONTHS})\b")
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_YEAR_BEFORE = re.compile(rf"(?:\b(?:in|of|during|year|and)|\b(?:{_MONTHS}),?)\s+$", re.IGNORECASE)
_YEAR_AFTER = re.compile(
    r"\s*(?:$|[.,;:?!)])|\s+(?:[A-Z]|(?:and|the|she|he|they|it|was|were|is|that|than|after|before"
    r"|when|how)\b)"
)
# `day 3` and `page 12` are no names: they are counted from the first.
_LABEL_BEFORE = re.compile(
    r"\b(?:grade|district|house|room|section|highway|route|channel|gate|class|classroom|group|team"
    r"|table|machine|bin|box|store|city|building|lane)s?\s+(?:\d+,?\s+(?:(?:and|or)\s+)?)*$",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\s+(?!(?:as|does|has|his|is|its|this|was)\b)[a-z]+s\b")
_SIDE = re.compile(r"\b(?:below|above)\s+$", re.IGNORECASE)  # `5 degrees below zero`
_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d\d)\b)?(?:\s*[ap]\.?m\b|(?<=:\d\d))", re.IGNORECASE)
_OF_TIME = re.compile(
    r"\b(?:noon|midnight|what time|o'clock|late|early|earlier|earliest|latest|ratio)\b",
    re.IGNORECASE,
)

_ASKS = re.compile(r"\b(?:how|what|which|calculate|find|determine|compute)\b")
_ITEM = re.compile(r"\s*,\s*(?:(?:and|or)\s+)?\$?\d|\s+(?:and|or)\s+\$?\d")  # `7, 84 and 50`

# Counts of what the question lists.
_EACH = re.compile(r"\b(?:each|every|apiece|average)\b", re.IGNORECASE)
_DAYS = re.compile(r"[\s-]*(?:days?|nights?)\b", re.IGNORECASE)
_PERIOD = re.compile(r"[\s-]*(?:day|night|week|month|season|year)s?\b", re.IGNORECASE)
_AGO = re.compile(r"\s+\w+\s+(?:ago|old)\b|[\s-]years?-old\b", re.IGNORECASE)
_COMPOUND = re.compile(r"(?<![\w$.])\d+-[a-z]+")
_SPAN = re.compile(r"\s+(?:minute|hour|day|night|week|month|season|year)s?\b", re.IGNORECASE)
_LATER = re.compile(rf"{_SPAN.pattern}\s+(?:ago|later)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:past|previous|last|after)\s+$", re.IGNORECASE)
_RATE = re.compile(
    r"\b(?:how old|ages?|aged|younger|older|each|every|per|daily|hourly|weekly|monthly|yearly"
    r"|an?\s+(?:minute|hour|day|week|month))\b"
    r"|/",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\b(?:the|these|those|all|between|among|both)\s+(?:of\s+)?(?:(?:the|these)\s+)?$",
    re.IGNORECASE,
)
_OWN = re.compile(r"(?:\b(?:his|her|their|my|its|our|your)|['\u2019]s)\s+$", re.IGNORECASE)
_NEXT = re.compile(r"\bthe\s+(?:first|next|other|last|remaining)\s+$", re.IGNORECASE)
_PEOPLE = re.compile(
    r"\s+(?:\w+\s+)?(?:friends|people|girls|boys|children|kids|siblings|brothers|sisters|cousins"
    r"|students|men|women|neighbou?rs|companies|teams|workers|coworkers|classmates"
    r"|members|athletes)\b",
    re.IGNORECASE,
)
_KIND = "kind|type|sort|flavou?r|variet(?:y|ies)|colou?r|size|option|categor(?:y|ies)|level"
_KINDS = re.compile(rf"\s+(?:different\s+)?(?:{_KIND})s?\b", re.IGNORECASE)
_EACH_KIND = re.compile(
    rf"\b(?:each|every|per)\s+(?:\w+\s+)?(?:{_KIND}|one)\b|\bof each\b", re.IGNORECASE
)
_OF_THEM = re.compile(r"\s+of\s+(?:them|these|those|the|which|whom)\b", re.IGNORECASE)
_OTHERS = re.compile(r"\s+other\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:other|another|remaining|last|rest,)\s+$", re.IGNORECASE)
_REST = re.compile(r"\b(?:last|final|other|another|remaining|rest)\b")
_NEXT_DAY = re.compile(r"\b(?:(?:day|night) after|(?:next|following) (?:day|night))\b")
_REST_OF_TWO = re.compile(r"\b(?:two (?:remaining|others?)|(?:remaining|other|last) two)\b")
_PAIR = re.compile(
    r"\b(?:one|both|first|second|respectively|another|other)\b", re.IGNORECASE
)  # words that follow two things
_TWO_ITEMS = re.compile(r"\s+[^\s,:]+[,:]?\s+(?!and\b)\S+\s+and\s+\S")  # `integers n and k`
_ENUMERATED = re.compile(
    rf"(?:(?<=[.;,!]\s)|(?<=[.;,!]\s\s)|\b(?:and|while|but)\s+)(?:(?:the|an?)\s+)?"
    rf"(one|1|another|{'|'.join(_ORDINALS[:6])}|last|other|final|remaining)\b"
    r"(?!\s+(?:hour|day|week|year)\b)"
)
_LISTED = re.compile(r"\b(?:label(?:s|led|ed)|named|called|namely)\b|[:;]|--", re.IGNORECASE)
_WEEKDAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day")


class Roles:
    """What the numbers of a question are there for.

    Each rule looks at most `_WINDOW` characters ahead or at what is read once from the whole
    question, so that the time is linear in its length.
    """

    def __init__(self, question: str, numbers: list[Mention]) -> None:
        """Reads a question.

        Args:
            question: The problem's text.
            numbers: All of its numbers, in their order.
        """
        self._text = question
        self._mentions = numbers
        self._low = question.translate(_LOWER)

    def idle(self, number: Mention) -> bool:
        """Tells whether a number states no quantity, or one that the question lists anyway.

        `one`, `half` and other numbers that may be words of another kind (`Mention.excused`) are
        idle. Two is a count like three. One is a count where it is added or taken away (`sells 1
        more`, `sells one of its 38 hats`): a rate `for 1 hour` changes no result.
        """
        if number.excused and number.value == 1:
            end = self._sentences[self.sentence(number)][1]
            return not self._ones.counts(number, end, asked=self.in_request(number))
        if number.excused and number.value != 2:
            return True
        before = self._text[max(0, number.start - 60) : number.start]
        if number.percent or number.parts:
            return _share(number) and (self.sentence(number), number.percent) in self._whole
        if len(number.readings) > 1:
            return False
        after = self._text[number.end : number.end + 60]
        if self._names(number, before, after) or (number.value == 0 and _SIDE.search(before)):
            return True
        counts = (
            number.value in _COUNTS
            and not before.endswith(("$", "-", "\u2212"))
            and not _ITEM.match(after)
        )
        return (counts and self._counts_listed(number, int(number.value), before, after)) or (
            bool(_LATER.match(after) or (_PAST.search(before) and _SPAN.match(after)))
            and not self._has_rate
        )

    def _names(self, number: Mention, before: str, after: str) -> bool:
        """Tells whether digits are a name: an ordinal, a date, a label or the time of day."""
        digits = self._text[number.start : number.end]
        if not digits.isdigit() or len(digits) > 4:
            return False
        counts = _PLURAL.match(after)
        day = int(digits) <= 31 and (_MONTH_BEFORE.search(before) or _MONTH_AFTER.match(after))
        label = _LABEL_BEFORE.search(before)
        year = _YEAR.fullmatch(digits) and _YEAR_BEFORE.search(before) and _YEAR_AFTER.match(after)
        return bool(
            _ORDINAL.match(after)
            or ((day or label) and not counts)
            # A year that only the last sentence states is one to count to.
            or (year and self._text.find(digits) < self._sentences[-1][0])
            or number.start in self._only_time
            or (digits == "00" and before.endswith(":"))
            or self._compound(number)
        )

    def _compound(self, number: Mention) -> bool:
        """`an 8-inch frame ... the 8-inch frame`: what is said twice tells things apart."""
        compound = _COMPOUND.match(self._low, number.start)
        return compound is not None and self._compounds[compound[0]] > 1

    @cached_property
    def _compounds(self) -> Counter[str]:
        return Counter(_COMPOUND.findall(self._low))

    def _counts_listed(self, number: Mention, count: int, before: str, after: str) -> bool:
        """Tells whether a number counts things that the question also lists one by one."""
        at = self.sentence(number)
        end = self._sentences[at][1]
        here = self._text[number.end : min(end, number.end + _WINDOW)]
        following = self._text[end : min(self._end(at + 1), end + _WINDOW)]
        noun = noun_after(after)
        definite, own = bool(_DEFINITE.search(before)), bool(_OWN.search(before))
        period = bool(_PERIOD.match(after))
        if count == 2:
            reference = definite or own or _NEXT.search(before) or _KINDS.match(after)
            if reference or _AGO.match(after):
                return True
        if MEASURE.match(after) and not period:
            return False
        if self._in_order(number, count, noun, here + following, period):
            return True
        sentence = self._sentences[at]
        pair = number.start == sentence[0] or _PAIR.search(here + following)
        if count == 2 and not period and (pair or _TWO_ITEMS.match(here)):
            return True
        if SHARED.search(clause(self._text, number)):
            return False
        if period:
            return count == (self._weekdays if _DAYS.match(after) else self._months)
        people = bool(_PEOPLE.match(after))
        named = len(self._named) == count
        return bool(
            # A pair may be two clauses: `two hats and has`.
            (count > 2 and count in list_sizes(here))
            or (count > 2 and noun and noun in following.lower() and count in list_sizes(following))
            or (named and (people or ((definite or own) and (not noun or self._words[noun] > 1))))
            or (_LISTED.search(here) and len(names_in(here)) == count)
            or (own and people and len(self._named) == count + 1)
            or (noun and len(self._labels.get(noun, ())) == count)
            or (_KINDS.match(after) and self._last_each_kind < number.end)
            or (definite and at + 1 == len(self._sentences) and self._listed_before(noun, count))
            or self._sums_up(number, count, noun)
            or self._enumerated(end) == count
        )

    def _in_order(self, number: Mention, count: int, noun: str, near: str, period: bool) -> bool:
        """`three boxes. The first box ..., the second ..., the last ...`"""
        near = near.lower()
        same = noun in self._after_ordinals
        if not same and ("first" not in near or _EACH.search(clause(self._text, number))):
            last = self._ordinals.get(count, -1) >= number.end
            return last and count > 2 and re.search(r"\bone\b", near) is not None
        counted = self._counted_periods if period else self._counted
        others = _OTHERS.match(self._text, number.end) is not None  # the three other stores
        listed = self._reached or len(self._ordinals) > 1
        return bool(listed) and count + others in counted

    def _sums_up(self, number: Mention, count: int, noun: str) -> bool:
        """`six employees. Four of them ..., the other two ...`"""
        total, parts = Decimal(0), 0
        for at in range(bisect_right(self._starts, number.end - 1), len(self._starts)):
            part = self._mentions[at]
            if part.start > number.end + _WINDOW:
                break
            other = _OTHER.search(self._text[max(0, part.start - 12) : part.start])
            same = noun and noun == noun_after(self._text[part.end : part.end + 60])
            if _OF_THEM.match(self._text, part.end) or (total and other) or (same and not total):
                total, parts = total + part.value, parts + 1
                if total == count:
                    return parts > 1
        return False

    def _enumerated(self, start: int) -> int:
        """Returns how many things clauses from `start` begin with: `One is ..., another is ...`"""
        at = bisect_right(self._clauses, (start, ""))
        first = self._clauses[at][1] if at < len(self._clauses) else ""
        return len(self._clauses) - at if first in ("one", "1", "first") else 0

    def _listed_before(self, noun: str, count: int) -> bool:
        """Tells whether a list of `count` things before the last sentence has the noun in it."""
        return noun in self._lists.get(count, ())

    @cached_property
    def _sentences(self) -> list[tuple[int, int]]:
        return [match.span() for match in SENTENCE.finditer(self._text)]

    def sentence(self, number: Mention) -> int:
        """Returns the index of the sentence that a number is in."""
        return bisect_right(self._sentences, (number.start, len(self._text))) - 1

    def span(self, number: Mention) -> tuple[int, int]:
        """Returns start and end of the sentence that a number is in."""
        return self._sentences[self.sentence(number)]

    def in_request(self, number: Mention) -> bool:
        """Tells whether a number is in what the question asks for, the end of its last sentence."""
        return number.start >= self._request

    @cached_property
    def _request(self) -> int:
        start, end = self._sentences[-1]
        asks = _ASKS.search(self._low, start, end)
        return asks.start() if asks else start

    def _end(self, sentence: int) -> int:
        at = min(sentence, len(self._sentences) - 1)
        return self._sentences[at][1]

    @cached_property
    def _ones(self) -> Ones:
        return Ones(self._text, self._mentions)

    @cached_property
    def _starts(self) -> list[int]:
        return [mention.start for mention in self._mentions]

    @cached_property
    def _only_time(self) -> set[int]:
        """Where hours and minutes start, if the question states one time and asks for none."""
        found = list(_CLOCK.finditer(self._text))
        times = {(int(match[1]), match[2] or "00") for match in found}
        alone = len(times) == 1 and not _OF_TIME.search(self._text)
        return {match.start(group) for match in found for group in (1, 2)} if alone else set()

    @cached_property
    def _whole(self) -> set[tuple[int, bool]]:
        """The sentences whose percentages (True) or fractions (False) sum up: 10% beside 90%."""
        shares: dict[tuple[int, bool], set[Decimal]] = {}
        for share in self._mentions:
            if _share(share):
                key = (self.sentence(share), share.percent)
                shares.setdefault(key, set()).add(share.value)
        return {
            key
            for key, values in shares.items()
            if abs(sum(values, Decimal(-100 if key[1] else -1))) < _ROUNDING
        }

    @cached_property
    def _has_rate(self) -> bool:
        return _RATE.search(self._text) is not None

    @cached_property
    def _named(self) -> set[str]:
        return names_in(self._text)

    @cached_property
    def _weekdays(self) -> int:
        return len(set(_WEEKDAY.findall(self._low)))

    @cached_property
    def _months(self) -> int:
        return len(set(re.findall(rf"\b(?:{_MONTHS})\b", self._text)))

    @cached_property
    def _words(self) -> Counter[str]:
        return Counter(stem(word) for word in WORD.findall(self._low))

    @cached_property
    def _ordinals(self) -> dict[int, int]:
        """The ordinals that the question has, with their last positions."""
        found = re.finditer(rf"\b(?:{'|'.join(_ORDINALS)}|(\d\d?)(?:st|nd|rd|th))\b", self._low)
        return {
            int(match[1]) if match[1] else _ORDINALS.index(match[0]) + 1: match.start()
            for match in found
        }

    @cached_property
    def _reached(self) -> int:
        """How many ordinals there are from `first` on without a gap."""
        return next(n for n in count_from(1) if n not in self._ordinals) - 1

    @cached_property
    def _counted(self) -> set[int]:
        """How many things the ordinals may list, with `the last` and `the other two`."""
        counted = {self._reached, max(self._ordinals, default=0)}
        if _REST.search(self._low):
            counted.add(self._reached + 1)
        if _REST_OF_TWO.search(self._low):
            counted.add(self._reached + 2)
        return counted

    @cached_property
    def _counted_periods(self) -> set[int]:
        """How many days they may list, with `the day after`."""
        further = len({match[0] for match in _NEXT_DAY.finditer(self._low)})
        return {*self._counted, *(count + further for count in self._counted)}

    @cached_property
    def _after_ordinals(self) -> set[str]:
        """The words, without the plural's s, of which one may be what an ordinal counts."""
        pattern = rf"\b(?:{'|'.join(_ORDINALS)}|last)\s+(\w+)(?=\s+(\w+))?"
        return {stem(word) for pair in re.findall(pattern, self._low) for word in pair}

    @cached_property
    def _labels(self) -> dict[str, set[str]]:
        """The labels after each noun: 1 and 2 of `house 1 and house 2`."""
        labels: dict[str, set[str]] = {}
        for noun, label in re.findall(r"\b([a-z]+)\s+([a-hj-z]|\d+)\b", self._low):
            labels.setdefault(stem(noun), set()).add(label)
        # `a` is an article where there is no `b`.
        return {n: found if "b" in found else found - {"a"} for n, found in labels.items()}

    @cached_property
    def _last_each_kind(self) -> int:
        return max((match.start() for match in _EACH_KIND.finditer(self._text)), default=-1)

    @cached_property
    def _lists(self) -> dict[int, set[str]]:
        """The words of the sentences that list something, by the number of things."""
        lists: dict[int, set[str]] = {}
        for start, end in self._sentences[:-1]:
            words = {stem(word) for word in WORD.findall(self._low, start, end)}
            for size in list_sizes(self._text[start:end]):
                lists.setdefault(size, set()).update(words)
        return lists

    @cached_property
    def _clauses(self) -> list[tuple[int, str]]:
        return [(match.start(), match[1]) for match in _ENUMERATED.finditer(self._low)]


def _share(number: Mention) -> bool:
    """Tells whether a number is a percentage or a fraction of a whole."""
    whole = 100 if number.percent else 1 if number.parts else 0
    return 0 < number.value < whole
