"""Extraction: the final answer that a solution states."""

import re

_PLAIN = re.compile(r"(?:####|[Aa]nswer is:?)\s*\$?([^\n$]+?)\$?\.?\s*$", re.MULTILINE)


def final_answer(text: str) -> str | None:
    r"""Returns the last answer that `text` states: `\boxed{...}`, `#### ...` or `answer is ...`.

    The braces of the box are matched, so `\boxed{\frac{1}{2}}` gives the whole fraction.
    """
    start = text.rfind(r"\boxed{")
    if start >= 0:
        depth, begin = 0, start + len(r"\boxed")
        for at in range(begin, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 0:
                return text[begin + 1 : at].strip() or None
        return None
    found = _PLAIN.findall(text)
    return found[-1].strip() if found else None
