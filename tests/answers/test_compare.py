r"""The comparison of answers: equal, different, or undecided with a reason."""

import json
import random
import string
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.answers.compare import compare, compare_output, compare_program
from caco.text.tolerances import absolute_errors

EQUAL = [
    # numbers
    ("42", "42.0"), ("-42", "\u221242"), ("12500", "12,500"), ("12500", "12 500"),
    ("12500", r"12{,}500"), ("12500", r"12,\!500"), ("0.5", r"\frac12"), ("0.5", "\u00bd"),
    ("2.5", "2 1/2"), ("2.5", r"2\frac{1}{2}"), ("1e-05", r"10^{-5}"), ("150000", "1.5e5"),
    ("0.16666666666666666", r"0.1\overline{6}"), ("42", "forty-two"), ("12", "a dozen"),
    ("12000000", "12 million"), ("12000", "12k"), ("16", "016"), ("5", r"5^{\text{th}}"),
    # units and nouns
    ("42", "42 dollars"), ("42", r"42\text{ apples}"), ("42", "$42 per month"), ("5", "5 cm^2"),
    ("5", r"5\,\mathrm{cm}"), ("864", r"864 \mbox{ inches}^2"), (r"5 \text{ cm}", "0.05 m"),
    ("300 minutes", "5 hours"), ("90^\\circ", "90"), (r"\frac{\pi}{4}", r"45^\circ"),
    ("180^\\circ", r"\pi \text{ radians}"), ("30^\\circ C", "30^\\circ"),
    ("3.5", "3 hours 30 minutes"), ("2000", r"\$2,000 \text{ per month}"),
    # percentages without a question
    ("12.5", r"12.5\%"), ("0.125", "12.5 percent"), (r"28\%", "0.28"), (r"28\%", "28"),
    # expressions
    ("2xy", "2yx"), ("10-4n", "-4n+10"), (r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}"),
    ("8", r"\log_2 256"), ("x^2-1", "(x-1)(x+1)"), (r"\sin^2 x", r"1-\cos^2 x"), ("1024", "2^{10}"),
    ("(n-2) 2^n", r"2^n \cdot n - 2^{n+1}"), (r"-\frac{3}{4}", r"\frac{-3}{4}"), ("8", "|-8|"),
    (r"\frac{x}{y^2}", "xy^{-2}"),
    (r"\pm 7", "7, -7"), (r"3+2i", "2i+3"), (r"f(x)+1", "1+f(x)"),
    # names and relations
    ("42", "x = 42"), ("42", r"6\times 7 = 42"), ("5", r"x \equiv 5 \pmod{7}"),
    ("y = 2x + 1", "2x - y + 1 = 0"), ("x > 3", r"(3, \infty)"), ("2 < x \\le 5", "(2, 5]"),
    (r"\sqrt{3}", r"\sqrt{3} \approx 1.732"), ("x < 3", "2x - 6 < 0"), ("x < 3", "3 > x"),
    # several members
    ("[2,3]", "2 and 3"), ("[2,3]", "[2.0, 3]"), ("0,4", "4, 0"), ("27,93", "93 or 27"),
    (r"\{1,2\}", "2, 1"), ("(3, \\frac{\\pi}{2})", r"\left( 3, \dfrac{\pi}{2} \right)"),
    ("[1]", "1"), ("1", r"\{1\}"), (r"(1,2) \cup (3,4)", r"(3,4)\cup(1,2)"),
    (r"\begin{pmatrix} 1 \\ 0.5 \end{pmatrix}", r"\begin{bmatrix} 1 \\ \frac12 \end{bmatrix}"),
    ('["a","b"]', "a, b"), ('{"a":1,"b":2}', '{"b": 2.0, "a": 1}'),
    ("[[1,2],[3,4]]", "[[1,2],[3,4]]"), ("{'ab', 'c', 'd'}", r"\{'d', 'c', 'ab'\}"),
    ("{('a', 1), ('b', 2)}", "{('b', 2), ('a', 1)}"),
    # sets in lists, dicts whose keys are no texts
    ("[{'b', 'a'}, {1}]", "[{'a', 'b'}, {1}]"), ("[{2, 1}, {3}]", r"[\{1, 2\}, \{3\}]"),
    ("{3: {4, 5}}", "{3: {5, 4}}"), ("set()", r"\emptyset"), ("[]", "set()"),
    ('{"[1,2]":3}', "{(1, 2): 3}"), ('{"1":2,"3":4}', r"\{3: 4, 1: 2\}"), ("2:3", "{2:3}"),
    ('{"1":2,"3":4}', "{1:2,3:4}"), ('{"null":1,"true":2}', "{True: 2, None: 1}"),
    # not read whole, and the same symbols
    (r"F=\left[\begin{array}{r}\frac{5}{2} \\ -\frac{1}{2}\end{array}\right]",
     r"F=[\begin{array}{r}\dfrac52 \\ -\frac12\end{array}]"),
    (r"\left(0, \frac{1}{20}\right] \cup, \{1\}", r"x \in (0, \frac1{20}] \cup, \{1\}"),
    (r"\sum_{m=0}^{\infty} \left[\frac{m}{2}\right] x^{m}",
     r"\sum_{m=0}^{\infty} [\dfrac{m}{2}] x^{m}"),
    # texts, truth values, choices, bases
    (r"\text{east}", r"\textbf{east}"), ("Monday", r"\text{monday}"), ("True", "yes"),
    (r"\text{(C)}", "C"), ("C", "(C) 12 apples"), ("10:30", "10:30"), ("2516_8", "2516"),
    (r"\sum_{k=1}^{10} k", "55"), (r"\sum_{k=0}^{n-1} F_k G_k", r"\sum_{j=0}^{n-1} G_j F_j"),
    (r"\prod_{k=1}^5 k", "5!"), (r"1 \le |z| \le 2", r"z \in [-2,-1] \cup [1,2]"),
    ("|x| < 3", "(-3, 3)"), (r"|x| \ge 3", r"(-\infty,-3] \cup [3,\infty)"),
    (r"\begin{pmatrix}6\\8\end{pmatrix}",
     r"\begin{pmatrix}1\\2\end{pmatrix} + \begin{pmatrix}5\\6\end{pmatrix}"),
    (r"\begin{pmatrix}2&1\\4&3\end{pmatrix}",
     r"\begin{pmatrix}1&2\\3&4\end{pmatrix} \begin{pmatrix}0&1\\1&0\end{pmatrix}"),
    ("B", r"\textbf{(B)}\ 12"), ("B", "The correct option is B"), ("12500", "12,500 €"),
    (r"(-\infty,3]\cup[5,\infty)", r"x \le 3 \text{ or } x \ge 5"), (r"\emptyset", r"\{\}"),
    ("12", "12 pairs"), ("12", "twelve legs"), ("12", "12 in total"),
    ("5", "101_2"), (r"\int_0^1 x\,dx", r"\int_0^1 x\, dx"),
]  # fmt: skip
NOT_EQUAL = [
    (r"\left(0, \frac{1}{20}\right] \cup, \{1\}", r"x \in (0, \frac{12}{0}] \cup, \{1\}"),
    (r"\sum_{m=0}^{\infty} x^{m+1}", r"\sum_{m=0}^{\infty} x^m+1"), ("4(0,5]", "(0,5]"),
    ("{'a', 'b'}", "['a', 'b']"), ("{'a', 'b'}", "{'a', 'c'}"), ("['a', 'b']", "['b', 'a']"),
    ("[{'b', 'a'}, {1}]", "[{1}, {'a', 'b'}]"), ("[[1,2]]", "[{2, 1}]"), ("[1]", "set()"),
    ('{"[1,2]":3}', "{(2, 1): 3}"), ('{"1":2}', "{1: 3}"), ('{"1":2}', "{1.0: 2}"),
    # numbers
    ("42", "43"), ("42", "-42"), ("42", "4200"), ("42", "0.42"), ("1/3", "0.3333"), ("14", "1 4"),
    ("33.3", r"\frac{100}{3}"), ("1e-9", "0"), ("2.5e-07", r"3.5\times10^{-7}"), ("6", r"2\frac31"),
    (r"\frac{1}{2^{80}}", r"\frac{1}{2^{81}}"), ("100000000", "99999999.9999999"),
    ("12345678901234567890", "12345678901234567891"), ("12500", "12.500"), ("12", "12 thousand"),
    ("12", r"12\mathrm{k}"), ("12", r"12\text{ dozen}"), ("1", "2 1/2"),
    ("0.3333333333333333", "0.33"),
    (r"\pi", "3.14"), ("2018", "2024-01-05"), ("0.5", "1:2"), ("2", "2:1"), ("12", "12:00"),
    # what follows or precedes the number
    ("5", r"5\text{ feet }6\text{ inches}"), ("5", "5 apples and 3 pears"), ("8", "8 r 2"),
    ("8", "at least 8"), ("8", r"\text{not } 8"), ("8", r"\neq 8"), ("8", r"\leq 8"),
    ("8", r"8 \pm 1"),
    ("8", "8 to 10"), ("5", "a loss of 5"), ("5", r"\text{half of }5"), ("5", "5 or 6"),
    ("5", "5,5"),
    ("4", r"4\sqrt(2)"), ("5", "5x"), ("5", r"5\pi"), ("101", "101_2"), ("2516_8", "2516_9"),
    ("5 cm", "5 m"), ("30^\\circ", "30 cm"), ("30^\\circ", "30 radians"),
    ("5", r"2^3 \text{ which is } 5"), ("0", "3x - y + 13 = 0"), ("5", "x=5, y=7"),
    ("12", "12 lakh"), ("12", "12 doubled"), ("12", "12 in octal"), ("12", "12 basis points"),
    ("12", "12 thousandths"), ("21", '21"'), ("0", "not 0"), ("12", r"\overline{12}"),
    # members, brackets, order
    ("[2,3]", "[3,2]"), ("[2,3]", "(2,3]"), ("(1,2)", "[1,2]"), ("1331, 1728", "1728"),
    ("[1,1]", "1"),
    ("[1,000, 2]", "[1000, 2]"), (r"\{1,2\}", r"\{1,2,3\}"), ("3,5,7", "357"), (r"\pm 7", "7"),
    # expressions
    ("p - q", "q - p"), ("2x+3", "2x-3"), ("x < 3", r"x \le 3"), ("x < 3", "x > 3"), ("A", "a"),
    ("2x + 4y - 3 = 0", "2x + 4y - 5 = 0"), (r"\sqrt{x^2}", "x"), ("f(x)+f(1)", "f(x+1)"),
    (r"\sum_{k=0}^n k", r"\sum_{k=0}^n 2k"), (r"\frac{1}{3000!}", r"\frac{1}{3001!}"),
    (r"\sum_{k=0}^n k", r"\frac{n(n+1)}{2}"), (r"\sum_{k=1}^{10} k", "56"), ("|x| < 3", "(-3, 3]"),
    (r"\begin{pmatrix}6\\8\end{pmatrix}", r"\begin{pmatrix}6\\9\end{pmatrix}"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}"),
    # texts
    ("abc", "bca"), ("Monday", "Tuesday"), ("True", "no"), ("aB", "ab"), ("C", "(D) 12"),
    ("7", "10^{10^{10^{10}}}"), ("7", "100000000!"), ("7", r"\sum_{k=1}^{10^9} k^k"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "text"), EQUAL)
