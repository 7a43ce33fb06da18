"""Expressions in words, as numbers and operators: `the sum of 3 and 4`, `12 divided by 3`."""

from collections.abc import Callable
from fractions import Fraction
from math import factorial, floor, gcd, isqrt, lcm, prod

from caco.statements.phrases import ELEMENTS, Found, Keys, Values, integers, phrase
from caco.statements.tokens import OPERATOR_WORDS, UNKNOWN, Token

_MEMBERS = r"(?:\[ #(?: , #)+ \]|\( #(?: , #)+ \)|#(?: , #)*(?: ,)? (?:and|&) #|#(?: , #)+)"
_END = r"(?! (?:[-+*/^%]|times|plus|minus|divided|multiplied|\())(?!\S)"


def _of_integers(compute: Callable[[list[int]], int | None]) -> Callable[[Values], Fraction | None]:
    def computed(values: Values) -> Fraction | None:
        whole = integers(values)
        result = compute(whole) if whole is not None else None
        return None if result is None else Fraction(result)

    return computed


def _remainder(values: list[int]) -> int | None:
    return values[0] % values[1] if values[0] >= 0 and values[1] > 0 else None


def _common(compute: Callable[..., int]) -> Callable[[Values], Fraction | None]:
    return _of_integers(lambda values: compute(*values) if min(values) > 0 else None)


def _factorial(values: list[int]) -> int | None:
    return factorial(values[0]) if 0 <= values[0] <= _MAX_FACTORIAL else None


def _power(values: Values) -> Fraction | None:
    base, exponent = values
    small = abs(base) <= _MAX_BASE and exponent in range(1, _MAX_EXPONENT + 1)
    return Fraction(base**exponent.numerator) if small else None


def _median(values: Values) -> Fraction:
    ordered, middle = sorted(values), len(values) // 2
    if len(values) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def _item(values: Values) -> Fraction | None:
    """`number 2 of [7, 9]`."""
    place, *members = values
    return members[int(place) - 1] if place in range(1, len(members) + 1) else None


def _digit_sum(values: list[int]) -> int:
    return sum(map(int, str(abs(values[0]))))


def _nearest(values: Values) -> Fraction | None:
    """Returns a number rounded to a multiple; None halfway, where conventions differ."""
    number, unit = values
    if unit <= 0 or (number / unit).denominator == 2:
        return None
    return floor(number / unit + Fraction(1, 2)) * unit


def _second(rank: Callable[[Values], Fraction]) -> Callable[[Values], Fraction | None]:
    """Returns what computes the second largest or smallest; None if two are equally large."""

    def computed(values: Values) -> Fraction | None:
        first = rank(values)
        rest = [v for v in values if v != first]
        return rank(rest) if len(rest) == len(values) - 1 else None

    return computed


def _root(values: Values) -> Fraction | None:
    (found,) = values
    if found < 0:
        return None
    root = Fraction(isqrt(found.numerator), isqrt(found.denominator))
    return root if root * root == found else None


_NUMBER_WORD = r"(?: (?:number|value|element|one|integer|digit|price|result))?"
_AMONG = (
    r"(?: (?:of|among|in|from|between)(?: the| these| this)?"
    r"(?: (?:numbers|list|set|values|following|array|integers|two|three|four))?(?: :)?| :)"
)
_LARGEST = r"(?:largest|greatest|biggest|highest|maximum|max)"
_SMALLEST = r"(?:smallest|lowest|least|minimum|min)"
_WORDS_LARGEST = "largest greatest biggest highest maximum max"
_WORDS_SMALLEST = "smallest lowest least minimum min"
_DIVISOR = r"(?:gcd|gcf|hcf|(?:greatest|highest|largest) common (?:divisor|factor))(?: \( # \))?"
_MULTIPLE = r"(?:lcm|(?:least|lowest|smallest) common multiple)"

_ARGUMENTS = r"\( (?:#(?: , #)+|\[ #(?: , #)+ \]) \)"
_REDUCED = r"(?:decreased|reduced)"

_ITEM = r"(?:number|value|element|item|entry|term|member)"
_IN_LIST = r"(?:of|in|from)(?: the list)? \[ #(?: , #)+ \]"
_ROUNDED = r"# rounded(?: off)? to the nearest"
_STATED = r"(?= (?:is|equals|=|gives|makes) #)"
_ALONE = r"(?<!is )(?<![-+*/^%=<>≤≥≠≈] )"  # not `12 is 7 more than 5`, not `8^2 = 64 less than 184`
_OPERATED = r"(?= [-+*/=<>≤≥≠≈])"
_ONE, _THREE = Fraction(1), Fraction(3)
_MAX_FACTORIAL = 50
_MAX_BASE, _MAX_EXPONENT = 1000, 64

Compute = Callable[[Values], Fraction | None]


def _sum(values: Values) -> Fraction:
    return sum(values, Fraction(0))


def _product(values: Values) -> Fraction:
    return prod(values, start=Fraction(1))


