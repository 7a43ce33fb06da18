r"""The grammar of expressions: sums, products, powers, functions, in LaTeX or plain notation."""

from dataclasses import replace
from fractions import Fraction

from caco.answers.model import Expr, Num, Op, Quantity, Sym
from caco.answers.notation import NotReadable, Token, number
from caco.answers.numeric import substituted, symbols
from caco.answers.units import unit
from caco.text.numbers import CARDINALS

_MAX_DEPTH = 60
_GREEK = frozenset((
    r"\alpha", r"\beta", r"\gamma", r"\delta", r"\epsilon", r"\zeta", r"\eta", r"\theta",
    r"\iota", r"\kappa", r"\lambda", r"\mu", r"\nu", r"\xi", r"\rho", r"\sigma", r"\tau",
    r"\upsilon", r"\phi", r"\chi", r"\psi", r"\omega", r"\Gamma", r"\Delta", r"\Theta",
    r"\Lambda", r"\Xi", r"\Sigma", r"\Phi", r"\Psi", r"\Omega", r"\ell", r"\hbar",
))  # fmt: skip
_CONSTANTS = {
    r"\pi": "pi",
    "pi": "pi",
    r"\infty": "inf",
    "infinity": "inf",
    "inf": "inf",
    "oo": "inf",
}
_TRIGONOMETRIC = ("sin", "cos", "tan", "cot", "sec", "csc")
_FUNCTIONS = {
    **{
        f"{arc}{name}{h}": f"{'arc' if arc else ''}{name}{h}"
        for name in _TRIGONOMETRIC
        for arc in ("", "arc", "a")
        for h in ("", "h")
    },
    "exp": "exp", "ln": "log", "log": "log", "lg": "log10", "max": "max", "min": "min",
    "gcd": "gcd", "lcm": "lcm", "sqrt": "sqrt", "abs": "abs", "floor": "floor", "ceil": "ceil",
    "cbrt": "cbrt",
}  # fmt: skip
_UNKNOWN_FUNCTIONS = frozenset("fghFGP")


