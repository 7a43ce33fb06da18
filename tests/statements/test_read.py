"""Statements of worked solutions: true, false, or not judged."""

import pytest

from caco.statements.read import statements

TRUE = [
    # Arithmetic in signs, with units, money, percentages, fractions and separators.
    "3 + 4 = 7",
    "Natalia sold 48/2 = 24 clips in May.",
    "5 apples + 3 apples = 8 apples",
    "So it costs $1,200.50 + $300 = $1,500.50.",
    "5 miles/hour * 2 hours = 10 miles",
    "80 minutes/day * 6 days/week = 480 minutes/week",
    "2 1/2 + 1 = 3.5",
    r"$\frac{1}{2} \times 8 = 4$",
    r"\[ 2\frac{1}{2} \cdot 2 = 5 \]",
    r"\boxed{3 + 4} = 7",
    "12 ÷ 4 − 1 = 2",  # noqa: RUF001
    "2(3) = 6 and (2)(3) = 6",
    "2**3 = 8 and 3^2 = 9",
    "**Step 2:** 3 + 5 = 8",
    "He has 12 apples (3 * 4 = 12).",
    "24 = 20 + 4.",
    # Percentages of, counted, and relative.
    "20% of 50 = 10",
    "12/48 * 100 = 25%",
    "100% - 20% = 80%",
    "50 + 20% = 60",
    # Rounded results.
    "10/3 = 3.33",
    "22/7 ≈ 3.14",
    "2 dozen + 3 = 27",
    "6 / 1/3 = 18",
    # Conversions of units, with the factors of the calendar and of money.
    "1 week = 7 days",
    "1.25 hours = 75 minutes",
    "100 minutes = 1.67 hours",
    "$1.50 = 150 cents",
    "3 feet = 36 inches",
    "She ran for 2.5 hours, which is equivalent to 150 minutes.",
    # Degrees, and roots that are numbers.
    r"1998^\circ + 237^\circ = 2235^\circ",
    "90° + 30° = 120°",
    r"\sqrt{121} = 11",
    "√25 = 5 inches",
    r"3 + \sqrt{16} = 7",
    # A running chain, and a chain over two lines.
    "3 + 4 = 7 + 2 = 9",
    "9 - 1 = 8 - 1 = 7 - 1 = 6",
    "3 + 4 = 5 + 2 = 1 + 6 = 7",
    "3 + 4 * 2\n= 3 + 8\n= 11",
    # Words.
    "3 plus 4 is 7",
    "three plus four is seven",
    "12 divided by 3 equals 4",
    "half of 8 is 4",
    "twice 5 is 10",
    "the sum of 3, 4 and 5 is 12",
    "Adding 3 and 4, we get 7",
    "Subtract 3 from 8 to get 5",
    "5 squared is 25",
    "The square root of 49 is 7",
    "The average of 3, 4 and 5 is 4",
    "The greatest common divisor of 12 and 18 is 6",
    "The largest of 3, 9 and 4 is 9",
    "9 is the largest of 3, 9, and 4",
    "min(3, 9, 4) = 3",
    "17 mod 5 = 2",
    "17 % 5 = 2",
    "17 / 5 = 3 remainder 2",
    "17 divided by 5 leaves a remainder of 2",
    # Comparisons, parity, primes, divisors, order, counts.
    "7 > 5",
    "3 < 5 < 7",
    "7 is greater than 5",
    "3 + 4 ≠ 8",
    "7 is 2 more than 5",
    "12 is twice as many as 6, 6 is half as much as 12",
    "12 is three times as many as 4",
    "So 3 dozen = 36 eggs",
    "12 eggs/dozen * 3 dozen = 36 eggs",
    "35 is odd, count 0.",
    "3 and 5 are odd.",
    "35 is not even",
    "The even numbers are 2, 4, and 6.",
    "7 is prime",
    "9 isn't prime",
    "12 is divisible by 3 and 13 is prime",
    "3 divides 12",
    "5 does not divide 12",
    "Multiples of 7 up to 30: 7, 14, 21, 28.",
    "Divisors of 12: 1, 2, 3, 4, 6, 12.",
    "sorted: 1, 2, 3",
    "In descending order: 9, 4, 3",
    "[1, 2, 3] has 3 elements",
    "There are 2 even numbers in [1, 2, 4].",
    "There are 3 even numbers in 4, 8, 7, 10.",
    "[3, 5, 8] has 2 odd numbers.",
    # Values of a list, powers, factorials, absolute values, roundings.
    "Number 2 of [5, 6] is 6.",
    "The third number in [3, 8, 2] is 2.",
    "The last element of [3, 8, 2] is 2.",
    "The median of 4, 9, 1 and 6 is 5.",
    "3 to the power of 4 is 81.",
    "5!/3! = 20",
    "Wow, 3 + 4 = 7!",
    "|3 - 10| = 7",
    "24 rounded to the nearest 10 is 20.",
    "The sum of the digits of 345 is 12.",
    # Operations and shares in words.
    "Halving 30 gives 15.",
    "20 minus 8 leaves 12.",
    "40 less than 100 is 60.",
    "the multiple of $8^2=64$ less than 184 is $128$",
    "50 is 25% of 200.",
    "5 is half of 10.",
    "3/8 is 0.375.",
    "1 - 1/4 = 3/4",
    "from 30 to 40 is an increase of 33%",
    # Areas, and units of units.
    "12 cm × 5 cm = 60 cm².",  # noqa: RUF001
    r"$3 \text{ ft} \times 4 \text{ ft} = 12 \text{ ft}^2$",
    "2 hours is 120 minutes.",
    "1 hour and 30 minutes is 90 minutes.",
    "90 minutes = 1 hour 30 minutes",
    "50 increased by 20% is 60.",
    "80 decreased by 25% equals 60.",
    "The second largest of 3, 17 and 9 is 9.",
    "49 and 64 are perfect squares.",
    "50 is not a perfect square.",
    "8 is a perfect cube.",
    "5 goes into 17 3 times with a remainder of 2.",
    "sum([1, 2, 3]) = 6",
    "len([7]) = 1",
    "abs(-7) = 7",
    "max([3, 9]) = 9",
    "There are 60 minutes in an hour.",
    "A week has 7 days.",
]

