"""Texts that a writer returns instead of a word problem.

A writer that is too small restates its prompt (`Input: {...} Output: 12`), describes the program
(`The program computes ...`) or tells a story that asks nothing. No solution needs to be generated
for such a text. Decision 0038 has the figures on the questions of real data sets, where functions
f(x), arrays and strings are usual and no reason for a rejection.
"""

import re

_SHOWN = 80  # characters of the text that a reason quotes

_ENTRY = r"[ \t]*[-*\u2022]?[ \t]*[`'\"]?[a-z_]{2,}[`'\"]?[ \t]*[:=][ \t]*[\d\[{'\"]"  # `price: 5`
_FIGURE = re.compile(r"\[asy\].*?(?:\[/asy\]|$)", re.DOTALL)  # MATH's drawings are programs
_NO_PROBLEM: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("restates the input as a dict", re.compile(r"\{\s*(['\"])[^'\"{}]+\1\s*:")),
    (
        "restates the input or the output",
        re.compile(
            r"(?:^|[.?!:;,]\s+|\n\s*)(?:the\s+)?(?:input|output)s?\s*(?:[:=]\s*[-\d\[({'\"]|\s(?:is|are)\s*:?\s*[\[{'\"])",
            re.IGNORECASE,
        ),
    ),
    (
        "lists names with values",
        re.compile(rf"(?:^|\n){_ENTRY}[^\n]*\n+{_ENTRY}"),
    ),
    (
        "names a variable",
        re.compile(r"(?<![\w\\$/@.{'\"])[a-z]{2,}\d*(?:_[a-z]{2,}\d*)+(?![\w}/@])"),
    ),
    (
        "describes a program",
        re.compile(
            r"\b(?:this|the|that)\s+(?:\w+\s+)?(?:program|script|code|function)\s+"
            r"(?:also\s+|then\s+|first\s+)?(?:solves|computes|calculates|returns|takes|prints|outputs"
            r"|determines|reads|defines|initiali[sz]es|iterates|loops|accepts|implements|executes"
            r"|(?:is\s+(?:trying|used|designed|meant|supposed)|tries|aims|attempts)\s+to\s+(?:find|count"
            r"|determine|calculate|compute|solve|figure|return|print|output|check|decide))\b"
            r"|\bprogram\s+(?:that\s+)?(?:takes|reads)\s+(?:in|as|the|two|three|some)\b"
            r"|\b(?:does|do|will|would)\s+(?:this|the|that)\s+(?:\w+\s+)?(?:program|script|code)\s+"
            r"(?:print|output|return|compute|calculate|display|produce)\b"
            r"|\boutput\s+of\s+the\s+following\b"
            r"|\b(?:python|javascript)\s+(?:program|script|code|function)\b"
            r"|\b(?:input|output)\s+of\s+(?:this|the)\s+(?:program|script|code)\b"
            r"|\b(?:this|the)\s+(?:program|script|code)'?s?\s+(?:input|output)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "asks for a program",
        re.compile(
            r"\b(?:write|implement|create|develop|design)\s+(?:a|an|the|some)\s+(?:\w+\s+)?"
            r"(?:program|script|code|function\s+(?:that|to|which|called|named|in))\b",
            re.IGNORECASE,
        ),
    ),
    ("has code", re.compile(r"(?:^|\n)[ \t]*(?:def\s+\w+\(.*\).*:|print\(.*\)[ \t]*(?:$|\n))")),
    (
        "answers itself",
        re.compile(r"(?:^|[.?!]\s+|\n\s*)(?:final\s+)?(?:answer|solution)\s*:", re.IGNORECASE),
    ),
    (
        "speaks of itself",
        re.compile(
            r"\b[Ww]ord problem\b|^\s*(?i:sure|certainly|of course|absolutely)\s*[!,.]"
            r"|^\s*(?i:here(?:'s| is) (?:an?|the|your|one) (?:\w+ ){0,2}(?:question|problem))\b"
        ),
    ),
)

# A request: a question mark, an interrogative, or an imperative where a sentence or clause starts.
_REQUEST = re.compile(
    r"\?"
    r"|\bhow\s+(?:many|much|long|far|old|tall|big|large|fast|high|wide|often|soon|few|likely)\b"
    r"|\bwhat's\b|\b(?:for|in) what\b"
    r"|\bwhat\s+(?:is|are|was|were|will|would|did|does|do|must|should|[a-z]+\s+(?:is|are|of|does|did"
    r"|do|will|would|must|should))\b|(?:^|[.!]\s*)(?:who|which|what|when|where|why)\b"
    r"|(?:^|[.!])\s*(?:is|are|do|does|did|can|could|will|would|has|have|true o[rf] false)\b"
    r"|(?:^|[.!:;,)}$\]]\s*|\n\s*"
    r"|\b(?:and|then|please|now|completely|fully|using \S+|you (?:must|should|have to|are to))\s+)"
    r"(?:find|compute|calculate|determine|evaluate|simplify|solve|prove|show|express|give|write"
    r"|state|list|name|identify|estimate|convert|factor|expand|graph|sketch|draw|sort|arrange|count"
    r"|add|subtract|multiply|divide|round|reverse|return|answer|tell|order|put|choose|select"
    r"|verify|differentiate|integrate|rewrite|collect|rearrange|complete|report|obtain|derive"
    r"|predict|rationali[sz]e|reduce|combine|check|remove|replace|describe|explain|decide|use|let"
    r"|enter|specify|represent|compare|sum|decrypt|construct|test|approximate|plot|match|fill"
    r"|perform|classify|translate|work out|figure out|print|output|suppose)\b"
    r"|\(\s*A\s*\)|\bmathrm\{\(A\)|\b(?:sum|product|difference|quotient)\s+of\b"
    r"|(?:\bis|\bare|\bequals?|=|:|\bof|\bby)\s*[\s$:_.\\]*$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z]{2,}", re.IGNORECASE)
_BARE = 2  # words of a text that is an expression: `-62 divided by 31`


def no_question(text: str) -> str | None:
    """Returns why a text is no word problem, or None if it may be one.

    Args:
        text: What the writer wrote, without its thoughts.
    """
    text = _FIGURE.sub(" ", text)
    for reason, found in ((reason, pattern.search(text)) for reason, pattern in _NO_PROBLEM):
        if found:
            return f"{reason} ({' '.join(found[0].split())!r}): {text[:_SHOWN]!r}"
    if len(_WORDS.findall(text)) > _BARE and not _REQUEST.search(text):
        return f"asks nothing: {text[-_SHOWN:]!r}"
    return None
