r"""The final answer of a solution: the last statement of one, whatever its form.

Statements are boxes, `the answer is ...`, headings such as `Final answer:` and GSM8K's `####`; a
later one replaces an earlier one. Only without any does the last sentence count, and only of a
solution that is complete. A reasoning block is set aside, a box that is cut off is no answer, and a
next question that a model invents after its answer ends the reading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caco.answers.model import Answer, Choice, Sequence, Text, Union, Unparsed
from caco.answers.parser import parse
from caco.text.thoughts import without_thoughts

MAX_CHARACTERS = 200_000
_TASK = (
    r"(?:(?:Next|New|Another|Follow-up)[ ]+)?"
    r"(?:[Qq]uestion|[Pp]roblem|Exercise|Q|Instruction|Human|User|Example|Task|Input)"
)
_NEXT_QUESTION = re.compile(
    rf"^[ \t]*(?:\*\*|#{{1,6}}[ ]?)?[ \t]*{_TASK}"
    r"(?:[ \t]*\d{0,3}[ \t]*(?:[:.](?:\*\*)?|\*\*:?)|[ \t]+\d{1,3})(?=\s|$)"
    rf"|^[ \t]*#{{1,6}}[ ]?{_TASK}[ \t]*$",
    re.MULTILINE,
)
# A further question without a heading: a paragraph that states numbers and ends with a question
# mark. One that doubts the answer (`Wait, did we count all 3 of them?`) goes on with the solution.
_NEXT_PARAGRAPH = re.compile(
    r"\n[ \t]*\n+(?=[A-Z])"
    r"(?!(?:But|Wait|Is|Are|Did|Do|Does|However|Hmm|Let|Can|Could|So|Why|How do|Now)\b)"
    r"(?=[^\n]{30,}\?[ \t]*(?:\n|$))(?=[^\n]*\d)"
)
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(\{)?")
_PHRASE = re.compile(
    r"(?:(?:final|correct|right)\s+)?\banswers?\b(?:,[^\S\n]*\w+(?:[^\S\n]\w+)?,)?"
    r"[^\S\n]*(?:\*\*)?[^\S\n]*"
    r"(?:(?:to|of|for)\s[^.\n:]{1,60}?)?"
    r"(?P<mark>\bis\b|\bare\b|\bwill be\b|\bwould be\b|=|:)(?P<colon>[^\S\n]*:)?(?:\*\*)?"
    r"|\bAntwort[^\S\n]*(?::|ist\b)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]*(?:\*\*)?(?:final\s+)?answer(?:\*\*)?[ \t]*:?[ \t]*$"
                      r"|^[ \t]*\*\*(?:final\s+)?answer:?\*\*:?[ \t]*$", re.I | re.M)  # fmt: skip
_HASHES = re.compile(r"^[^\S\n]*####[^\S\n]*(?=\S)|(?<=\s)####[^\S\n]*(?=\S)|^####(?=\S)", re.M)
_JOINS = re.compile(
    r"(?:[\s$.]|\\[)\]]|\\q?quad|\\[,;: ])*"
    r"(?:,?\s*(?:\\text\s*\{[^{}]{0,40}?\b(?:and|or)\s*\}|and|or)|,|;)"
    r"(?:[\s$]|\\[(\[]|\\q?quad|\\[,;: ])*(?:[a-z](?:_\d|_\{\d\})?\s*=\s*)?"
)
# What may follow an answer within its sentence, and explains rather than continues it.
_EXPLAINS = re.compile(
    r",?\s+(?:because|since|as|which|where|for|so|given|after|when|due to|that is|i\.e\.)\s|"
    r",\s+(?:and\s+)?(?:so|we|I|it|this|the|he|she|they|with)\s|\s+and\s+the\s"
    r"|\s+by\s+(?:the|our|\w+ing)\s|\s*\((?!\d)"
    r"|\s+[-\u2013\u2014]{1,2}\s+(?=[A-Za-z])|\s+=>",
)
_LEADS = re.compile(
    r"^(?:\s*(?:so|actually|thus|therefore|hence|simply|just|exactly|indeed|then|now"
    r"|approximately|about|equal to|for sure|definitely|given by|option|choice|also"
    r"|clearly)\b[,:]?)+\s*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<![A-Z])(?<!\bRs)[.!?](?=\s|$|\*\*)|\n")
_IS = re.compile(r"\b(?:is|are|equals)\b:?\s+")
_MATHS = re.compile(r"\$\$.+?\$\$|(?<!\\)\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\]")
_LETTER = re.compile(r"(?:\bis|'s|\bbe|\boption|\bchoose)\s+\(?([A-J])\)?$")
_DISPLAY = re.compile(r"\\(?:begin|end)\{(?:align|aligned|equation|gather|displaymath)\*?\}|&")
_MAX_WORDS = 6
_NO_NAMES: frozenset[str] = frozenset()
# Later statements replace earlier ones, so that few of them are read.
_LAST_STATEMENTS = 12
_MAX_STARTS = 8
_LONGEST = 500  # characters of a sentence that is searched for an answer
_LAST_LINES = 8
_SPECIAL = re.compile(r"<\|[A-Za-z_]+\|>|</s>|<end_of_turn>")
_LAST_VALUE = re.compile(
    r"-?[$€£]?\s?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s?\\?%|\s?/\s?\d+)?"
    r"|\\d?frac\{-?\d+\}\{\d+\}"
)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A stated answer.

    Attributes:
        start, end: Its position.
        text: The answer; None where it is cut off.
        box: Whether it is a box.
        heading: Whether it may be a Markdown heading of level four rather than an answer.
    """

    start: int
    end: int
    text: str | None
    box: bool = False
    heading: bool = False