class Expressions:
    """A recursive descent parser over tokens.

    Attributes:
        at: The position of the first token that is not read.
        base: The base that a subscript of the only number states, or None.
    """

    def __init__(self, tokens: list[Token], at: int, names: frozenset[str] | None) -> None:
        """Starts at a position.

        Args:
            tokens: The tokens of an answer.
            at: The position of the expression's first token.
            names: Variables that runs of letters are products of; None if they are not known, so
                that `12k` is a product rather than 12,000.
        """
        self._tokens, self.at = tokens, at
        self._names, self._scales = names or frozenset(), names is not None
        self.base: int | None = None
        self._depth = 0
        self._bars = 0
        self._series_depth = 0

    @property
    def rest(self) -> list[Token]:
        """The tokens that are not read."""
        return self._tokens[self.at :]

    def sum(self) -> Expr:
        """Reads terms joined by plus and minus.

        Raises:
            NotReadable: There is no expression at this position.
        """
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotReadable("it is nested too deeply")
        left = self._signed()
        while self._text() in ("+", "-"):
            sign = self._next().text
            right = self._signed()
            left = Op("add", (left, right if sign == "+" else Op("neg", (right,))))
        self._depth -= 1
        return left

    def _signed(self) -> Expr:
        if self._text() == "-":
            self.at += 1
            return Op("neg", (self._signed(),))
        if self._text() == "+":
            self.at += 1
            return self._signed()
        return self._product()

    def _product(self) -> Expr:
        left = self._power()
        while True:
            text = self._text()
            if text in ("*", r"\cdot", r"\times", "x") and self._is_times(text):
                self.at += 1
                left = Op("mul", (left, self._factor()))
            elif text in ("/", r"\div") and not self._is_per():
                self.at += 1
                left = Op("div", (left, self._factor()))
            elif self._begins_factor(left):
                left = self._joined(left)
            else:
                return left

    def _factor(self) -> Expr:
        if self._text() in ("-", "+"):
            sign = self._next().text
            return Op("neg", (self._factor(),)) if sign == "-" else self._factor()
        return self._power()

    def _is_times(self, text: str) -> bool:
        """Tells whether a sign is a multiplication; the letter x is between two numbers only."""
        if text != "x":
            return True
        before, after = self._peek(-1), self._peek(1)
        spaced = self._tokens[self.at].spaced and after is not None and after.spaced
        return bool(
            "x" not in self._names
            and spaced
            and before and after and before.kind == after.kind == "number"
        )  # fmt: skip

    def _is_per(self) -> bool:
        following = self._peek(1)
        return following is not None and following.kind == "word" and self._is_unit(following)

    def _joined(self, left: Expr) -> Expr:
        """Returns a product without a sign, or a mixed number such as `2 1/2`."""
        token = self._tokens[self.at]
        before = self._tokens[self.at - 1]
        if token.text == r"\frac" and isinstance(left, Num) and not left.digits:
            right = self._power()
            whole_numbers = (
                isinstance(right, Op)
                and right.name == "div"
                and all(isinstance(arg, Num) and not arg.digits for arg in right.args)
            )
            return Op("add" if whole_numbers else "mul", (left, right))
        if token.kind == "number":
            divisor = self._peek(2)
            if (
                before.kind == "number"
                and token.spaced
                and isinstance(left, Num)
                and self._text(1) == "/"
                and divisor is not None
                and divisor.kind == "number"
            ):
                top, bottom = number(token.text)[0], number(divisor.text)[0]
                if 0 < top < bottom:
                    self.at += 3
                    return Op("add", (left, Num(top / bottom)))
            # (B) 12 is a choice.
            if before.text not in (")", "]", "}") or isinstance(left, Sym):
                raise NotReadable(f"two numbers side by side: {before.text} {token.text}")
        return Op("mul", (left, self._power()))

    def _begins_factor(self, left: Expr) -> bool:
        """Tells whether the next token continues a product."""
        token = self._peek(0)
        if token is None:
            return False
        if token.kind == "number":
            return True
        if token.kind == "word":
            return self._is_product(token)
        if token.text == "|":
            return self._bars == 0
        if token.text == r"\frac" and self._is_unit_fraction():
            return False
        return token.text in (
            "(",
            "[",
            "{",
            r"\frac",
            r"\sqrt",
            r"\binom",
            r"\lfloor",
            r"\lceil",
            r"\sum",
            r"\prod",
        ) or (
            token.text in _GREEK
            or token.text in _CONSTANTS
            or token.text.removeprefix("\\") in _FUNCTIONS
        )

    def _is_product(self, token: Token) -> bool:
        """Tells whether a word continues a product rather than naming a unit or a noun."""
        text = token.text
        number_before = self._peek(-1) is not None and self._tokens[self.at - 1].kind == "number"
        measures = (
            self._depth == 1 and number_before and self._is_unit(token) and self._ends_after_unit()
        )
        if text in _FUNCTIONS or text in _CONSTANTS:
            return not token.spoken and not measures
        if self._names and set(text) <= self._names:
            return True
        if token.spoken and text not in ("e", "i"):
            return False
        if measures and not self._names:
            return False
        if len(text) == 1:
            return not (self._scales and number_before and text in "kKMB" and self._is_last(1))
        if text.lower() in ("th", "st", "nd", "rd", "and", "or", "bn", "mn"):
            return False
        return (
            len(text) <= 4 and (not token.spaced or not number_before) and not self._is_unit(token)
        )

    def _is_unit(self, token: Token) -> bool:
        return token.kind == "word" and unit(token.text) is not None

    def _ends_after_unit(self) -> bool:
        """Tells whether nothing but units and words follow, so that this word is a unit too."""
        return all(
            token.kind in ("word", "number")
            or token.text in ("/", "^", "{", "}", r"\cdot", "-", "$")
            for token in self._tokens[self.at :]
        )

    def _is_last(self, count: int) -> bool:
        return all(t.kind == "word" or t.text == "$" for t in self._tokens[self.at + count :])

    def _is_unit_fraction(self) -> bool:
        marks = self._tokens[self.at + 1 : self.at + 6]
        return len(marks) == 5 and self._is_unit(marks[1]) and marks[1].spoken

    def _power(self) -> Expr:
        base = self._postfix()
        if self._text() == "^" and not self._is_degree() and not self._is_ordinal():
            self.at += 1
            exponent = self._exponent()
            return Op("pow", (base, exponent))
        return base

    def _is_degree(self) -> bool:
        return self._text(1) == r"\circ" or (self._text(1) == "{" and self._text(2) == r"\circ")

    def _is_ordinal(self) -> bool:
        return self._text(2 if self._text(1) == "{" else 1) in ("th", "st", "nd", "rd")

    def _exponent(self) -> Expr:
        if self._text() == "{":
            return self._group("{", "}")
        if self._text() == "-":
            self.at += 1
            return Op("neg", (self._exponent(),))
        token = self._peek(0)
        if (
            token is not None
            and token.kind == "number"
            and len(token.text) > 1
            and not token.spaced
        ):
            # LaTeX raises one digit only, people mean all of them: 2^10. Both read 2^{10}.
            pass
        return self._power_base()

    def _power_base(self) -> Expr:
        base = self._postfix()
        if self._text() == "^":
            self.at += 1
            return Op("pow", (base, self._exponent()))
        return base

    def _postfix(self) -> Expr:
        value = self._primary()
        while self._text() == "!":
            self.at += 1
            value = Op("factorial", (value,))
        return value

    def _primary(self) -> Expr:
        token = self._next()
        if token.kind == "number":
            return self._number(token)
        match token.text:
            case "(" | "[" | "{":
                self.at -= 1
                return self._group(token.text, {"(": ")", "[": "]", "{": "}"}[token.text])
            case "|":
                self._bars += 1
                inside = self.sum()
                self._expect("|")
                self._bars -= 1
                return Op("abs", (inside,))
            case r"\lfloor" | r"\lceil":
                inside = self.sum()
                self._expect(token.text.replace("l", "r", 1))
                return Op("floor" if token.text == r"\lfloor" else "ceil", (inside,))
            case r"\frac":
                return Op("div", (self._argument(), self._argument()))
            case r"\binom":
                return Op("binom", (self._argument(), self._argument()))
            case r"\sqrt":
                return self._root()
            case r"\sum" | r"\prod":
                return self._series(token.text.removeprefix("\\"))
            case r"\overline" | r"\bar" if self._text() == "{":
                return self._conjugate()
        name = token.text.removeprefix("\\")
        if token.text in _CONSTANTS:
            return Op(_CONSTANTS[token.text], ())
        if name in _FUNCTIONS and (token.kind == "command" or len(name) > 1):
            return self._function(_FUNCTIONS[name])
        if token.text in _GREEK:
            return self._symbol(token.text)
        if token.kind == "word":
            return self._letters(token)
        raise NotReadable(f"{token.text!r} is not known here")

    def _series(self, name: str) -> Expr:
        r"""Reads a sum or product over an index: `\sum_{k=1}^{n} k^2`.

        The index is renamed, so that its name does not count.
        """
        index, lower, upper = "", None, None
        while self._text() in ("_", "^"):
            if self._next().text == "^":
                upper = self._exponent()
                continue
            self._expect("{")
            index = self._next().text
            self._expect("=")
            lower = self.sum()
            self._expect("}")
        if lower is None or upper is None or len(index) != 1:
            raise NotReadable("a sum or product has no bounds")
        self._series_depth += 1
        bound = Sym(f"#{self._series_depth}")
        body = substituted(self._product(), index, bound)
        self._series_depth -= 1
        return Op(name, (bound, lower, upper, body))

    def _number(self, token: Token) -> Expr:
        value, digits, places = number(token.text)
        if self._text() == r"\overline" and "." in token.text:
            return self._repeating(value, places)
        if self._text() == "_":
            self.at += 1
            base = self._subscript()
            if digits or not base.isdigit() or self.base is not None:
                raise NotReadable("a subscript of a number is no base")
            self.base = int(base)
            if self.at < len(self._tokens):
                raise NotReadable("a number in another base is part of an expression")
        return Num(value, digits, places)

    def _repeating(self, value: Fraction, places: int) -> Expr:
        r"""Reads the period of a decimal: `0.1\overline{6}`."""
        self.at += 1
        self._expect("{")
        period = self._next()
        self._expect("}")
        if not period.text.isdigit():
            raise NotReadable("the period of a decimal is no number")
        length = len(period.text)
        fraction = Fraction(int(period.text), (10**length - 1) * 10**places)
        return Num(value + fraction)

    def _subscript(self) -> str:
        r"""Reads a subscript as text: `_1`, `_{n+1}`, `_{\text{eight}}`."""
        if self._text() != "{":
            text = self._next().text
        else:
            self.at += 1
            parts = []
            while self._text() != "}":
                parts.append(self._next().text)
            self.at += 1
            text = "".join(parts)
        return str(CARDINALS.get(text.lower(), text))

    def _letters(self, token: Token) -> Expr:
        """Reads a run of letters: one variable, or the product of several."""
        text = token.text
        if len(text) > 1 and (token.spoken or "'" in text or not text.isascii()):
            raise NotReadable(f"the word {text!r} is no variable")
        if len(text) > 4 and not (self._names and set(text) <= self._names):
            raise NotReadable(f"the word {text!r} is no variable")
        following = self._peek(0)
        if (
            len(text) > 2
            and following is not None
            and following.kind in ("word", "number")
            and (following.spaced and not set(text) <= self._names)
        ):
            raise NotReadable(f"the word {text!r} is no variable")
        if len(text) == 1 and text in _UNKNOWN_FUNCTIONS and self._text() == "(":
            return Op(f"f:{text}", tuple(self._arguments()))
        if len(text) > 1:  # a product, of which an exponent belongs to the last factor
            rest = [Token("word", letter) for letter in text[1:]]
            self._tokens = [*self._tokens[: self.at], *rest, *self._tokens[self.at :]]
        return self._symbol(text[0])

    def _symbol(self, text: str) -> Expr:
        if self._text() == "_":
            self.at += 1
            return Sym(f"{text}_{self._subscript()}")
        if self._text() == "'":
            self.at += 1
            return Sym(f"{text}'")
        return _letter(text)

    def _function(self, name: str) -> Expr:
        r"""Reads a function with its power, its base and its argument: `\sin^2 x`, `\log_2 8`."""
        base: Expr | None = None
        exponent: Expr | None = None
        while self._text() in ("_", "^"):
            mark = self._next().text
            value = self._group("{", "}") if self._text() == "{" else self._primary()
            if mark == "_":
                base = value
            else:
                exponent = value
        if self._text() in ("(", "[") or (self._text() == "{" and name != "log"):
            arguments = self._arguments()
        elif self._text() == "{":
            arguments = [self._group("{", "}")]
        else:
            arguments = [self._bare_argument()]
        if name == "cbrt":
            value = Op("root", (arguments[0], Num(Fraction(3))))
        elif name in ("log", "log10"):
            tens = Num(Fraction(10)) if name == "log10" else None
            used = base if base is not None else tens
            value = Op("log", (arguments[0], used) if used is not None else (arguments[0],))
        else:
            if base is not None:
                raise NotReadable(f"{name} has a subscript")
            value = Op(name, tuple(arguments))
        if exponent is None:
            return value
        inverse = isinstance(exponent, Op) and exponent.name == "neg"
        if inverse and name in _TRIGONOMETRIC:
            return Op(f"arc{name}", tuple(arguments))
        return Op("pow", (value, exponent))

    def _arguments(self) -> list[Expr]:
        opening = self._next().text
        closing = {"(": ")", "[": "]", "{": "}"}.get(opening)
        if closing is None:
            raise NotReadable("a function has no argument")
        found = [self.sum()]
        while self._text() == ",":
            self.at += 1
            found.append(self.sum())
        self._expect(closing)
        return found

    def _bare_argument(self) -> Expr:
        r"""Reads an argument without brackets: `\sin 2x`, `\ln 3`."""
        value = self._power()
        while (token := self._peek(0)) is not None and (
            (token.kind == "word" and len(token.text) == 1 and not token.spoken)
            or token.text in _GREEK
            or token.text == r"\pi"
        ):  # fmt: skip
            value = Op("mul", (value, self._power()))
        if self._text() == "/" and self._peek(1) is not None and isinstance(value, Op):
            self.at += 1
            value = Op("div", (value, self._power()))
        return value

    def _root(self) -> Expr:
        degree: Expr | None = None
        if self._text() == "[":
            degree = self._group("[", "]")
        inside = self._argument()
        return Op("sqrt", (inside,)) if degree is None else Op("root", (inside, degree))

    def _conjugate(self) -> Expr:
        inside = self._group("{", "}")
        if not set(symbols(inside)):
            raise NotReadable("a bar over digits")
        return Op("conj", (inside,))

    def _argument(self) -> Expr:
        r"""Reads an argument of a command: a group, or one symbol or digit (`\frac12`)."""
        if self._text() == "{":
            return self._group("{", "}")
        token = self._peek(0)
        if token is not None and token.kind == "number" and len(token.text) > 1:
            if not token.text.isdigit():
                raise NotReadable("the argument of a command is not in braces")
            self._tokens = [
                *self._tokens[: self.at],
                Token("number", token.text[0], token.spaced, token.spoken),
                Token("number", token.text[1:]),
                *self._tokens[self.at + 1 :],
            ]
        if token is not None and token.text in ("(", "["):
            return self._group(token.text, {"(": ")", "[": "]"}[token.text])
        return self._primary()

    def _group(self, opening: str, closing: str) -> Expr:
        self._expect(opening)
        bars, self._bars = self._bars, 0
        inside = self.sum()
        self._bars = bars
        self._expect(closing)
        return inside

    def _expect(self, text: str) -> None:
        if self._text() != text:
            raise NotReadable(f"{text!r} is missing")
        self.at += 1

    def _peek(self, offset: int) -> Token | None:
        index = self.at + offset
        return self._tokens[index] if 0 <= index < len(self._tokens) else None

    def _text(self, offset: int = 0) -> str:
        token = self._peek(offset)
        return token.text if token is not None else ""

    def _next(self) -> Token:
        token = self._peek(0)
        if token is None:
            raise NotReadable("it ends in the middle")
        self.at += 1
        return token


def _letter(letter: str) -> Expr:
    return Op(letter, ()) if letter in ("e", "i") else Sym(letter)


def juxtaposed(parts: list[Quantity]) -> Quantity | None:
    """Returns one quantity for several in units of one dimension, each smaller than the one before.

    `3 hours 30 minutes` is 3.5 hours. None for anything else.
    """
    if len(parts) < 2 or parts[0].unit is None:
        return None
    first, *rest = parts
    assert first.unit is not None
    total, size = first.expr, first.unit.factor
    for part in rest:
        if part.unit is None or part.unit.dimension != first.unit.dimension:
            return None
        if part.unit.factor >= size or part.percent or part.scaled:
            return None
        size = part.unit.factor
        total = Op("add", (total, Op("mul", (part.expr, Num(size / first.unit.factor)))))
    return replace(first, expr=total)
