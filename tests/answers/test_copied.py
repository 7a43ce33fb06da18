"""An expression that is copied from the question is no answer; a right answer never is one."""

import json
import re

import pytest

from caco.answers.compare import compare
from caco.answers.copied import is_copied

SIMPLIFY = "Simplify: $-10-4(n-5)$"
SAME = r"\frac{x^{2}-1}{x-1}"  # as x+1
POINTS = r"Is $\left(\frac{\sqrt{2}}{2}, \frac{-1}{2}\right)$ on it? Simplify $\frac{1}{\sqrt 2}$."


@pytest.mark.parametrize(
    ("text", "known", "question"),
    [
        ("-10-4(n-5)", "10-4 n", SIMPLIFY),
        (r"-10 - 4 \left( n - 5 \right)", "10-4 n", SIMPLIFY),
        (r"-10-4\cdot (n-5)", "10-4n", "Simplify -10 - 4*(n - 5)."),
        ("7-3", "4", "Evaluate the expression: $7-3$"),
        ("2^{4} - 12", "4", "Evaluate 2^4 - 12."),  # the known answer is a part of it
        (r"-3\sqrt{3}+2\sqrt{3}", r"-\sqrt{3}", r"Simplify $-3 \sqrt{3}+2 \sqrt{3}$"),
        ("(a+5)^2", "a^{2}+10 a+25", "Multiply: $(a+5)^{2}$"),
        (r"\frac{8}{22}", r"\frac{4}{11}", r"Simplify $\frac{8}{22}$."),
        (r"\frac{3}{20}", "0.15", r"Write $\frac{3}{20}$ as a decimal."),
        (r"\dfrac{3}{20}", "0.15", r"Write $\frac{3}{20}$ as a decimal."),
        (r"\frac{63}{5}", r"12\frac{3}{5}", r"Convert $\frac{63}{5}$ to a mixed number."),
        (r"0.\overline{5}", r"\frac{5}{9}", r"Express $0.\overline{5}$ as a common fraction."),
        ("x-(-5)", "x+5", "Simplify: $x-(-5)$"),
        (r"\frac{-x}{-2}", r"\frac{x}{2}", r"Simplify: $\frac{-x}{-2}$"),
        ("852_9", "695", "Express $852_9$ in base 10."),
        (r"\frac{\pi}{3}", r"60^{\circ}", r"Convert from radians to degrees: $\frac{\pi}{3}$"),
        (r"8.7 \times 10^5", "870000", r"Write in standard notation: $8.7 \times 10^{5}$"),
        (r"\binom{15}{10}", "3003", r"Find $\binom{15}{10}$."),
        ("3 x=6", "x=2", "Solve: $3 x=6$"),
        ("x<3", r"(-\infty, 3)", "Write $x < 3$ as an interval."),
        ("12*3", "36", "What is 12*3?"),
        (
            r"\begin{pmatrix} 1 & 2 \end{pmatrix} + \begin{pmatrix} 3 & 4 \end{pmatrix}",
            r"\begin{pmatrix} 4 & 6 \end{pmatrix}",
            r"\[\begin{pmatrix} 1 & 2 \end{pmatrix} + \begin{pmatrix} 3 & 4 \end{pmatrix}.\]",
        ),
    ],
)
def test_an_expression_of_the_question_is_copied(text: str, known: str, question: str) -> None:
    assert is_copied(text, known, question)
    assert compare(known, text, question).outcome != "different"


