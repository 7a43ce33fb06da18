r"""Words and signs that scale an answer: `40\%`, `12 thousand`.

math-verify ignores the words (`12 thousand` equals 12) and accepts a percentage both as the number
and as its hundredth. That is right only if the question uses the same word ("what percentage", "how
many thousand").
"""

import re

from caco.text.numbers import PERCENT, SCALES

_MARKUP = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}|\\[,;! ]|[\\~$]")
_STATED = re.compile(
    rf"(?P<number>[^A-Za-z%‰]*\d[^A-Za-z%‰]*?)\s*"
    rf"(?:(?P<percent>percentage|{PERCENT})|(?P<permille>‰)|(?P<scale>{'|'.join(SCALES)})s?)"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
_PERCENT = re.compile(PERCENT + "|percentage", re.IGNORECASE)


def in_full(answer: str, question: str) -> str:
    r"""Returns an answer with its scale applied, `(40)/100` for `40\%`.

    Answers without a scale, and answers whose scale is in the question, are returned unchanged.

    Args:
        answer: A solution's final answer, LaTeX or plain.
        question: The question.
    """
    plain = _MARKUP.sub(lambda match: f" {match[1]} " if match[1] else " ", answer).strip()
    stated = _STATED.match(plain)
    if stated is None:
        return answer
    number = f"({stated['number'].replace(',', '').strip()})"
    if stated["percent"]:
        return answer if _PERCENT.search(question) else f"{number}/100"
    if stated["permille"]:
        return answer if "‰" in question else f"{number}/1000"
    scale = stated["scale"].lower()
    return answer if scale in question.lower() else f"{number}*{SCALES[scale]}"