FALSE = {
    "3 + 4 = 8": "3 + 4 is 7",
    "Natalia sold 48/2 = 22 clips in May.": "48/2 is 24",
    "5 apples + 3 apples = 9 apples": "is 8",
    "1,200 + 300 = 1,600": "is 1500",
    "80 minutes/day * 6 days/week = 460 minutes/week": "is 480",
    r"\[ \frac{1}{2} \cdot 8 = 5 \]": "is 4",
    "2**3 = 9": "is 8",
    "1. 3 * 4 = 13": "is 12",
    "35 = 5 * 8": "5 * 8 is 40",
    "$3456 / 4 accounts = $664/account": "is 864",
    "12 x 12 = 149 miles in 12 days": "is 144",
    "it's 2400+1000 = 3,480 sq ft": "is 3400",
    "30 + 200 = 850 cents": "is 230",
    "20% of 50 = 11": "is 10",
    "1.25 hours = 125 minutes": "it is 75",
    "She ran for 2.5 hours, which is equivalent to 250 minutes.": "it is 150",
    "10 years is equal to 100 years": "it is 10",
    "2 weeks = 20 days": "it is 14",
    "$2 = 20 cents": "it is 200",
    r"1998^\circ + 237^\circ = 436^\circ": "is 2235",
    r"\sqrt{121} = 12": "is 11",
    "√25 = 6 inches": "is 5",
    "10/3 = 3.34": "about 3.33333",
    "22/7 ≈ 3.5": "about 3.14286",
    "3 + 4 = 8 + 2 = 10": "3 + 4 is 7",
    # Words that withdraw elsewhere.
    "Jose got 5 questions wrong, so he lost 5 * 2 = 11 points": "5 * 2 is 10",
    "There are 3 + 4 = 8 incorrect answers": "3 + 4 is 7",
    "He ordered the wrong size and pays 3 + 4 = 8 dollars": "3 + 4 is 7",
    "3 + 4 = 8. The wait time is short": "3 + 4 is 7",
    "3 + 4 = 8. Wait 5 minutes": "3 + 4 is 7",
    "He does not work, so he has 3 + 4 = 8 hours": "3 + 4 is 7",
    # In neither reading: 37 - 2 continues 37, and then 37 - 2 is not 36.
    "38 - 1 = 37 - 2 = 36 - 1 = 35": "38 - 1 is 37",
    "3 + 4 = 7 + 3 = 9": "7 + 3 is 10",
    "3 + 4 * 2\n= 3 + 8\n= 12": "3 + 8 is 11",
    "Verify:\n\\[\n36 = 48\n\\]\nSo it is 48.": "36 is not 48",
    "40 + 8 = 48 = 36": "48 is not 36",
    "three plus four is eight": "is 7",
    "12 divided by 3 equals 5": "is 4",
    "half of 8 is 5": "is 4",
    "the sum of 3, 4 and 5 is 13": "is 12",
    "Adding 3 and 4, we get 8": "is 7",
    "The largest of 3, 9 and 4 is 4": "is 9",
    "4 is the largest of 3, 9, and 4": "is 9",
    "17 mod 5 = 3": "is 2",
    "17 / 5 = 3 R 1": "remainder of 2",
    "17 divided by 5 leaves a remainder of 1": "remainder of 2",
    "5 > 7": "5 compared with 7",
    "5 is greater than 7": "5 compared with 7",
    "3 + 4 ≠ 7": "7 compared with 7",
    "8 is 2 more than 5": "it is 7",
    "13 is twice as many as 6": "it is 12",
    "7 is half as much as 12": "it is 6",
    "13 is 3 times as many as 4": "it is 12",
    "3 dozen is 37": "is 36",
    "35 is even, count 1.": "35 is odd",
    "3 and 4 are odd.": "4 is even",
    "35 is not odd": "35 is odd",
    "The even numbers are 2, 4, and 5.": "5 is odd",
    "9 is prime": "9 is composite",
    "7 isn't prime": "7 is prime",
    "12 is divisible by 5": "12 is 5 times 2 with a remainder of 2",
    "5 divides 12": "12 is 5 times 2 with a remainder of 2",
    "3 does not divide 12": "12 is 3 times 4",
    "Multiples of 7 up to 30: 7, 14, 22.": "22 is 7 times 3",
    "Divisors of 12: 1, 2, 3, 4, 12.": "6 divides 12 too",
    "sorted: 1, 3, 2": "the order is 1, 2, 3",
    "In descending order: 9, 3, 4": "the order is 9, 4, 3",
    "[1, 2, 3] has 4 elements": "there are 3",
    "There are 3 even numbers in [1, 2, 4].": "there are 2",
    "There are 2 even numbers in 4, 8, 7, 10.": "there are 3",
    "[3, 5, 8] has 3 odd numbers.": "there are 2",
    "Number 2 of [5, 6] is 5.": "is 6",
    "The third number in [3, 8, 2] is 8.": "is 2",
    "The last element of [3, 8, 2] is 8.": "is 2",
    "The median of 4, 9, 1 and 6 is 4.": "is 5",
    "3 to the power of 4 is 12.": "is 81",
    "5!/3! = 10": "is 20",
    "|3 - 10| = 6": "is 7",
    "24 rounded to the nearest 10 is 30.": "is 20",
    "The sum of the digits of 345 is 11.": "is 12",
    "Halving 30 gives 16.": "is 15",
    "20 minus 8 leaves 13.": "is 12",
    "40 less than 100 is 70.": "is 60",
    "12 more than 30 is 41.": "is 42",
    "50 is 20% of 200.": "is 40",
    "5 is half of 12.": "is 6",
    "3/8 is 0.35.": "is 0.375",
    "1/2 + 1/3 = 2/5": "is about 0.833333",
    "from 40 to 50 is an increase of 20%": "it is 25%",
    "12 cm × 5 cm = 70 cm².": "is 60",  # noqa: RUF001
    "500 cm^3 * 2 = 100": "is 1000",
    "2 hours is 130 minutes.": "it is 120",
    "There are 70 minutes in an hour.": "it is 60",
    "A week has 8 days.": "it is 7",
    "An hour has 50 minutes.": "it is 60",
    "1 hour and 20 minutes = 90 minutes": "it is 80 minutes",
    "90 minutes = 2 hours 30 minutes": "it is 150 minutes",
    "7 weeks is 48 days.": "it is 49",
    "2 days is 49 hours.": "it is 48",
    "7 days is 0 weeks.": "it is 1",
    "0 weeks = 7 days": "it is 0",
    "50 increased by 20% is 65.": "is 60",
    "50 increased by 10 is 65.": "is 60",
    "200 reduced by 15% is 180.": "is 170",
    "The second smallest of 4, 9 and 2 is 2.": "is 4",
    "35 is a perfect square.": "35 is between 5^2 and 6^2",
    "27 is not a perfect cube.": "27 is 3^3",
    "7 goes into 45 six times with remainder 4.": "a remainder of 3",
    "sum([1, 2, 3]) = 5": "is 6",
    "len([4, 5]) = 3": "is 2",
    "abs(-7) = -7": "is 7",
    "min([3, 8, 5]) = 5": "is 3",
}

