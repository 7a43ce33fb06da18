"""Extraction of the final answer from a solution."""

import re

_PLAIN = re.compile(r"(?:####|[Aa]nswer is:?)\s*\$?([^\n$]+?)\$?\.?\s*$", re.MULTILINE)


def final_answer(text: str) -> str | None:
    r"""Returns the last answer that `text` states: `\boxed{...}`, `#### ...` or `answer is ...`.

    A box takes precedence over the other forms. Its braces are matched, so
    `\boxed{\frac{1}{2}}` gives `\frac{1}{2}`. None where no answer is stated, the box is empty, or
    its braces are not closed.
    """
    start = text.rfind(r"\boxed{")
    if start >= 0:
        depth, begin = 0, start + len(r"\boxed")
        for end in range(begin, len(text)):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            if depth == 0:
                return text[begin + 1 : end].strip() or None
        return None
    found = _PLAIN.findall(text)
    return found[-1].strip() if found else None
