"""Forms of the final statement of a solution: right ones, and ones that state something else."""

from collections.abc import Callable, Mapping
from random import Random

from caco.stages.calibrate.stated import Known, Stated, Statement
from caco.text.numbers import in_digits


def _right(after: str, before: str = "") -> Statement:
    """Returns a right form; `{}` is the right answer and `[]` another number."""

    def statement(known: Known, rng: Random) -> Stated:
        filled = _filler(known, rng)
        return Stated(known.text, filled(after), filled(before))

    return statement


def _wrong(
    after: str, before: str = "", *, stated: str = "[]", positive: bool = True, unless: str = ""
) -> Statement:
    """Returns a wrong form.

    Args:
        after: The text after the steps; `{}` is the right answer, `[]` another number and
            `[2]` twice the other number.
        before: The text before the steps.
        stated: The answer that it states.
        positive: Whether the right answer must be greater than 0.
        unless: Pattern of the questions to which the form does not apply.
    """

    def statement(known: Known, rng: Random) -> Stated | None:
        if (positive and known.value <= 0) or (unless and known.mentions(unless)):
            return None
        filled = _filler(known, rng)
        return Stated(filled(stated), filled(after), filled(before))

    return statement


def _filler(known: Known, rng: Random) -> Callable[[str], str]:
    """Returns the function that puts the right answer and another number into a form."""
    other = known.value + rng.randint(1, 4)
    filled = {"{}": known.text, "[]": in_digits(other), "[2]": in_digits(2 * other)}

    def fill(template: str) -> str:
        for place, text in filled.items():
            template = template.replace(place, text)
        return template

    return fill


_BOUNDS = r"\b(?:least|most|max|min|bound|inequal|range|more than|less than|up to)"
_BOX, _OTHER_BOX = r"\boxed{{}}", r"\boxed{[]}"
_NEXT = "\n\nQuestion: A box holds 3 red and 4 blue pens. How many pens does it hold?\nAnswer: "

RIGHT_STATEMENTS: Mapping[str, Statement] = {
    "sentence": _right("The answer is {}."),
    "sentence_because": _right("The answer is {} because nothing else is left to do."),
    "sentence_since": _right("So the answer is {}, since every step was checked."),
    "sentence_which": _right("The answer is {}, which is {} + 0."),
    "sentence_by": _right("The answer is {} by the formula above."),
    "sentence_interrupted": _right("The answer, then, is {}."),
    "sentence_in_total": _right("Therefore, the answer is {} in total."),
    "sentence_bold": _right("The answer is **{}**."),
    "hashes": _right("#### {}"),
    "final_answer": _right("Final answer: {}"),
    "final_answer_bold": _right("**Final Answer:** {}"),
    "heading": _right("## Final Answer\n\n{}"),
    "heading_with_box": _right(f"### Final answer\n\n$${_BOX}$$"),
    "display_box": _right(f"$$\n{_BOX}\n$$"),
    "fbox": _right(r"The answer is $\fbox{{}}$."),
    "box_in_sentence": _right(f"This makes ${_BOX}$ in all."),
    "then_next_question": _right(f"The answer is {_BOX}.{_NEXT}The answer is {_OTHER_BOX}."),
    "then_numbered_question": _right(
        f"The answer is {_BOX}.\n\n### Question 2\nHow many pens are there?\n"
        f"The answer is {_OTHER_BOX}."
    ),
    "then_end_token": _right(f"The answer is {_BOX}.<|im_end|>"),
    "after_reasoning": _right(
        f"So the answer is {{}}.\n</think>\n\nThe answer is {_BOX}.", "<think>\n"
    ),
    "after_other_reasoning": _right(
        f"So the answer is {_OTHER_BOX}. No, one step is wrong.\n</think>\n\nThe answer is {_BOX}.",
        "<think>\n",
    ),
    "corrected": _right(
        f"The answer is {_OTHER_BOX}.\nWait, one step is wrong. The answer is {_BOX}."
    ),
    "last_sentence": _right("This makes {}."),
    "last_sentence_i_get": _right("I get {}."),
}  # fmt: skip

WRONG_STATEMENTS: Mapping[str, Statement] = {
    "at_least": _wrong("The answer is at least {}.", stated="at least {}", unless=_BOUNDS),
    "at_most": _wrong("The answer is at most {}.", stated="at most {}", unless=_BOUNDS),
    "more_than": _wrong("The answer is more than {}.", stated="more than {}", unless=_BOUNDS),
    "less_than": _wrong("The answer is less than {}.", stated="less than {}", unless=_BOUNDS),
    "up_to": _wrong("The answer is up to {}.", stated="up to {}", unless=_BOUNDS),
    "negated": _wrong("The answer is not {}.", stated="not {}", positive=False),
    "minus_word": _wrong("The answer is minus {}.", stated="minus {}"),
    "negative_word": _wrong("The answer is negative {}.", stated="negative {}"),
    "half_of": _wrong("The answer is half of {}.", stated="half of {}"),
    "twice": _wrong("The answer is twice {}.", stated="twice {}"),
    "half_of_other": _wrong("The answer is half of [2].", stated="half of [2]"),
    "twice_other": _wrong("The answer is twice [].", stated="twice []"),
    "more_than_other": _wrong("The answer is {} more than 20.", stated="{} more than 20"),
    "conditional": _wrong(
        "The answer is {} if it rains and [] otherwise.",
        stated="{} if it rains and [] otherwise",
        positive=False,
    ),
    "either": _wrong(
        "The answer is either {} or [].", stated="either {} or []", positive=False
    ),
    # The text ends within the number or after it: nobody knows.
    "truncated_box": _wrong(r"The answer is \boxed{{}", stated="", positive=False),
    "empty_box": _wrong(r"This makes {}. The answer is \boxed{ }.", stated="", positive=False),
    "retracted_box": _wrong(
        f"The answer is {_BOX}.\nWait, one step is wrong. The answer is [].", positive=False
    ),
    "retracted_hashes": _wrong(
        "#### {}\nOne step is wrong. The correct answer is [].", positive=False
    ),
    "retracted_by_heading": _wrong(
        f"This makes {_BOX}, but one step is wrong.\n\n## Final Answer\n\n[]", positive=False
    ),
    "rejected_in_question": _wrong("Is the answer {}? No, it is [].", positive=False),
    "two_boxes": _wrong(
        f"The answers are {_BOX} and {_OTHER_BOX}.", stated="{}, []", positive=False
    ),
    "reasoning_differs": _wrong(
        f"So the answer is {_BOX}.\n</think>\n\nThe answer is {_OTHER_BOX}.",
        "<think>\n",
        positive=False,
    ),
    "reasoning_only": _wrong(
        f"So the answer is {_BOX}.\n</think>\n\n", "<think>\n", stated="", positive=False
    ),
    "reasoning_unclosed": _wrong(
        f"So the answer is {_BOX}.\nLet me check this", "<think>\n", stated="", positive=False
    ),
    "next_question": _wrong(
        f"The answer is {_OTHER_BOX}.{_NEXT}The answer is {_BOX}.", positive=False
    ),
}  # fmt: skip