NOT_JUDGED = [
    # A variable, a label, a missing operand, a number that is cut.
    "x + 3 = 8", "x - 3 * 2 = 8", "2x - 3 = 8", "3 x + 1 = 9", "15 + 2a = 35", "3A = 36",
    "Week 2 = 3 * 4", "$t \\ge 27 \\cdot\n5=135$", "so 12 = 13", "(1/2)ab = 4",
    "f(3) = 8", "12 (5 + 7) = 13", "7 + Shonda (1) + 2 = 20", "100 + (20 * 3 = 61",
    "600 x 30 = 18 000", "20 / 240 = 8.33...%",
    "3 * 30 = 30 + M", "3 * 4 = 13 or 12",
    # Units that may have to be converted, and parts of what is not named.
    "2 hours + 30 minutes = 150 minutes", "$1.50 + 50 cents = $2",
    "9/10 = 90 cents", "1/4 is equal to $15", "1% = 450 / 90", "10% of 400 + 1580 = 1980",
    # A scale of a map, usual factors, and a working day, week and year.
    "1 inch = 5 miles", "1 gallon = 4 liters", "1 ton = 1000 kg", "1 day = 8 hours",
    "1 week = 5 days", "1 year = 9 months", "4 weeks is 20 days.", "2 hours = 30 minutes each",
    "If 2 hours = 30 minutes, stop.", "1 day and 2 hours = 10 hours", "0 weeks = -3 hours",
    "$12.50 is equivalent to 100 * 12.50",
    "Tom's 2 hours = 30 minutes",
    # Roots that are no numbers, and a factor before a root.
    r"\sqrt{85} = 9", r"2\sqrt{9} = 5", r"\sqrt[3]{64} = 5",
    r"(\sqrt[16]{5})^{48} = 5^3",
    # An integer division, and a rounded factor.
    "17 / 5 = 3", "2/3 = 0.66",
    # Conditions, hypotheses, questions, negations and withdrawn steps.
    "if 3 + 4 = 8 then", "Suppose that 3 + 4 = 8.", "Is 3 + 4 = 8?", "3 + 4 = 8 is wrong.",
    "3 + 4 = 8. Wait, that is not right.", "3 + 4 = 8. But wait, there is more.",
    "3 + 4 = 8. That's clearly wrong.", "3 + 4 = 8, a false statement.", "3 + 4 = 8 (incorrect)",
    "3 + 4 = 8 is not correct.", "3 + 4 = 8. This cannot be right.", "3 + 4 = 8. Oops.",
    "3 + 4 = 8. That doesn't work.", "3 + 4 = 8. Hmm, no.", "3 + 4 = 8. This can't be.",
    "If 35 is even, stop.", "Neither 3 nor 5 is even.",
    "35 is even or odd.", "We check whether 5 > 7.",
    "320 is 40 less than ten times 35",
    # A remainder, a rounding half way, a factorial or an exclamation.
    "3 + 4 = 7!.", "9 * 8! = 9!", "$7$ divides $10!$, so",
    "There are 8 hours in a day.", "A week has 5 days.", "A year has 9 months.",
    "7 is 15% of 45.", "24 - 16 = 1/3 of the class",
    "6 cm^2 (144 mm^2 / 1 cm^2) = 864 mm^2",
]  # fmt: skip

