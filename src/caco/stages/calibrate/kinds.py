"""The kinds of planted rows: how a known-right row was changed, and where the fault is.

`12` stands for the right answer in the examples. The functions that make the kinds of one group are
in the module that the group's comment names.
"""

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
    # A step states something false, and the answer is right; only the statement check is measured
    # on such rows.
    STEP = "step"
    # The output was replaced by one of another shape (a list, an interval, a fraction), to which
    # neither the question nor the program belongs. Only the answer check is measured on such rows:
    # every other check may reject them for what was replaced.
    SHAPED_NONE = "shaped, none"
    SHAPED_ANSWER = "shaped, answer"


RIGHT_FAULTS = frozenset({Fault.NONE, Fault.SHAPED_NONE})
"""The faults of rows that are right."""
SHAPED = frozenset({Fault.SHAPED_NONE, Fault.SHAPED_ANSWER})
"""The faults of rows whose output was replaced."""

# The number in another notation (`notations`).
_NOTATIONS = (
    "thousands_comma",  # 1,234
    "thousands_latex",  # 1{,}234
    "thousands_thin",  # 1\,234
    "thousands_spaced",  # 1 234
    "trailing_zero", "trailing_zeros",  # 12.0, 12.00
    "fraction", "dfrac", "slash",  # \frac{24}{2}, \dfrac{24}{2}, 24/2
    "fraction_of_decimal", "mixed_of_decimal",  # \frac{5}{2} and 2\frac{1}{2} for 2.5
    "scientific",  # 1.2 \times 10^{1}
    "plus_sign",  # +12
    "named",  # x = 12
    "counted", "counted_in_text",  # 12 jars, where the question asks how many jars
    "in_all",  # 12\text{ in all}
    # \$12, 12 dollars, \$12 in total, where the question is about dollars
    "currency_sign", "currency_word", "currency_in_total",
    "percent_asked", "percent_word_asked",  # 12\%, 12 percent, where the question asks for it
    "singleton",  # [12]
    "braces",  # {12}
    "number_word", "number_word_in_text", "number_word_counted",  # twelve, twelve jars
    "ordinal", "ordinal_raised",  # 12th, 12^{\text{th}}
    "dollar_signs", "round_delimiters", "displaystyle",  # $12$, \(12\), \displaystyle 12
    "in_text", "in_bold",  # \text{12}, \mathbf{12}
    "full_stop",  # 12.
    "sum",  # 11 + 1
    "equation_chain",  # 11 + 1 = 12
    "introduced",  # \text{The answer is } 12
)  # fmt: skip

# The right number in other forms of the final statement (`statements`).
_RIGHT_STATEMENTS = (
    "sentence",  # The answer is 12.
    "sentence_because", "sentence_since",  # The answer is 12 because ...
    "sentence_which",  # The answer is 12, which is 12 + 0.
    "sentence_by",  # The answer is 12 by the formula.
    "sentence_interrupted",  # The answer, then, is 12.
    "sentence_in_total",  # Therefore, the answer is 12 in total.
    "sentence_bold",  # The answer is **12**.
    "hashes",  # #### 12
    "final_answer", "final_answer_bold",  # Final answer: 12
    "heading", "heading_with_box",  # ## Final Answer, and 12 on a line of its own
    "display_box", "fbox",  # $$\boxed{12}$$, \fbox{12}
    "box_in_sentence",  # This makes \boxed{12} in all.
    "then_next_question", "then_numbered_question",  # an invented question follows
    "then_end_token",  # <|im_end|> follows
    "after_reasoning",  # a <think> block with the same answer precedes
    "after_other_reasoning",  # a <think> block with another answer precedes
    "corrected",  # another boxed answer precedes, and is withdrawn
    "last_sentence", "last_sentence_i_get",  # This makes 12.
)  # fmt: skip