def final_answer(text: str, known: str = "", *, complete: bool = True) -> str | None:
    """Returns the last answer that a solution states, or None where it states none.

    Args:
        text: The complete solution.
        known: The known answer. It may have several sentences, and is the final one of a solution
            that ends with it, word for word, after `the answer is`.
        complete: Whether the solution ends where its author ended it. The last sentence of one that
            was cut off, for example at a limit of tokens, is a step and states no answer.
    """
    read = _read_part(text)
    if bare := _bare(known):
        for match in list(_PHRASE.finditer(read))[:_LAST_STATEMENTS]:
            if _bare(read[match.end() :]) == bare:
                return known
    return _final(read, complete)


def _bare(text: str) -> str:
    return " ".join(text.split()).strip(" .$")


def _final(read: str, complete: bool) -> str | None:
    statements = sorted(_statements(read), key=lambda s: (s.start, -s.end))
    if not all(statement.heading for statement in statements):
        statements = [statement for statement in statements if not statement.heading]
    # A box within "the answer is ..." is the same statement.
    boxes = [statement for statement in statements if statement.box]
    outer = [
        s
        for s in statements
        if s.box or not any(s.start <= b.start < s.end or b.start < s.start < b.end for b in boxes)
    ]
    if outer:
        return _joined(outer, read)
    return _last_sentence(read) if complete else None


def _read_part(text: str) -> str:
    """Returns a solution without reasoning blocks and without invented further questions."""
    text = without_thoughts(text[-MAX_CHARACTERS:])
    special = next((m for m in _SPECIAL.finditer(text) if m.start()), None)
    if special:
        text = text[: special.start()]
    stated = min(
        (
            m.start()
            for pattern in (_BOX, _PHRASE, _HASHES, _HEADING)
            if (m := pattern.search(text))
        ),
        default=None,
    )
    heading = None
    if stated is not None:
        heads = (_NEXT_QUESTION.search(text, stated), _NEXT_PARAGRAPH.search(text, stated))
        heading = min(filter(None, heads), key=lambda head: head.start(), default=None)
    first = _NEXT_QUESTION.search(text)
    if heading is None or (first is not None and not first.start()):
        return text  # no further question, or the solution repeats its question, or several
    return text[: heading.start()]


def _statements(text: str) -> Iterator[_Statement]:
    """Yields the stated answers, in no order."""
    yield from _boxes(text)
    for match in list(_HASHES.finditer(text))[-_LAST_STATEMENTS:]:
        line = text[match.end() : _line_end(text, match.end())]
        answer = _PHRASE.match(line)
        stated = line[answer.end() :] if answer else line
        value = _stripped(stated)
        is_text = isinstance(parse(value, _NO_NAMES), Text)
        if value and not (is_text and text[match.end() + len(line) :].strip()):
            yield _Statement(match.start(), match.end() + len(line), value, heading=is_text)
    for match in list(_HEADING.finditer(text))[-_LAST_STATEMENTS:]:
        found = _first_line(text, match.end())
        if found is not None:
            yield _Statement(match.start(), found[1], found[0])
    for match in list(_PHRASE.finditer(text))[-_LAST_STATEMENTS:]:
        if _is_rhetorical(text, match.start()):
            continue
        statement = _after_phrase(text, match)
        if statement is not None:
            yield statement


def _boxes(text: str) -> Iterator[_Statement]:
    for match in list(_BOX.finditer(text))[-_LAST_STATEMENTS:]:
        if not match[1]:
            digits = re.compile(r"-?\d+|\w").match(text, match.end())
            if digits:
                yield _Statement(match.start(), digits.end(), digits[0], box=True)
            continue
        depth = 1
        for end in range(match.end(), len(text)):
            if text[end] in "{}" and text[end - 1] != "\\":
                depth += 1 if text[end] == "{" else -1
                if depth == 0:
                    inner = text[match.end() : end].strip()
                    yield _Statement(match.start(), end + 1, inner or None, box=True)
                    break
        else:
            yield _Statement(match.start(), len(text), None, box=True)