OTHER = [
    "The answer is 12.", "There are 3 boxes and 4 bags.", "The number of even numbers is 3.",
    "3/5 is 7 days away", "He is 12 and she is 14.", "One is even.", "x = y", "In 2020 it is 5.",
    "3 dozen is $15", "0900 - 0130 = 0730", "35 would be even",
    "The second largest of 9, 9 and 4 is 5", "a total of 40 increased by 5 each day is 60",
    "A 30 - 60 - 90 triangle is 1 of two", "111 is at least 500 away from 700",
    "17 / 5 leaves 2", "A week is 8 days away", "3 hours is 60 minutes more than 2 hours",
    "A pot with 12 more than 30 beans", "345 rounded to the nearest ten is 340.",
    "The number $12$ is $621$", "(30^4) leaves $125 - 2$ divisors", "| 5 | 7 | 12 |",
]  # fmt: skip


def verdicts(text: str) -> set[bool | None]:
    return {statement.holds for statement in statements(text)}


@pytest.mark.parametrize("text", TRUE)
def test_a_true_statement_is_found_true(text: str) -> None:
    assert verdicts(text) == {True}


@pytest.mark.parametrize("text", FALSE)
def test_a_false_statement_is_found_false_with_the_right_value(text: str) -> None:
    false = [statement for statement in statements(text) if statement.holds is False]
    assert len(false) == 1
    assert FALSE[text] in false[0].right


@pytest.mark.parametrize("text", NOT_JUDGED)
def test_what_is_not_understood_is_found_and_not_judged(text: str) -> None:
    assert verdicts(text) == {None}


@pytest.mark.parametrize("text", OTHER)
def test_other_numbers_are_no_statement_that_is_judged(text: str) -> None:
    assert verdicts(text) <= {None}


def test_calculator_marks_are_statements_of_their_own() -> None:
    found = statements("He sold 48/2 = <<48/2=25>>24 clips.")
    assert [(s.text, s.holds) for s in found] == [("48/2 = 24 clips", True), ("48/2 = 25", False)]


def test_every_statement_of_a_text_is_found_in_order() -> None:
    text = "Multiples of 5: 5, 10. 12 - 10 = 2.\n3 < 4, 4 < 9.\n12 is even, count 1."
    assert [s.text for s in statements(text)] == [
        "Multiples of 5: 5, 10", "12 - 10 = 2", "3 < 4", "4 < 9", "12 is even",
    ]  # fmt: skip