@pytest.mark.parametrize(
    ("text", "known", "question"),
    [
        # It is not in the question.
        ("10-4n", "10-4 n", SIMPLIFY),
        ("-4n+10", "10-4 n", SIMPLIFY),
        ("-10-4n+20", "10-4 n", SIMPLIFY),
        ("x+1", SAME, "Simplify: $2x+12$ and $max+1$"),  # within other symbols
        ("1+x", SAME, "Simplify: $1+xy$ and $21+x$"),
        # It is the known answer, in the same or another notation.
        ("x+1", "x+1", r"Simplify $\frac{(x+1)(x-1)}{x-1}$"),
        (r"\frac{\sqrt{2}}{2}", r"\sqrt{2}/2", POINTS),
        ("√2/2", r"\frac{\sqrt{2}}{2}", POINTS),
        (r"\frac{-1}{2}", r"-\frac{1}{2}", POINTS),
        ("x+1", "1+x", "Factor $(x+1)(x-2)$."),
        ("f(x)=2x", "2x", "Find the function $f(x)=2x$ again."),
        ("25x^3y^5z", "25 x^{3} y^{5} z", "Find the LCD: $5 x^{2} y, 25 x^{3} y^{5} z$"),
        # It is a number, a letter, a choice or a text.
        ("5", "5", "What is 5 + 0?"),
        ("-5", "-5.0", "Find the least of -5 and 3."),
        ("x=5", "5", "If $x=5$, what is $x$?"),
        ("3/4", "0.75", "Which is the nearest to 2?  (a) 3/4  (b) -0.3  (c) -4"),
        ("-2/5", "-0.4", "What is the nearest to -11/4 in 0.4, -2/21, -2/5?"),
        ("3 million", "3000000", "Of 3 million people, how many are left?"),
        (r"20\%", "20", r"What percentage is $20\%$ of 100?"),
        ("6 feet", "72", "He is 6 feet tall. How many inches is that?"),
        ("2,000", "2000", "How much is 2,000?"),
        ("(3, 4)", "3, 4", "The point $(3, 4)$ lies on a line."),
        (r"(-\infty, 3)", "x<3", r"Is $(-\infty, 3)$ open?"),
        (r"\pi", "3.14159265358979", r"What is $\pi$?"),
        ("B", r"\text{(B)}", "Which of A, B and C is it?"),
        ("Monday", r"\text{Monday}", "Is it Monday or Tuesday?"),
        # Nothing is known of the values.
        ("2x+1", "the line", "See 2x+1."),
        ("", "5", "What is 5?"),
    ],
)
def test_a_right_answer_is_not_copied(text: str, known: str, question: str) -> None:
    assert not is_copied(text, known, question)


def test_the_output_of_a_program_has_no_notation() -> None:
    assert is_copied("17 + 5", "22", "What is 17 + 5?", is_output=True)
    assert not is_copied("1/2", "0.5", "He eats 1/2 of it and leaves the rest.", is_output=True)
    assert not is_copied("[3, 4]", "[3, 4]", "Sort [3, 4].", is_output=True)


def test_long_and_odd_texts_are_read() -> None:
    question = "Simplify $x+x$. " + "It is (1+2*3) or so. " * 500
    assert is_copied("x+x", "2x", question)
    assert not is_copied("x+" * 700 + "x", "701x", question)
    assert not is_copied("(" * 700 + "x+x", "2x", question)
    assert not is_copied("x+x", "2x", "\\frac $ \\ \x00 {")


def test_no_expression_of_real_questions_is_credited(shared_data):
    """Expressions of every fifth question of CollegeMath."""
    credited, copied = [], 0
    lines = (shared_data / "bench" / "college-math.jsonl").read_text().splitlines()
    for line in lines[::5]:
        row = json.loads(line)
        question, known = row["question"], row["answer"].strip("$")
        for text in re.findall(r"\$([^$]+)\$", question)[:2]:
            if compare(known, text, question).outcome == "equal":
                copied += is_copied(text, known, question)
                if not is_copied(text, known, question):
                    credited.append((text, known))
    assert copied > 80
    # Numbers with a unit, and a function that is its own inverse.
    others = [pair for pair in credited if not re.fullmatch(r"[\d,.]+(?: \\mathrm.*)?", pair[0])]
    assert others == [(r"f(x)=\frac{-2 x-2}{x+2}", r"f^{-1}(x)=\frac{-2 x-2}{x+2}")]
