r"""The notation of answers: LaTeX, Unicode and plain text as one sequence of tokens.

Layout is removed here and nothing else: spacing and size commands, fonts, `\left`, dollar signs
around mathematics. What is not known stays a token, so that the parser fails on it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Kind = Literal["number", "word", "command", "sign"]


@dataclass(frozen=True, slots=True)
class Token:
    r"""A token.

    Attributes:
        kind: `number`, `word` (a run of letters), `command` (a LaTeX command) or `sign`.
        text: Its text; a number without grouping.
        spaced: Whether space, or the border of a `\text` group, precedes it.
        spoken: Whether it stands in a `\text` group.
    """

    kind: Kind
    text: str
    spaced: bool = False
    spoken: bool = False


class NotReadable(Exception):
    """An answer that cannot be read as mathematics; the message says where."""


MAX_CHARACTERS = 4000
"""The longest answer that is read; a longer one equals only the same characters."""
_MAX_TOKENS = 600

_UNICODE = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "⁄": "/", "×": r"\times ", "·": r"\cdot ",
    "⋅": r"\cdot ", "∙": r"\cdot ", "÷": r"\div ", "π": r"\pi ", "√": r"\sqrt ", "∞": r"\infty ",
    "≤": r"\le ", "≥": r"\ge ", "⩽": r"\le ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ",
    "≡": r"\equiv ", "±": r"\pm ", "∓": r"\mp ", "∪": r"\cup ", "∈": r"\in ", "θ": r"\theta ",
    "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "λ": r"\lambda ", "μ": r"\mu ",
    "ω": r"\omega ", "φ": r"\phi ", "Δ": r"\Delta ", "°": r"^\circ ", "º": r"^\circ ",
    "′": "'", "“": '"', "”": '"', "‘": "'", "’": "'", "∅": r"\emptyset ", "％": "%", "，": ",",
    "²": "^{2}", "³": "^{3}", "⁴": "^{4}", "⁵": "^{5}", "⌊": r"\lfloor ", "⌋": r"\rfloor ",
    "⌈": r"\lceil ", "⌉": r"\rceil ", "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}",
    "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅕": r"\frac{1}{5}",
    "⅛": r"\frac{1}{8}", "⅜": r"\frac{3}{8}", "⅝": r"\frac{5}{8}", "⅞": r"\frac{7}{8}",
    "⅙": r"\frac{1}{6}", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "（": "(", "）": ")",
}  # fmt: skip
_TO_LATEX = str.maketrans(_UNICODE)

_FONTS = (
    "text|mbox|hbox|mathrm|textrm|textbf|textit|texttt|textsf|textnormal|emph|mathit|mathsf|"
    "mathtt|operatorname|rm|bf"
)
_SPOKEN = re.compile(rf"\\(?:{_FONTS})\*?\s*\{{([^{{}}]*)\}}")
_BOLD = re.compile(r"\\(?:mathbf|boldsymbol|bm|mathbb|mathcal|boxed|fbox|underline)\s*(?=\{)")
_LAYOUT = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|rm|bf|it|mathstrut)"
    r"(?![A-Za-z])|\\[!/]|&nbsp;"
)
_NULL_DELIMITER = re.compile(r"\\(?:left|right)\s*\.")
_GROUPING = re.compile(r"(?<=\d)(?:\s?\{,\s?\}|,\\!\s*|\\,(?=\d{3}(?!\d)))(?=\d{3})")
_SPACES = re.compile(r"\\(?:[,;:> ]|(?:q?quad|thinspace)(?![A-Za-z])|hspace\*?\{[^{}]*\})|~")
_ESCAPED_TWICE = re.compile(r"\\\\(?=[A-Za-z]{2,})")
_MATHS = re.compile(r"\\[()\[\]]|\$\$")
_ALIASES = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac", r"\leq": r"\le",
    r"\leqslant": r"\le", r"\geq": r"\ge", r"\geqslant": r"\ge", r"\lt": "<", r"\gt": ">",
    r"\neq": r"\ne", r"\simeq": r"\approx", r"\sim": r"\approx", r"\cong": r"\approx",
    r"\ast": r"\cdot", r"\degree": r"\circ", r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\lbrack": "[", r"\rbrack": "]", r"\lvert": "|", r"\rvert": "|", r"\vert": "|",
    r"\mid": "|", r"\dbinom": r"\binom", r"\tbinom": r"\binom", r"\choose": r"\choose",
    r"\slash": "/", r"\colon": ":", r"\land": "and", r"\lor": "or", r"\wedge": "and",
    r"\vee": "or", r"\varphi": r"\phi", r"\varepsilon": r"\epsilon", r"\vartheta": r"\theta",
    r"\varnothing": r"\emptyset", r"\euro": "€", r"\pounds": "£", r"\textdollar": "$",
    r"\textpi": r"\pi", r"\arcctg": r"\arccot", r"\tg": r"\tan", r"\ctg": r"\cot",
    r"\union": r"\cup", r"\bigcup": r"\cup", r"\mathopen": "", r"\mathclose": "",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:(?<!\d,)\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)(?:\.\d+|\.(?!\w|\.))?|\.\d+)"
    r"(?P<exponent>[eE][-+]?\d{1,5}(?![\w.]))?"
    r"|(?P<command>\\[A-Za-z]+|\\[{}%$&#_|\\])"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)?)"
    r"|(?P<sign>\*\*|<=|>=|!=|==|\S)"
)
_SHORT_NUMERATOR = re.compile(r"\\[dtc]?frac\s*(\d)\s*(?=[\d{])")
_SHORT_DENOMINATOR = re.compile(r"(\\[dtc]?frac\s*\{[^{}]*\})\s*(\d)")
_SPACE_GROUPED = re.compile(r"(?<![\d.,_^}])\d{1,3}(?: \d{3})+(?![\d.]|,\d| \d)")
_TEXT_EDGE = "\x00"
_DEPTH = {"(": 1, "[": 1, r"\{": 1, ")": -1, "]": -1, r"\}": -1}


def tokens(text: str, most: int = _MAX_TOKENS) -> list[Token]:
    """Returns the tokens of an answer.

    Args:
        text: The answer, or another text with mathematics.
        most: The most tokens that it may have.

    Raises:
        NotReadable: It has more, so that it is no answer.
    """
    found: list[Token] = []
    spoken = spaced = False
    depth = 0
    for match in _TOKEN.finditer(_plain(text)):
        piece = match[0]
        if match["space"]:
            spaced = True
            continue
        if piece == _TEXT_EDGE:
            spoken, spaced = not spoken, True
            continue
        if match["number"]:
            digits = match["number"]
            if "," in digits and depth:
                # Within brackets a comma separates members: [1,000, 2] has three.
                for index, part in enumerate(digits.split(",")):
                    if index:
                        found.append(Token("sign", ","))
                    found.append(Token("number", part, spaced, spoken))
            else:
                piece = digits.replace(",", "") + (match["exponent"] or "")
                found.append(Token("number", piece, spaced, spoken))
        elif match["command"]:
            alias = _ALIASES.get(piece, piece)
            kind: Kind = "command" if alias.startswith("\\") else "sign"
            kind = "word" if alias.isalpha() else kind
            if alias:
                found.append(Token(kind, alias, spaced, spoken))
        elif match["word"]:
            found.append(Token("word", piece, spaced, spoken))
        else:
            found.append(Token("sign", "^" if piece == "**" else piece, spaced, spoken))
        depth += _DEPTH.get(piece, 0)
        spaced = False
        if len(found) > most:
            raise NotReadable(f"it has more than {most} symbols")
    return found


def same_notation(one: str, other: str) -> bool:
    r"""Tells whether two answers are the same symbols, whatever their layout.

    Layout is what `tokens` removes, `\frac12` for `\frac{1}{2}`, and `x \in` before a set.
    """
    if max(len(one), len(other)) > MAX_CHARACTERS:
        return False
    try:
        return _symbols(one) == _symbols(other) != []
    except NotReadable:
        return False


def _symbols(text: str) -> list[str]:
    whole = _SHORT_DENOMINATOR.sub(r"\1{\2}", _SHORT_NUMERATOR.sub(r"\\frac{\1}", text))
    found = [token.text for token in tokens(whole)]
    is_member = len(found) > 2 and len(found[0]) == 1 and found[1] == r"\in"
    return found[2:] if is_member and found[0].isalpha() else found


def number(text: str) -> tuple[Fraction, int, int]:
    """Returns the value of a number token, its significant digits and its decimal places.

    The digits are 0 for an integer.
    """
    value = Decimal(text)
    if text.rstrip(".").isdigit():
        return Fraction(value), 0, 0
    _, digits, exponent = value.as_tuple()
    return Fraction(value), len(digits), -int(exponent)


def words(text: str) -> str:
    """Returns an answer as plain words: single spaces, without marks around it."""
    flat = _plain(text).replace(_TEXT_EDGE, " ").replace("\\", " ")
    flat = " ".join(flat.split())
    flat = re.sub(r"(?<!\w) | (?!\w)", "", flat)
    return flat.strip(" .!?,;:'\"`$*_{}").strip()


def _plain(text: str) -> str:
    """Returns an answer without layout commands, Unicode and Markdown marks."""
    text = text.strip().translate(_TO_LATEX).replace('\\"', '"')
    if r"\begin" not in text:
        text = _ESCAPED_TWICE.sub(r"\\", text)
    text = _MATHS.sub(" ", text)
    text = _NULL_DELIMITER.sub(" ", text)
    for _ in range(4):  # fonts may be nested
        text, count = _SPOKEN.subn(rf"{_TEXT_EDGE}\1{_TEXT_EDGE}", text)
        if not count:
            break
    text = _BOLD.sub(" ", text)
    text = _GROUPING.sub("", text)
    text = _LAYOUT.sub(" ", text)
    text = _SPACES.sub(" ", text)
    text = text.replace("**", " ") if text.startswith("**") else text
    return _SPACE_GROUPED.sub(lambda match: match[0].replace(" ", ""), text)
