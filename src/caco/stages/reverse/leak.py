"""The judge's check that a question does not give its result away."""

from decimal import Decimal

from caco.stages.reverse.input_values import normalised, read_input, values, written
from caco.text.numbers import as_number, mentions


def leak(question: str, input_json: str, answer: str) -> str | None:
    """Returns how a question gives its result away, or None if it does not.

    Truth values and single letters are never a leak: a question that asks for them names them.

    Args:
        question: The problem's text.
        input_json: The executed `input`, as JSON.
        answer: The result, as `caco.text.answers.answer_text` writes it.
    """
    held = [value for _, value in values(read_input(input_json))]
    result = as_number(answer)
    if result is not None:
        given = {v for v in held if isinstance(v, Decimal)}
        # What may be read as an input (5% as 0.05) states that input, and not the result.
        stated = {
            number.value
            for mention in mentions(question)
            if not mention.excused and not any(reading <= given for reading in mention.readings)
            for number in (mention, *mention.parts)
        }
        leaks = result in stated and result not in (1, 2)
    else:
        known = {normalised(v if isinstance(v, str) else written(v)).lower() for v in held}
        leaks = (
            len(answer) > 1
            and answer not in ("true", "false", "null")
            and normalised(answer).lower() not in known
            and normalised(answer).lower() in normalised(question).lower()
        )
    return f"the question states the result, {answer}" if leaks else None
