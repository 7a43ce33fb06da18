r"""Words and signs that scale a stated number: `40\%`, `12 thousand`.

math-verify leaves them out, or takes a percentage for the bare number as well as for its hundredth:
to it, `12 thousand` is 12. That is right only where the question asks in such a word ("what
percentage", "how many thousand"); elsewhere the number is what it says.
"""

import re

_SCALES = {
    "%": "/100", "percent": "/100", "per cent": "/100", "percentage": "/100", "‰": "/1000",
    "dozen": "*12", "hundred": "*100", "thousand": "*1000", "million": "*1000000",
    "billion": "*1000000000", "trillion": "*1000000000000",
}  # fmt: skip
_PERCENT = ("%", "percent", "per cent", "percentage")
_MARKUP = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}|\\[,;! ]|[\\~$]")
_STATED = re.compile(
    rf"(?P<number>[^A-Za-z%‰]*\d[^A-Za-z%‰]*?)\s*(?P<scale>{'|'.join(_SCALES)})s?(?![A-Za-z])",
    re.IGNORECASE,
)


def in_full(answer: str, question: str) -> str:
    r"""Returns an answer with its scale worked in, `(40)/100` for `40\%`.

    Other answers are returned as they are, and so is one in whose scale the question speaks.

    Args:
        answer: A solution's final answer, LaTeX or plain.
        question: The question that it answers.
    """
    plain = _MARKUP.sub(lambda match: f" {match[1]} " if match[1] else " ", answer).strip()
    stated = _STATED.match(plain)
    if stated is None:
        return answer
    scale = stated["scale"].lower()
    same = _PERCENT if scale in _PERCENT else (scale,)
    if any(word in question.lower() for word in same):
        return answer
    number = stated["number"].replace(",", "").strip()
    return f"({number}){_SCALES[scale]}"