def _is_rhetorical(text: str, at: int) -> bool:
    """Tells whether a phrase answers a question of the solution itself: `Is it 43? The ...`."""
    before = text[:at].rstrip(" *").removesuffix("The").removesuffix("the").rstrip(" *")
    return before.endswith("?")


def _after_phrase(text: str, match: re.Match[str]) -> _Statement | None:
    """Returns the statement after `the answer is`, in the rest of its line or on the next one."""
    start = match.end()
    end = _line_end(text, start)
    line = text[start:end]
    if not line.strip(" *:$"):
        found = _first_line(text, end)
        return _Statement(match.start(), found[1], found[0]) if found else None
    if re.match(r"\s*\\[\[(]\s*$", line):
        found = _first_line(text, start)
        return _Statement(match.start(), found[1], found[0]) if found else None
    return _sentence(line, match.start(), start)


def _sentence(line: str, begin: int, start: int) -> _Statement | None:
    """Returns the answer that a sentence states, or all of it where none of its parts is one."""
    ends = list(_SENTENCE_END.finditer(line))
    if ends and ends[0][0] == "?":
        return None  # "The answer is 42% of it? No"
    sentence = line[: ends[0].start()] if ends else line
    stated = _read(sentence)
    return _Statement(begin, start + len(sentence), stated) if stated else None


def _read(sentence: str) -> str | None:
    """Returns the longest start of a sentence that is an answer, texts last, or all of it."""
    if len(sentence) > _LONGEST:
        return _stripped(sentence) or None
    starts = [_LEADS.sub("", sentence)]
    starts += [_LEADS.sub("", sentence[: m.start()]) for m in _EXPLAINS.finditer(sentence)][::-1]
    candidates = [stripped for start in starts[:_MAX_STARTS] if (stripped := _stripped(start))]
    endings = [
        _stripped(c[m.end() :])
        for c in candidates
        for m in list(_IS.finditer(c))[-1:]
        if not re.search(r"\d", c[: m.start()])
    ]
    for candidate in (*candidates, *endings):
        if _is_value(parse(candidate, _NO_NAMES)):
            return candidate
    for candidate in reversed(candidates):
        if isinstance(parse(candidate, _NO_NAMES), Text) and len(candidate.split()) <= _MAX_WORDS:
            return candidate
    return candidates[0] if candidates else None


def _is_value(answer: Answer) -> bool:
    if isinstance(answer, Sequence | Union):
        # Names are members only where they are short: "D, it can't be A or B" is no list.
        return all(_is_value(i) or _is_name(i) for i in answer.items)
    return not isinstance(answer, Unparsed | Text)


def _is_name(answer: Answer) -> bool:
    return isinstance(answer, Text) and len(answer.words.split()) <= 2


def _first_line(text: str, at: int) -> tuple[str, int] | None:
    """Returns the first line with content after a position, and its end."""
    for match in re.compile(r"[^\n]+").finditer(text, at):
        content = _stripped(_DISPLAY.sub("", match[0]))
        if re.sub(r"\\[\[\]()]|[$*\s]", "", content):
            if "\\boxed" in content:
                return None
            return _read(content.rstrip(".")) or content, match.end()
    return None


def _last_sentence(text: str) -> str | None:
    """Returns the last value of the last lines, for a solution that states no answer."""
    for line in reversed(text.strip().splitlines()[-_LAST_LINES:]):
        line = line[-_LONGEST:]
        stripped = _stripped(_LEADS.sub("", line))
        whole = parse(stripped, _NO_NAMES)
        if isinstance(whole, Choice) or (_is_value(whole) and any(c.isdigit() for c in stripped)):
            return stripped
        if letter := _LETTER.search(stripped):
            return letter[1]
        spans = [m.span() for m in _MATHS.finditer(line) if _is_value(parse(m[0], _NO_NAMES))]
        for match in _LAST_VALUE.finditer(line):
            if not any(start <= match.start() < end for start, end in spans):
                spans.append(match.span())
        if spans:
            start, end = max(spans)
            return _stripped(line[start:end])
    return None


def _joined(statements: list[_Statement], text: str) -> str | None:
    """Returns the last statement, with the boxes before it that one sentence joins to it."""
    last = statements[-1]
    if not last.box or last.text is None:
        return last.text
    parts = [last.text]
    for before, after in zip(statements[-2::-1], statements[:0:-1], strict=False):
        if not before.box or not _JOINS.fullmatch(text[before.end : after.start]):
            break
        if before.text is None:
            return None
        parts.append(before.text)
    return ", ".join(reversed(parts))


def _stripped(text: str) -> str:
    text = text.strip().strip("*").strip()
    text = re.sub(r"^(?:is|are|:|=)\s+", "", text)
    return text.strip().rstrip(".,;").strip().strip("*").strip()


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