def test_equal_answers(gold: str, text: str) -> None:
    assert compare(gold, text).outcome == "equal", compare(gold, text)


@pytest.mark.parametrize(("gold", "text"), NOT_EQUAL)
def test_an_answer_that_is_not_proven_equal_is_not_accepted(gold: str, text: str) -> None:
    assert compare(gold, text).outcome != "equal", compare(gold, text)


@pytest.mark.parametrize(
    ("gold", "text", "question", "accepted"),
    [
        ("33.33", r"33.33\%", "What percentage is it?", True),
        ("0.4", r"40\%", "Which share is it?", True),
        ("40", r"40\%", "Which share is it?", False),
        ("40", r"0.4", "What percentage is it?", False),
        ("12", "12 million", "How many million people live there?", True),
        ("12", "12 million", "How many people live there?", False),
        ("3.5", "3 hours 30 minutes", "How many hours does it take?", True),
        ("210", "3 hours 30 minutes", "How many minutes does it take?", True),
        ("5", "5 hours", "How many minutes does it take?", False),
        ("5", "5 kg", "How many grams is it?", False),
        ("5000", "5 kg", "How many grams is it?", True),
        ("21", "21 days", "How many miles is it?", False),
        ("19", "19 bits", "How many bits state the time (in years)?", True),
        ("19", "19 kg", "How many bits state the time (in years)?", False),
        ("98", "98^\\circ F", "How many degrees is it?", True),
        ("5", "5 kg", "It begins minutes ago. What is its mass?", True),
        ("7.5", "\u20ac7.5", "It costs $5. What do two cost?", False),
        ("12", "1200 cents", "It costs $5. What do two cost?", True),
        ("7", "7 cents", "It costs $5. What do two cost?", False),
        ("12", "12 pairs", "How many shoes?", False),
        ("12", "12 pairs", "How many pairs of shoes?", True),
        ("24", "12 pairs", "How many shoes?", True),
        ("(2,3)", "[2,3]", "Solve for x in interval notation.", False),
    ],
)
def test_the_question_decides_what_a_percentage_a_scale_or_a_unit_means(
    gold: str, text: str, question: str, accepted: bool
) -> None:
    assert (compare(gold, text, question).outcome == "equal") == accepted


