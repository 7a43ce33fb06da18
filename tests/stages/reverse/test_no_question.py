"""What a writer returns instead of a word problem, and word problems that look like it."""

import pytest

from caco.stages.reverse.no_question import no_question

# A text that is no word problem, the reason, and a similar text that is one.
SEPARATED = {
    "input as a dict": (
        'Input: {"a": 3, "b": 4}. What is the product?',
        "restates the input as a dict",
        "Let A = {1, 2, 3}. What is the sum of its elements?",
    ),
    "input and output": (
        "The word problem that this program solves is: Input: 3 and 4 Output: 12",
        "restates the input or the output",
        "A function machine doubles its input. The input is 10. What is the output?",
    ),
    "output": (
        "What is the product of 3 and 4?\nOutput: 12",
        "restates the input or the output",
        "A mill has an output of 12 tons a day. What is the output of 3 days?",
    ),
    "names with values": (
        "Solve this.\n- price: 5\n- count: 3",
        "lists names with values",
        "Solve the system.\nx = 5 - y\ny = 3",
    ),
    "variable": (
        "What is num_apples plus num_pears?",
        "names a variable",
        r"Find $a_n + b_{max}$ for $\text{max_n} = 3$. Write to ann_bell@mail.com.",
    ),
    "program": (
        "The program calculates the area of a field of 3 by 4. What is it?",
        "describes a program",
        "The reading program starts with 3 books. How many are there in 4 weeks?",
    ),
    "function": (
        "This function returns the area of a field of 3 by 4. What is it?",
        "describes a program",
        "The function f(x) = 3x + 4 takes its minimum on [0, 1] at which x?",
    ),
    "purpose of a program": (
        "The program is trying to determine how many of 3 flips are heads. How many are 4?",
        "describes a program",
        "The exercise program is designed to last 3 weeks of 4 days. How many days is that?",
    ),
    "program that reads": (
        "A program takes the numbers 3 and 4. What does it compute?",
        "describes a program",
        "A training program takes 3 hours a week. How many hours is that in 4 weeks?",
    ),
    "what a program prints": (
        "For a = 3 and b = 4, what does the code print?",
        "describes a program",
        "What does the code 3-4 of the lock add up to?",
    ),
    "code": (
        "def total(a, b): return a + b\nWhat is it for 3 and 4?",
        "has code",
        "The default is 3. Print 4 more. How many is that?",
    ),
    "answer": (
        "Tom has 3 pens and buys 4. How many has he? Answer: 7",
        "answers itself",
        "Tom has 3 pens and buys 4. How many has he? He knows the answer: count them.",
    ),
    "chat": (
        "Sure! Tom has 3 pens and buys 4. How many has he?",
        "speaks of itself",
        "Tom is sure that 3 and 4 pens are enough. How many has he?",
    ),
    "announcement": (
        "Here's a math question: what is 3 times 4?",
        "speaks of itself",
        "Here are two numbers: 3 and 4. What is their sum?",
    ),
    "Python": (
        "What does the Python code give for 3 and 4?",
        "describes a program",
        "A python eats 3 mice a week. How many does it eat in 4 weeks?",
    ),
    "request for a program": (
        "Write a program that multiplies 3 by 4.",
        "asks for a program",
        "Write a function f(x) whose graph is a line through (3, 4).",
    ),
    "about itself": (
        "Here is the word problem: what is 3 times 4?",
        "speaks of itself",
        "How many letters does the word PROBLEM have?",
    ),
    "no request": (
        "Tom, who has 3 boxes and wants to find what he lost, has 4 pens.",
        "asks nothing",
        "Tom has 3 boxes of 4 pens. Find the number of pens.",
    ),
    "request without a question mark": (
        "Tom has 3 boxes. He will use 4 pens.",
        "asks nothing",
        "Tom has 3 boxes of 4 pens. Use these numbers to say how many pens he has.",
    ),
    "multiple choice": (
        "If it has 3 sides of 4 cm, then its perimeter equals 12 cm.",
        "asks nothing",
        "If it has 3 sides of 4 cm, then its perimeter is (A) 12 (B) 7.",
    ),
}


@pytest.mark.parametrize("kind", SEPARATED)
def test_a_text_that_is_no_word_problem_is_told_from_one(kind):
    wrong, reason, right = SEPARATED[kind]
    assert (no_question(wrong) or "").startswith(reason)
    assert no_question(right) is None


@pytest.mark.parametrize(
    "question",
    [
        "0.72 * 112",
        "-62 divided by 31",
        "Rationalize the denominator: $\\frac{5}{\\sqrt{3}}$ .",
        "Completely factor the expression: $$x^8-256$$",
        "If \\begin{align*}x&=2\\end{align*}compute $8x$.",
        "A sector is cut from a circle of radius 6. Its area is",
        "Is 91 a prime number",
        "True or false: there is a graph with score (1, 2, 3).",
        "Given the array [3, 1, 2], sort it in descending order.",
        "Reverse the string 'abc_def', please.",
        "What is the area?\n[asy]\nrr_cartesian_axes(-1, 10);\n[/asy]",
    ],
)
def test_requests_of_every_form_are_questions(question):
    assert no_question(question) is None


def test_the_reason_quotes_what_was_found():
    reason = no_question("Input: {'a': 3}, what is it?")
    assert reason == """restates the input as a dict ("{'a':"): "Input: {'a': 3}, what is it?\""""
