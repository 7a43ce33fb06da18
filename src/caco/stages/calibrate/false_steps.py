"""False steps: a worked solution gets one false statement, and its final answer stays right.

The planted statement is false by the arithmetic here, not by the check that it measures. Some
kinds change a statement, one adds a program with a made-up output. Others put an equation into
words, with another result, as a sentence of its own after the line of the equation: `Half of 48 is
25.` In the place of the equation the words would state nothing: `In May she sold half of 48 is 25
clips`.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from caco.stages.calibrate.stated import in_words

_NUMBER = r"\d{1,15}"  # Python converts no text of more than 4,300 digits to an integer


def _equation(
    left: str = _NUMBER, sign: str = r"[-+*/]", right: str = _NUMBER, result: str = _NUMBER
) -> re.Pattern[str]:
    """Returns the pattern of an equation of two numbers that is no part of a longer one."""
    return re.compile(
        rf"(?<![\d.,/*+\-^%)$])(?P<left>{left})\s*(?P<sign>{sign})\s*(?P<right>{right})\s*=\s*"
        rf"(?P<result>{result})(?![\d.,]*\d|\s*[-+*/^%=(])"
    )


_EQUATION = _equation()
_OPERATORS: Mapping[str, Callable[[Fraction, Fraction], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_SIGN_WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_COMPARISON = re.compile(
    rf"(?<![-+*/]\s)(?<![\d.,])(?P<left>{_NUMBER}) (?P<sign>[<>]) (?P<right>{_NUMBER})"
    r"(?![\d.,]*\d|\s*[-+*/])"
)
_PARITY = re.compile(rf"(?<![\d.,])(?P<number>{_NUMBER}) is (?P<word>even|odd)\b")
_SMALL = r"1?\d|20"  # the numbers that `in_words` has

# The group of a match and its new text; None and the sentence that is added.
Changed = tuple[str | None, str]
Change = Callable[[re.Match[str], Random], Changed]


def _result(match: re.Match[str], rng: Random) -> Changed:
    """Changes the result of an equation."""
    return "result", _other_result(match, rng)


def _other_result(match: re.Match[str], rng: Random) -> str:
    return str(int(match["result"]) + rng.randint(1, 9))


def _operand(match: re.Match[str], rng: Random) -> Changed:
    """Changes the first operand of an equation."""
    return "left", str(int(match["left"]) + rng.randint(1, 9))


def _turned(match: re.Match[str], rng: Random) -> Changed:
    """Turns a comparison around."""
    return "sign", "<" if match["sign"] == ">" else ">"


def _other_parity(match: re.Match[str], rng: Random) -> Changed:
    """States the other parity."""
    return "word", "odd" if match["word"] == "even" else "even"


def _worded(template: str) -> Change:
    """Returns the sentence of an equation in words with another result, which is `{other}`."""

    def change(match: re.Match[str], rng: Random) -> Changed:
        operator_word = _SIGN_WORDS[match["sign"]]
        words = template.format(
            **match.groupdict(), operator=operator_word, other=_other_result(match, rng)
        )
        return None, f"{words[0].upper()}{words[1:]}."

    return change


def _in_number_words(match: re.Match[str], rng: Random) -> Changed:
    """Puts an equation and its numbers into words: `Three plus four is eight.`"""
    right = int(match["result"])
    other = right + 1 if right < 20 else right - 1
    left, second, result = (in_words(int(n)) for n in (match["left"], match["right"], other))
    words = f"{left} {_SIGN_WORDS[match['sign']]} {second} is {result}."
    return None, words.capitalize()


def _printed(match: re.Match[str], rng: Random) -> Changed:
    """Adds a program that computes an equation, and another result as its output."""
    program = f"print({match['left']} {match['sign']} {match['right']})"
    return None, f"```python\n{program}\n```\n```output\n{_other_result(match, rng)}\n```"


FALSE_STEPS: Mapping[str, tuple[re.Pattern[str], Change]] = {
    "step_result": (_EQUATION, _result),
    "step_operand": (_EQUATION, _operand),
    "step_comparison": (_COMPARISON, _turned),
    "step_parity": (_PARITY, _other_parity),
    "step_operator_word": (_EQUATION, _worded("{left} {operator} {right} is {other}")),
    "step_number_words": (_equation(_SMALL, right=_SMALL, result=_SMALL), _in_number_words),
    "step_half": (_equation(sign="/", right="2"), _worded("half of {left} is {other}")),
    "step_twice": (_equation("2", r"\*"), _worded("twice {right} is {other}")),
    "step_times_as_many": (
        _equation(sign=r"\*"), _worded("{other} is {left} times as many as {right}"),
    ),
    "step_dozen": (_equation(sign=r"\*", right="12"), _worded("{left} dozen is {other}")),
    "step_code": (_EQUATION, _printed),
}  # fmt: skip
"""By kind: the statements that it is made of, and the change or the sentence that is added."""


def false_steps(steps: str, rng: Random) -> Iterator[tuple[str, str]]:
    """Yields, for each kind that applies, its name and the steps with one false statement."""
    for kind, (pattern, change) in FALSE_STEPS.items():
        found = [match for match in pattern.finditer(steps) if _holds(match)]
        if found:
            match = rng.choice(found)
            group, text = change(match, rng)
            if group is None:
                line_end = steps.find("\n", match.end())
                start = end = len(steps) if line_end < 0 else line_end
                text = f"\n{text}"
            else:
                start, end = match.span(group)
            yield kind, f"{steps[:start]}{text}{steps[end:]}"


def _holds(match: re.Match[str]) -> bool:
    """Tells whether a statement is true, so that its change makes it false."""
    found = match.groupdict()
    if "word" in found:
        return (int(found["number"]) % 2 == 0) == (found["word"] == "even")
    left, right = Fraction(found["left"]), Fraction(found["right"])
    if "result" not in found:
        return bool(_OPERATORS[found["sign"]](left, right))
    if not left or not right:  # `3 * 0 = 0` is true whatever the first operand
        return False
    return bool(_OPERATORS[found["sign"]](left, right) == int(found["result"]))