@pytest.mark.parametrize(
    ("output", "text", "accepted"),
    [
        ("[2, 3]", "(2, 3)", True),
        ("[2, 3]", "3, 2", False),
        ('"1/2"', "0.5", True),
        ('"$42.00"', "42", True),
        ("[0.1, 0.30000000000000004]", "[0.1, 0.3]", True),
        ("33.333333333333336", r"33.33\%", False),
        ("33.333333333333336", r"\frac{100}{3}", True),
        ("true", r"\text{True}", True),
        ('"pots"', "stop", False),
        ('"Ab"', "ab", False),
        ("1e+16", "10^{16}", True),
        ("-0.0", "0", True),
        ("null", "0", False),
    ],
)
def test_outputs_of_programs(output: str, text: str, accepted: bool) -> None:
    assert (compare_output(output, text, "What?").outcome == "equal") == accepted


@pytest.mark.parametrize(
    ("output", "known", "accepted"),
    [
        ("18.0", "18", True),
        ('"18"', "18", True),
        ('"2/3"', "2/3", True),
        ("0.5", r"\frac{1}{2}", True),
        ("1.7320508075688772", r"\sqrt{3}", True),
        ('"sqrt(3)"', r"\sqrt{3}", True),
        ("0.7853981633974483", r"\frac{\pi}{4}", True),
        ("[1, 2]", "(1,2)", True),
        ("[2, 1]", r"\{1,2\}", True),
        ("[[1, 2], [3, 4]]", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", True),
        ('"[1, 2)"', "[1,2)", True),
        ("[-11, 5]", "5, -11", True),
        ('"friday"', r"\text{Friday}", True),
        ('"bA"', "Ba", False),
        ('"Interval.Ropen(0, 3)"', "[0,3)", True),
        ('"Interval.open(0, 3)"', "[0,3)", False),
        ('"Interval(1, oo)"', r"[1,\infty)", True),
        (
            '"Union(Interval.open(2, oo), Interval.open(-oo, -2))"',
            r"(-\infty,-2) \cup (2,\infty)",
            True,
        ),
        ('"Eq(x, 2)"', "x = 2", True),
        ('"Eq(y, 1 - 2*x)"', "y=-2x+1", True),
        ('"Matrix([[1, 2], [3, x/2]])"', r"\begin{pmatrix}1&2\\3&\frac{x}{2}\end{pmatrix}", True),
        ('"FiniteSet(2, 1)"', r"\{1,2\}", True),
        ("45", r"45^\circ", True),
        ("33.333333333333336", "33.33", True),
        ("9" * 5000, "9" * 5000, True),
        ("18.001", "18", False),
        ("1800", "18", False),
        ("0.00001", "0", False),
        ("[2, 1]", "[1, 2]", False),
        ("true", "1", False),
        ("18", "", False),
        ('"NaN"', "1", False),
        ("1e999", "18", False),
        ("1e999999999", "18", False),
        ("9" * 5000, "18", False),
        ("0.33", r"\frac{1}{3}", False),
    ],
)
def test_a_program_computes_the_known_answer(output: str, known: str, accepted: bool) -> None:
    assert (compare_program(output, known).outcome == "equal") == accepted


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9))
def test_a_value_equals_itself(value: object) -> None:
    known = value if isinstance(value, str) else json.dumps(value)
    if known.strip():
        assert compare_program(json.dumps(value), known).outcome == "equal"
        assert compare(known, known).outcome == "equal"


