"""The kinds of planted answers that the grader gets wrong, each with the reason.

A test fails when the grader no longer errs on one of them: its line is then removed.
"""

_INCHES = "`in` of `21 in total` is read as inches where the question asks for another length"
_NOUN = "a word after the number that multiplies or divides it is read as what is counted"
_PHRASE = "the sentence is not read as `the answer is` with a number"

ERRS: dict[str, str] = {
    # Right answers that are not accepted.
    "in_all": _INCHES,
    "sentence_in_total": _INCHES,
    "currency_in_total": "`in` of `$7.50 in total` is read as inches, a second unit",
    "number_word_counted": "a number in words is not read before a noun: `twelve jars`",
    "sentence_which": "`12, which is 12 + 0` is read as a list of two answers",
    "sentence_by": _PHRASE,
    "sentence_interrupted": _PHRASE,
    "last_sentence_i_get": "`I` of `I get 12` is read as a letter of the answer",
    "then_numbered_question": "`### Question 2`, without a colon, is not read as a next question",
    # Wrong answers that are accepted.
    "thousandths": _NOUN,
    "basis_points": _NOUN,
    "doubled": _NOUN,
    "pairs": _NOUN,
    "score": _NOUN,
    "gross": _NOUN,
    "lakh": _NOUN,
    "base_in_words": "`in octal` is read as what is counted",
    "other_dimension": "a unit of another dimension than the question asks for is ignored",
    "other_currency": "another currency than that of the question is ignored",
    "inch_mark": "a mark of inches or minutes is taken for a quotation mark",
    "negated": "`not 0` is read as the product of n, o, t and 0",
}
