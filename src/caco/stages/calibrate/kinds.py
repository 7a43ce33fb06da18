"""The kinds of planted rows: how a known-right row was changed, and where the fault is."""

from enum import StrEnum

RIGHT = "right"


class Fault(StrEnum):
    """The part of a planted row that is wrong."""

    NONE = "none"
    # The answer is not the program's result; the answer check must detect it.
    ANSWER = "answer"
    # The answer is the program's result, but not that of the question; the answer check cannot
    # detect it.
    QUESTION = "question"


KINDS: dict[str, Fault] = {
    RIGHT: Fault.NONE,  # a seed, its program and its worked solution
    "respelled": Fault.NONE,  # the same, the answer in another notation: 12.0, x = 12, \frac{24}{2}
    # A constant of the question is changed, and the solution solves the changed question.
    "mutated_question": Fault.ANSWER,
    "swapped_program": Fault.ANSWER,  # the program of another row, whose output differs
    # Typical errors of solvers.
    "off_by_one": Fault.ANSWER,
    "sign": Fault.ANSWER,
    "digits_swapped": Fault.ANSWER,
    "intermediate": Fault.ANSWER,  # an intermediate result as the answer
    # Errors that the released grader or math-verify accepts.
    "times_100": Fault.ANSWER,
    "over_100": Fault.ANSWER,
    "percent": Fault.ANSWER,  # 12\% for 12, where the question mentions no percentage
    "thousand": Fault.ANSWER,  # 12 thousand for 12
    "inequality": Fault.ANSWER,  # \leq 12 for 12
    "nearly": Fault.ANSWER,  # within a relative tolerance of 1e-4, but not equal
    "decimal_comma": Fault.ANSWER,  # 1.234 for 1234
    # The question is changed, and the solution solves the original question.
    "altered_question": Fault.QUESTION,
    "missing_value": Fault.QUESTION,  # a constant is removed: the question cannot be solved
}