@given(st.fractions(max_denominator=10**6), st.integers(1, 999))
def test_a_fraction_equals_its_expansion_and_no_neighbour(value: Fraction, factor: int) -> None:
    gold = f"{value.numerator}/{value.denominator}"
    top, bottom = value.numerator * factor, value.denominator * factor
    assert compare(gold, rf"\frac{{{top}}}{{{bottom}}}").outcome == "equal"
    assert compare(gold, rf"\frac{{{top + 1}}}{{{bottom}}}").outcome == "different"


@pytest.mark.parametrize(
    ("gold", "text", "accepted"),
    [
        ("1.0", "1.04", True),
        ("1.0", "1.05", False),
        ("1.0", "0.96", True),
        ("1.0", "-1", False),
        ("1.4142", r"\sqrt{2}", True),
        ("1.4142", r"\sqrt{3}", False),
        ("3.02e-16", r"3.0\times10^{-16}", True),
        ("3.02e-16", r"3.0\times10^{-15}", False),
        ("1.0e+16", "1.03e16", True),
        ("0.0", "0.001", False),
        ("0.15", "15.2%", True),
        ("12.5", r"12.6\text{ m}", True),
        ("[0.333, 0.25]", "[0.34, 0.25]", True),
        ("[0.333, 0.25]", "[0.34, 0.28]", False),
        ("[0.333, 0.25]", "[0.333]", False),
        ("[2, 0.25]", "[2.01, 0.25]", False),
        ("11760", "11761", False),
        ("1/2", "0.51", False),
        (r"\sqrt{2}", "1.41", False),
        ("2.5%", "2.45%", True),
    ],
)
def test_a_tolerance_applies_to_known_decimals_only(gold: str, text: str, accepted: bool) -> None:
    found = compare(gold, text, None, Fraction("0.04"))
    assert (found.outcome == "equal") == accepted, found