# Another number, or text that changes the number (`wrong_numbers`).
_WRONG_NUMBERS = (
    # Typical errors of solvers.
    "off_by_one",
    "sign",
    "digit_changed", "digits_swapped", "digit_dropped", "digit_repeated",
    "decimal_shift",  # 120, 1.2
    "times_100", "over_100",
    "nearly",  # within a relative tolerance of 1e-4, but not equal
    "intermediate",  # an intermediate result as the answer
    "other_word",  # thirteen
    # Notation in which one part is another number.
    "reciprocal",  # \frac{1}{12}
    "denominator",  # \frac{12}{5}
    "mixed_number",  # 12\frac{1}{2}
    "exponent",  # 12^{2}
    "scientific_exponent", "scientific_coefficient",  # 1.2 \times 10^{2}, 1.3 \times 10^{1}
    "root", "root_factor",  # \sqrt{12}, 12\sqrt{2}
    "pi_factor", "variable_factor", "imaginary",  # 12\pi, 12x, 12i
    "base", "base_in_words",  # 12_9, 12 in octal
    "index",  # x_{12}
    "raised_digits", "spaced_digits",  # 1^{2}, 1 2
    # Scales and percentages, where the question has none.
    "percent", "percent_word", "decimal_percent",  # 12\%, 12 percent, 0.12\%
    "hundred", "thousand", "million", "dozen",  # 12 thousand
    "letter_k", "letter_m",  # 12k, 12M
    "words_scaled",  # twelve thousand
    "a_dozen", "half_dozen", "dozens",  # a dozen and half a dozen for 8, 2 dozen for 12
    "hundredths", "thousandths", "basis_points",  # 12 hundredths
    "squared", "doubled",  # 12 squared, 12 doubled
    "pairs", "score", "gross", "lakh",  # 12 pairs
    # Another unit than the question asks for.
    "other_unit", "other_dimension",  # 12 hours and 12 kilograms for 12 minutes
    "inch_mark", "other_currency",  # 12" for 12 feet, €12 for 12 dollars
    # Text or a number after the number.
    "compound_length", "compound_time",  # 12 feet 6 inches, 12 hours 30 minutes
    "remainder", "remainder_letter",  # 12 remainder 3, 12 R 3
    "left_over",  # 12 boxes with 3 left over
    "plus_words", "less_than_words",  # 12 plus 3, 12 less than 20
    # Punctuation that is no arithmetic.
    "ratio", "ratio_to_one",  # 12:5, 12:1
    "clock", "date_dashes", "date_slashes",  # 12:30, 2024-01-12, 12/1/2024
    "decimal_comma",  # 1.234 for 1234
    "grouped_thousand",  # 12,000
    "comma_inside", "comma_after",  # 1,2 and 12,5
    # Bounds and equations.
    "not_equal", "named_not_equal",  # \neq 12, x \neq 12
    "inequality", "greater_or_equal",  # \leq 12, \geq 12
    "greater", "less",  # x > 12, x < 12
    "equation", "equation_with_factor",  # x + 3 = 12, 2x = 12
    "unequal_sides",  # 13 = 12
    # More than one value.
    "second_value", "second_or", "second_and", "second_semicolon",  # 12, 13 and 12 or 13
    "repeated_value",  # 12, 12
    "range_words", "range_dash", "between",  # 12 to 14, 12-14, between 12 and 14
    "tolerance", "plus_minus",  # 12 \pm 1, \pm 12
    "pair", "list_of_two", "set_of_two",  # (12, 13), [12, 13], \{12, 13\}
    # No number.
    "choice_letter",  # \text{(C)}
    "no_answer_text",  # \text{cannot be determined}
    "infinity",
)  # fmt: skip

# Final statements that do not state the right number, though it occurs (`statements`).
_WRONG_STATEMENTS = (
    "at_least", "at_most", "more_than", "less_than", "up_to",  # The answer is at least 12.
    "negated",  # The answer is not 12.
    "minus_word", "negative_word",  # The answer is minus 12.
    "half_of", "twice",  # The answer is half of 12.
    "half_of_other", "twice_other",  # The answer is half of 26.
    "more_than_other",  # The answer is 12 more than 20.
    "conditional",  # The answer is 12 if it rains and 20 otherwise.
    "either",  # The answer is either 12 or 13.
    "truncated_box", "empty_box",  # \boxed{12 at the end of the text
    "retracted_box", "retracted_hashes", "retracted_by_heading",  # another final statement follows
    "rejected_in_question",  # Is the answer 12? No, it is 13.
    "two_boxes",  # \boxed{12} and \boxed{13}
    "reasoning_differs",  # 12 in a <think> block, then another answer
    "reasoning_only", "reasoning_unclosed",  # the answer is in a <think> block alone
    "next_question",  # 12 answers an invented question that follows
)  # fmt: skip

