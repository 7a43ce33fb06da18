r"""LaTeX and Markdown of worked solutions as plain text, on one line what was on one line."""

import re

_GROUPED = re.compile(r"(?<=\d)(?:,\\!|\{,\}|\\,|\\!)(?:\\!)?(?=\d{3}(?!\d))")
_FONT = re.compile(
    r"\\(?:text|mbox|hbox|mathrm|textrm|textbf|textit|mathbf|boldsymbol|operatorname|boxed|fbox)"
    r"\s{0,3}\{([^{}]{0,400})\}"
)
_ARGUMENT = r"\s{0,3}(?:\{([^{}]{0,400})\}|(\d))"
_MIXED = re.compile(
    r"(\d)\s{0,3}\\[dt]?frac\s{0,3}(?:\{(\d{1,4})\}|(\d))\s{0,3}(?:\{(\d{1,4})\}|(\d))"
)
_FRACTION = re.compile(rf"\\[dt]?frac{_ARGUMENT}{_ARGUMENT}")
_RAISED = re.compile(r"\^\s{0,3}\{([^{}]{0,400})\}")
_MAX_NESTED = 5
_COMMANDS = {
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "approx": "≈", "simeq": "≈",
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<",
    "gt": ">", "ne": "≠", "neq": "≠", "mod": " mod ", "bmod": " mod ", "left": "", "right": "",
    "quad": " ", "qquad": " ", "displaystyle": " ", "max": "max", "min": "min", "gcd": "gcd",
    "Rightarrow": "⇒", "implies": "⇒", "to": "⇒", "rightarrow": "⇒", "ldots": "…", "dots": "…",
}  # fmt: skip
_COMMAND = re.compile(rf"\\({'|'.join(sorted(_COMMANDS, key=len, reverse=True))})(?![A-Za-z])")
# Delimiters of mathematics stand alone: what is outside does not continue what is inside.
_DELIMITER = re.compile(r"\\[()\[\]]|\$\$")
_SPACE = re.compile(r"\\[,;:! ]|~|&(?=\s{0,3}[=<>≈≤≥])")
_DEGREES = re.compile(r"\^\s{0,3}(?:\\circ(?![A-Za-z])|\{\s{0,3}\\circ\s{0,3}\})|°(?![CF])")
_ESCAPED = re.compile(r"\\([$%#&{}_])")
_BREAK = re.compile(r"\\\\")
_DOTS = re.compile(r"\.{3,}")
_CONTINUED = re.compile(r"\n[^\S\n]{0,20}(?==[^=])")  # a line that begins with `=`
_BOLD = re.compile(r"(?<![\w)\]*])\*\*(?=[^\s*])|(?<=[^\s*])\*\*(?![\w(\[*])")
_CHARACTERS = str.maketrans(
    {
        "×": "*", "·": "*", "⋅": "*", "∙": "*", "✕": "*", "÷": "/", "⁄": "/", "−": "-", "–": "-",
        "‐": "-", "‑": "-", "≃": "≈", "≅": "≈", "⩽": "≤", "⩾": "≥", "→": "⇒", "➔": "⇒", "＝": "=",
        "²": "^2", "³": "^3", "’": "'", "，": ",", "（": "(", "）": ")", "％": "%",
        "½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅛": " 1/8",
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "—": ";",
    }
)  # fmt: skip


def plain(text: str) -> str:
    r"""Returns `text` with `(1)/(2)` for `\frac{1}{2}` and `*` for `\times`.

    Bold, fonts and degrees are left out.

    A command that is not known stays, so that what contains it is not understood.
    """
    text = _BREAK.sub("\n", text.translate(_CHARACTERS))
    text = _GROUPED.sub(",", text)
    text = _DEGREES.sub("", _SPACE.sub(" ", _DELIMITER.sub(" ", text)))
    for _ in range(_MAX_NESTED):
        before = text
        text = _MIXED.sub(_mixed, text)
        text = _FRACTION.sub(_quotient, text)
        text = _RAISED.sub(r"^(\1)", text)
        text = _FONT.sub(r" \1 ", text)
        if text == before:
            break
    text = _CONTINUED.sub(" ", _DOTS.sub("…", text))
    text = _COMMAND.sub(lambda found: _COMMANDS[found[1]], text)
    return _BOLD.sub("", _ESCAPED.sub(r"\1", text))


def _quotient(found: re.Match[str]) -> str:
    r"""Returns `((1)/(2))` for `\frac{1}{2}` and `\frac12`."""
    return f"(({found[1] or found[2]})/({found[3] or found[4]}))"


def _mixed(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2] or found[3]}/{found[4] or found[5]}"