@pytest.mark.parametrize(
    ("gold", "text", "errors", "outcome"),
    [
        ("4.2", "4.3", "1e-1", "equal"),
        ("4.2", "4.1", "1e-1", "equal"),
        ("4.2", "4.31", "1e-1", "different"),
        ("4.2", r"4.25\%", "1e-1", "equal"),
        ("-4.2", "4.2", "1e-1", "different"),
        ("5", "6", "1", "equal"),  # integers, fractions and expressions too
        ("5", "6.01", "1", "different"),
        (r"\frac{1}{2}", "0.55", "0.05", "equal"),
        (r"\sqrt{2}", "1.41", "0.01", "equal"),
        (r"\sqrt{2}", "1.39", "0.01", "different"),
        ("1.5 km", "1510 m", "0.01", "equal"),
        ("1.5 km", "1511 m", "0.01", "different"),
        ("x=1.5", "1.6", "0.1", "equal"),
        ("2x", "2x+0.05", "0.1", "different"),
        ("1.5, 2.5", "2.6, 1.4", "0.1", "equal"),
        ("1.5, 2.5", "2.7, 1.4", "0.1", "different"),
        ("1.5, 2.5", "1.6, 2.7", "0.1,0.2", "equal"),
        ("1.5, 2.5", "2.7, 1.6", "0.1,0.2", "equal"),
        ("1.5, 2.5", "1.7, 2.5", "0.1,0.2", "different"),
        ("1.5, 2.5", "1.6, 2.5", "0.1,", "equal"),
        ("1.5, 2.5", "1.6, 2.6", "0.1,", "different"),
        ("(1.5, 2.5)", "(1.6, 2.4)", "0.1", "equal"),
        ("(1.5, 2.5)", "(2.5, 1.5)", "0.1", "different"),
        # Another number of errors than of answers.
        ("1.5", "1.5", "0.1,0.2", "equal"),
        ("1.5", "1.6", "0.1,0.2", "undecided"),
        ("4.2", "4.3", "", "different"),
    ],
)
def test_an_absolute_error_applies_to_each_value(
    gold: str, text: str, errors: str, outcome: str
) -> None:
    found = compare(gold, text, "What is it in percent?", errors=absolute_errors(errors))
    assert found.outcome == outcome, found