def _quotient(values: Values) -> Fraction | None:
    return values[0] / values[1] if values[1] else None


def _count(values: Values) -> Fraction:
    return Fraction(len(values))


# Words of which the sentence must have one; the phrase; its value, or None if it has none.
_PHRASES: list[tuple[str, str, Compute]] = [
    ("sum total", rf"(?:sum|total) of {_MEMBERS}{_END}", _sum),
    ("product", rf"product of {_MEMBERS}{_END}", _product),
    ("difference", rf"difference (?:between|of) # and #{_END}", lambda v: abs(v[0] - v[1])),
    ("quotient", rf"quotient of # and #{_END}", _quotient),
    ("average mean", rf"(?:average|mean) of {_MEMBERS}{_END}", lambda v: _sum(v) / len(v)),
    ("gcd gcf hcf divisor factor", rf"{_DIVISOR}(?: of)? {_MEMBERS}{_END}", _common(gcd)),
    ("lcm multiple", rf"{_MULTIPLE}(?: of)? {_MEMBERS}{_END}", _common(lcm)),
    ("second", rf"second {_LARGEST}{_NUMBER_WORD}{_AMONG} {_MEMBERS}{_END}", _second(max)),
    ("second", rf"second {_SMALLEST}{_NUMBER_WORD}{_AMONG} {_MEMBERS}{_END}", _second(min)),
    (_WORDS_LARGEST, rf"{_LARGEST}{_NUMBER_WORD}{_AMONG} {_MEMBERS}{_END}", max),
    ("max maximum", rf"(?:max|maximum) {_ARGUMENTS}{_END}", max),
    (_WORDS_SMALLEST, rf"{_SMALLEST}{_NUMBER_WORD}{_AMONG} {_MEMBERS}{_END}", min),
    ("min minimum", rf"(?:min|minimum) {_ARGUMENTS}{_END}", min),
    ("sum", rf"sum \( \[ #(?: , #)* \] \){_END}", _sum),
    ("len", rf"len \( \[ #(?: , #)* \] \){_END}", _count),
    ("abs", rf"abs \( # \){_END}", lambda v: abs(v[0])),
    (
        "remainder",
        rf"remainder (?:when|of|after|if|from)(?: dividing)? # (?:is )?(?:divided by|/|by) #{_END}",
        _of_integers(_remainder),
    ),
    ("mod modulo %", rf"# (?:mod|modulo|%) #{_END}", _of_integers(_remainder)),
    ("median", rf"median of {_MEMBERS}{_END}", _median),
    ("of in from", rf"{_ITEM} # {_IN_LIST}{_END}", _item),
    ("first", rf"first {_ITEM} {_IN_LIST}{_END}", lambda v: v[0]),
    ("second", rf"second {_ITEM} {_IN_LIST}{_END}", lambda v: v[1]),
    ("third", rf"third {_ITEM} {_IN_LIST}{_END}", lambda v: _item([_THREE, *v])),
    ("last", rf"last {_ITEM} {_IN_LIST}{_END}", lambda v: v[-1]),
    ("rounded", rf"{_ROUNDED} #{_END}", _nearest),
    ("rounded", rf"{_ROUNDED} (?:whole number|integer){_END}", lambda v: _nearest([v[0], _ONE])),
    ("digits", rf"sum of(?: the)? digits (?:of|in) #{_END}", _of_integers(_digit_sum)),
    ("length size", rf"(?:length|size) of \[ #(?: , #)* \]{_END}", _count),
    ("number", rf"number of {ELEMENTS} in(?: the list)? \[ #(?: , #)* \]{_END}", _count),
    ("root", rf"square root of #{_END}", _root),
    ("sqrt √", r"(?:\\ )?sqrt (?:\[ # \]|\( # \))(?! \[)|√ #|√ \( # \)", _root),
    ("square", rf"square of #{_END}", lambda v: v[0] ** 2),
    ("cube", rf"cube of #{_END}", lambda v: v[0] ** 3),
    ("power", rf"#(?: raised)? to the power(?: of)? #{_END}", _power),
    ("!", "# !", _of_integers(_factorial)),
    ("|", rf"\| # - # \|{_OPERATED}", lambda v: abs(v[0] - v[1])),
    ("|", rf"\| # \|{_OPERATED}", lambda v: abs(v[0])),
    ("squared", "# squared", lambda v: v[0] ** 2),
    ("cubed", "# cubed", lambda v: v[0] ** 3),
    ("twice double", "(?:twice|double) #", lambda v: 2 * v[0]),
    ("thrice triple", "(?:thrice|triple) #", lambda v: 3 * v[0]),
    ("dozen dozens", "# dozens?(?= (?:is|are|equals|=) #)", lambda v: 12 * v[0]),
    ("doubling", rf"doubling #{_STATED}", lambda v: 2 * v[0]),
    ("tripling", rf"tripling #{_STATED}", lambda v: 3 * v[0]),
    ("halving", rf"halving #{_STATED}", lambda v: v[0] / 2),
    ("squaring", rf"squaring #{_STATED}", lambda v: v[0] ** 2),
    ("increased", rf"# increased by # %{_STATED}", lambda v: v[0] * (1 + v[1] / 100)),
    ("increased", rf"# increased by #{_STATED}", _sum),
    ("decreased reduced", rf"# {_REDUCED} by # %{_STATED}", lambda v: v[0] * (1 - v[1] / 100)),
    ("decreased reduced", rf"# {_REDUCED} by #{_STATED}", lambda v: v[0] - v[1]),
    ("less", rf"{_ALONE}# less than #{_STATED}", lambda v: v[1] - v[0]),
    ("more", rf"{_ALONE}# more than #{_STATED}", _sum),
    ("add adding", rf"(?:add|adding) # (?:and|to|plus) #{_END}", _sum),
    (
        "subtract subtracting",
        rf"(?:subtract|subtracting) # from #{_END}",
        lambda v: v[1] - v[0],
    ),
    (
        "multiply multiplying",
        rf"(?:multiply|multiplying) # (?:by|and|times|with) #{_END}",
        _product,
    ),
    ("divide dividing", rf"(?:divide|dividing) # by #{_END}", _quotient),
]
_REDUCTIONS = [(frozenset(words.split()), phrase(p), compute) for words, p, compute in _PHRASES]
_RANKED = frozenset({"second", "third", "ordinal", "next", "nth"})


