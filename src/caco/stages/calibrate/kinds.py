"""The kinds of planted rows: what was done to a known-right row, and where the fault lies."""

from enum import StrEnum

RIGHT = "right"


class Fault(StrEnum):
    """Where a planted row is wrong."""

    NONE = "none"
    ANSWER = "answer"  # the answer is not the program's result: the answer check must see it
    QUESTION = "question"  # the answer is, but not of this question: beyond the answer check


KINDS: dict[str, Fault] = {
    RIGHT: Fault.NONE,  # a seed, its program and its worked solution
    "respelled": Fault.NONE,  # the same, the answer in another notation: 12.0, x = 12, \frac{24}{2}
    # A constant of the question changed; solved as the question now stands.
    "mutated_question": Fault.ANSWER,
    "swapped_program": Fault.ANSWER,  # another row's program, whose output differs
    # Wrong solutions, as solvers make them.
    "off_by_one": Fault.ANSWER,
    "sign": Fault.ANSWER,
    "digits_swapped": Fault.ANSWER,
    "intermediate": Fault.ANSWER,  # a number on the way to the answer
    # What graders forgive: the released one, or math-verify.
    "times_100": Fault.ANSWER,
    "over_100": Fault.ANSWER,
    "percent": Fault.ANSWER,  # 12\% for 12, where the question speaks of no percentage
    "thousand": Fault.ANSWER,  # 12 thousand for 12
    "inequality": Fault.ANSWER,  # \leq 12 for 12
    "nearly": Fault.ANSWER,  # within a tolerance of 1e-4, and not equal
    "decimal_comma": Fault.ANSWER,  # 1.234 for 1234
    # The solution is of the question before the change.
    "altered_question": Fault.QUESTION,
    "missing_value": Fault.QUESTION,  # a constant taken out: nobody can solve it
}