# Outputs of other shapes, with other notations of them (`shapes`).
_SHAPED_RIGHT = (
    "fraction_latex", "fraction_dfrac", "fraction_unreduced",
    "mixed_latex", "mixed_plain", "mixed_improper",
    "list_same", "list_no_spaces", "list_tuple", "list_bare", "list_and",
    "set_reordered", "set_bare",
    "interval_left_right", "interval_in", "interval_relation",
    "relation_turned", "relation_interval",
    "unit_word", "unit_in_text", "unit_converted",
    "rate_latex", "rate_word",
    "scale_digits",
    "base_braces",
    "subscript_braces",
    "expression_turned",
    "power_braces",
    "root_cdot",
    "both_signs_listed",
    "choice_brackets", "choice_in_text",
    "truth_word", "truth_in_text",
    "text_in_text",
    "time_same",
    "zero_decimal",
    "tiny_same", "tiny_latex", "tiny_decimal",
    "float_rounded", "float_fraction",
    "large_grouped",
    "matrix_latex",
    "object_same",
)  # fmt: skip

# The same outputs, with one part of the answer changed (`shapes`).
_SHAPED_WRONG = (
    "fraction_inverted", "fraction_numerator", "fraction_denominator", "fraction_sign",
    "fraction_bar_dropped",
    "mixed_as_product", "mixed_digits_joined", "mixed_whole_dropped", "mixed_fraction_dropped",
    "list_member", "list_dropped", "list_added", "list_swapped", "list_sign",
    "set_member", "set_dropped", "set_added",
    "interval_end", "interval_bracket", "interval_swapped", "interval_infinite",
    "relation_strict", "relation_flipped", "relation_bound",
    "unit_changed", "unit_other_dimension",
    "rate_digit", "rate_shifted",
    "scale_changed", "scale_dropped",
    "base_changed", "base_digit",
    "subscript_changed", "subscript_dropped",
    "expression_coefficient", "expression_term_dropped", "expression_sign", "expression_variable",
    "power_changed", "power_dropped",
    "root_changed", "root_dropped",
    "both_signs_one", "both_signs_value",
    "choice_other", "choice_number",
    "truth_opposite",
    "text_other",
    "time_other",
    "zero_equation", "zero_quadratic",
    "tiny_exponent", "tiny_coefficient", "tiny_zero",
    "float_digit",
    "large_last_digit", "large_rounded",
    "matrix_cell", "matrix_transposed",
    "object_value", "object_key",
)  # fmt: skip

# The steps with one false statement (`false_steps`).
_FALSE_STEPS = (
    "step_result",  # 3 * 4 = 13
    "step_operand",  # 4 * 4 = 12
    "step_comparison",  # 3 > 4
    "step_parity",  # 3 is even
    # The same in words, made of equations in digits.
    "step_operator_word",  # 3 times 4 is 13
    "step_number_words",  # three plus four is eight
    "step_half",  # half of 48 is 25
    "step_twice",  # twice 7 is 15
    "step_times_as_many",  # 13 is 3 times as many as 4
    "step_dozen",  # 3 dozen is 37
    "step_code",  # print(3 * 4), and its output 13
)

KINDS: dict[str, Fault] = {
    RIGHT: Fault.NONE,  # a seed, its program and its worked solution
    **dict.fromkeys(_NOTATIONS + _RIGHT_STATEMENTS, Fault.NONE),
    **dict.fromkeys(_SHAPED_RIGHT, Fault.SHAPED_NONE),
    # A constant of the question is changed, and the solution solves the changed question.
    "mutated_question": Fault.ANSWER,
    "swapped_program": Fault.ANSWER,  # the program of another row, whose output differs
    **dict.fromkeys(_WRONG_NUMBERS + _WRONG_STATEMENTS, Fault.ANSWER),
    **dict.fromkeys(_SHAPED_WRONG, Fault.SHAPED_ANSWER),
    **dict.fromkeys(_FALSE_STEPS, Fault.STEP),
    # The question is changed, and the solution solves the original question.
    "altered_question": Fault.QUESTION,
    "missing_value": Fault.QUESTION,  # a constant is removed: the question cannot be solved
}