@pytest.mark.parametrize(
    ("gold", "text", "question", "outcome"),
    [
        ("3s^2", "3", r"Simplify $\frac{6s^3}{2s}$.", "undecided"),
        ("3s^2", r"3s^{2}", r"Simplify $\frac{6s^3}{2s}$.", "equal"),
        ("6m", "6", "Give the smallest number of blue cells on an m by n board.", "undecided"),
        ("6m", "6", None, "undecided"),
        ("6m", "6", "How many meters is it away?", "equal"),
        ("6m", "6", "A pole of 12 m is cut in half. How long is each part?", "equal"),
        ("6m", "6", r"A pole of $12\text{ m}$ is cut in half. How long is each part?", "equal"),
        (r"6\text{ m}", "6", "How long is it?", "equal"),
        ("6", "6m", r"Simplify $\frac{12m}{2m}$.", "undecided"),
        ("6", r"6\text{ m}", r"The length is $\ell$. Find it.", "equal"),
        ("6", "6 m", "How long is it?", "equal"),
        ("6 km/h", "6", "How fast is it?", "equal"),
    ],
)
def test_a_letter_after_a_number_is_a_unit_only_where_the_question_has_it_as_one(
    gold: str, text: str, question: str | None, outcome: str
) -> None:
    assert compare(gold, text, question).outcome == outcome


def test_an_undecided_answer_says_where_reading_stopped() -> None:
    found = compare("5", r"5 \unknown 3")
    assert found.outcome == "undecided"
    assert r"\unknown" in found.why


def test_no_text_takes_long_or_raises() -> None:
    rng = random.Random(0)
    pieces = [
        r"\frac{", "}", "{", "(", ")", "[", "]", "^", "_", "9", "99", "!", r"\sqrt", r"\pm", ",",
        "=",
        "<", r"\text{", "x", "sin", "%", "-", "+", "*", "/", " ", "dozen", "and", "|", "$",
        r"\\", "&",
        r"\begin{pmatrix}", r"\end{pmatrix}", "\u00bd", "'", '"', "e", ".", ":",
    ]  # fmt: skip
    slowest = 0.0
    for _ in range(3000):
        text = "".join(rng.choices(pieces, k=rng.randint(1, 40)))
        started = time.monotonic()
        assert compare("42", text).outcome in ("equal", "different", "undecided")
        assert compare(text, "42").outcome in ("equal", "different", "undecided")
        slowest = max(slowest, time.monotonic() - started)
    for text in ("(" * 2000, "-" * 3000, "9^" * 500 + "9", string.printable * 30, "1+" * 290 + "1"):
        started = time.monotonic()
        compare("42", text)
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 5  # milliseconds on an idle machine; the limit finds a computation that hangs