def reduced(tokens: list[Token]) -> list[Token]:
    """Replaces phrases that are expressions by one number: `the sum of 3 and 4`.

    A phrase without a value becomes a sign, so that what contains it is not understood.
    """
    words = {token.text for token in tokens if token.kind in ("word", "operator", "sign")}
    for needed, pattern, compute in _REDUCTIONS:
        if not words & needed:
            continue
        for found in reversed(list(Keys(tokens).find(pattern))):
            before = tokens[found.first - 1].text if found.first else ""
            inverse = before == "of" and tokens[found.first].kind == "number"  # inverse of 2 mod 5
            if "dozen" in needed and _counts_dozens(tokens, found):
                continue
            computed = None if before in _RANKED or inverse else compute(found.numbers)
            first, last = tokens[found.first], tokens[found.last - 1]
            token = Token(
                "sign" if computed is None else "number",
                UNKNOWN if computed is None else _text(computed),
                first.start,
                last.end,
                first.spaced,
                computed=True,
            )
            tokens = [*tokens[: found.first], token, *tokens[found.last :]]
    return tokens


def _counts_dozens(tokens: list[Token], found: Found) -> bool:
    """Tells whether dozens are counted or priced: `12 eggs * 3 dozen = 36`, `3 dozen = $15`."""
    before = tokens[found.first - 1] if found.first else None
    factor = before is not None and (before.kind == "operator" or before.text in ("x", "times"))
    return factor or any(token.currency for token in tokens[found.last : found.last + 2])


def _text(found: Fraction) -> str:
    return str(found) if found.denominator == 1 and found >= 0 else f"({found})"


def with_operators(tokens: list[Token]) -> list[Token]:
    """Replaces operators in words: `3 plus 4`, `3 x 4`, `12 divided by 3`, `20% of 50`."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        operator, length = "", 1
        if token.kind == "word" and result and _opens(tokens, at + 1):
            if token.text in ("plus", "minus", "times"):
                operator = OPERATOR_WORDS[token.text]
            elif token.text == "x":
                operator = "*"
            elif token.text == "of" and _is_part(result):
                operator = "of"
        words = [t.text for t in tokens[at : at + 3]]
        if words[:2] in (["multiplied", "by"], ["divided", "by"]) and _opens(tokens, at + 2):
            operator, length = OPERATOR_WORDS[words[0]], 2
        elif words[:2] == ["of", "the"] and _is_part(result) and _opens(tokens, at + 2):
            operator, length = "of", 2
        if operator:
            last = tokens[at + length - 1]
            result.append(
                Token("operator", operator, token.start, last.end, spelled=token.text != "x")
            )
            at += length
        else:
            result.append(token)
            at += 1
    return result


def _opens(tokens: list[Token], at: int) -> bool:
    """Tells whether an operand starts at a token."""
    return at < len(tokens) and (tokens[at].kind == "number" or tokens[at].text == "(")


def _is_part(tokens: list[Token]) -> bool:
    """Tells whether the last tokens are a part of something: `20%`, `20 percent`, `1/2`, `half`."""
    last = tokens[-1] if tokens else None
    if last is None:
        return False
    if last.text == "%":
        return len(tokens) > 1 and tokens[-2].kind == "number"
    if last.kind != "number":
        return False
    if last.spelled:
        return last.text.endswith(("%", ")"))
    bar = tokens[-2] if len(tokens) > 2 else None
    return bar is not None and bar.text == "/" and tokens[-3].kind == "number" and not last.spaced
