r"""Outputs of other shapes than a number, each with right and wrong answers.

The seeds of most sources have a number as their answer, and graders also err on fractions, lists,
intervals and units. Each shape makes an output from the number of a seed: 12 becomes the list
`[12, 15, 19]`. The question and the program stay, and belong to neither output nor answer, so that
only the answer check is measured on such rows.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from caco.stages.calibrate.stated import Known, Stated, Statement, scientific
from caco.text.answers import closing
from caco.text.numbers import in_digits


@dataclass(frozen=True, slots=True)
class Shape:
    """An output, and answers by kind.

    Attributes:
        output: The output as JSON.
        right: Its notations.
        wrong: Other answers.
    """

    output: str
    right: dict[str, str]
    wrong: dict[str, str]


def _text(output: str, right: dict[str, str], wrong: dict[str, str]) -> Shape:
    """Returns a shape of which the output is a text."""
    return Shape(json.dumps(output), right, wrong)


def _fraction(n: int) -> Shape:
    m = n + 1
    return _text(
        f"{n}/{m}",
        {
            "fraction_latex": rf"\frac{{{n}}}{{{m}}}",
            "fraction_dfrac": rf"\dfrac{{{n}}}{{{m}}}",
            "fraction_unreduced": rf"\frac{{{2 * n}}}{{{2 * m}}}",
        },
        {
            "fraction_inverted": rf"\frac{{{m}}}{{{n}}}",
            "fraction_numerator": rf"\frac{{{n + 2}}}{{{m}}}",
            "fraction_denominator": rf"\frac{{{n}}}{{{m + 2}}}",
            "fraction_sign": rf"-\frac{{{n}}}{{{m}}}",
            "fraction_bar_dropped": f"{n}{m}",
        },
    )


def _mixed(n: int) -> Shape:
    top = 3 * n + 2
    return _text(
        f"{top}/3",
        {
            "mixed_latex": rf"{n}\frac{{2}}{{3}}",
            "mixed_plain": f"{n} 2/3",
            "mixed_improper": rf"\frac{{{top}}}{{3}}",
        },
        {
            "mixed_as_product": rf"\frac{{{2 * n}}}{{3}}",
            "mixed_digits_joined": f"{n}2/3",
            "mixed_whole_dropped": r"\frac{2}{3}",
            "mixed_fraction_dropped": f"{n}",
        },
    )


def _list(n: int) -> Shape:
    a, b, c = n, n + 3, n + 7
    return Shape(
        json.dumps([a, b, c]),
        {
            "list_same": f"[{a}, {b}, {c}]",
            "list_no_spaces": f"[{a},{b},{c}]",
            "list_tuple": f"({a}, {b}, {c})",
            "list_bare": f"{a}, {b}, {c}",
            "list_and": f"{a}, {b} and {c}",
        },
        {
            "list_member": f"[{a}, {b + 1}, {c}]",
            "list_dropped": f"[{a}, {b}]",
            "list_added": f"[{a}, {b}, {c}, {c + 4}]",
            "list_swapped": f"[{b}, {a}, {c}]",
            "list_sign": f"[{a}, -{b}, {c}]",
        },
    )


def _set(n: int) -> Shape:
    a, b, c = n, n + 3, n + 7
    return _text(
        rf"\{{{a}, {b}, {c}\}}",
        {
            "set_reordered": rf"\{{{c}, {a}, {b}\}}",
            "set_bare": f"{a}, {b}, {c}",
        },
        {
            "set_member": rf"\{{{a}, {b + 1}, {c}\}}",
            "set_dropped": rf"\{{{a}, {b}\}}",
            "set_added": rf"\{{{a}, {b}, {c}, {c + 4}\}}",
        },
    )


def _interval(n: int) -> Shape:
    end = n + 5
    return _text(
        f"[{n}, {end})",
        {
            "interval_left_right": rf"\left[{n}, {end}\right)",
            "interval_in": rf"x \in [{n}, {end})",
            "interval_relation": rf"{n} \leq x < {end}",
        },
        {
            "interval_end": f"[{n}, {end + 1})",
            "interval_bracket": f"[{n}, {end}]",
            "interval_swapped": f"[{end}, {n})",
            "interval_infinite": rf"[{n}, \infty)",
        },
    )


def _relation(n: int) -> Shape:
    return _text(
        f"x > {n}",
        {
            "relation_turned": f"{n} < x",
            "relation_interval": rf"({n}, \infty)",
        },
        {
            "relation_strict": rf"x \geq {n}",
            "relation_flipped": f"x < {n}",
            "relation_bound": f"x > {n + 1}",
        },
    )


def _unit(n: int) -> Shape:
    return _text(
        f"{n} km",
        {
            "unit_word": f"{n} kilometers",
            "unit_in_text": rf"{n}\text{{ km}}",
            "unit_converted": f"{n * 1000} m",
        },
        {"unit_changed": f"{n} m", "unit_other_dimension": f"{n} kg"},
    )


def _rate(n: int) -> Shape:
    return _text(
        f"{n}%",
        {"rate_latex": rf"{n}\%", "rate_word": f"{n} percent"},
        {"rate_digit": rf"{n + 1}\%", "rate_shifted": rf"{n * 100}\%"},
    )


def _scale(n: int) -> Shape:
    return _text(
        f"{n} million",
        {"scale_digits": f"{n * 10**6:,}"},
        {"scale_changed": f"{n} billion", "scale_dropped": f"{n}"},
    )


def _base(n: int) -> Shape:
    digits = f"{n + 1:b}"
    return _text(
        f"{digits}_2",
        {"base_braces": f"{digits}_{{2}}"},
        {"base_changed": f"{digits}_3", "base_digit": f"{n + 2:b}_2"},
    )


def _subscript(n: int) -> Shape:
    return _text(
        f"{n}a_1",
        {"subscript_braces": f"{n}a_{{1}}"},
        {"subscript_changed": f"{n}a_2", "subscript_dropped": f"{n}a"},
    )


def _expression(n: int) -> Shape:
    m = n + 1
    return _text(
        f"{m}x + 3",
        {"expression_turned": f"3 + {m}x"},
        {
            "expression_coefficient": f"{m + 1}x + 3",
            "expression_term_dropped": f"{m}x",
            "expression_sign": f"{m}x - 3",
            "expression_variable": f"{m}y + 3",
        },
    )


def _power(n: int) -> Shape:
    m = n + 1
    return _text(
        f"x^{m}",
        {"power_braces": f"x^{{{m}}}"},
        {"power_changed": f"x^{{{m + 1}}}", "power_dropped": "x"},
    )


def _root(n: int) -> Shape:
    return _text(
        rf"{n}\sqrt{{2}}",
        {"root_cdot": rf"{n} \cdot \sqrt{{2}}"},
        {"root_changed": rf"{n}\sqrt{{3}}", "root_dropped": f"{n}"},
    )


def _both_signs(n: int) -> Shape:
    return _text(
        rf"\pm {n}",
        {"both_signs_listed": f"{n}, -{n}"},
        {"both_signs_one": f"{n}", "both_signs_value": rf"\pm {n + 1}"},
    )


def _choice(n: int) -> Shape:
    right, other = "ABCD"[n % 4], "ABCD"[(n + 1) % 4]
    return _text(
        right,
        {
            "choice_brackets": f"({right})",
            "choice_in_text": rf"\text{{({right})}}",
        },
        {"choice_other": f"({other})", "choice_number": f"{n}"},
    )


def _truth(n: int) -> Shape:
    value = n % 2 == 0
    return Shape(
        json.dumps(value),
        {"truth_word": "Yes" if value else "No", "truth_in_text": rf"\text{{{value}}}"},
        {"truth_opposite": rf"\text{{{not value}}}"},
    )


def _words(n: int) -> Shape:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    day = days[n % 7]
    return _text(
        day,
        {"text_in_text": rf"\text{{{day}}}"},
        {"text_other": rf"\text{{{days[(n + 1) % 7]}}}"},
    )


def _time(n: int) -> Shape:
    hour, minute = n % 12 + 1, n % 49 + 10
    return _text(
        f"{hour}:{minute}",
        {"time_same": f"{hour}:{minute}"},
        {"time_other": f"{hour}:{minute + 1}"},
    )


def _zero(n: int) -> Shape:
    return Shape(
        "0",
        {"zero_decimal": "0.0"},
        {"zero_equation": f"x - {n} = 0", "zero_quadratic": f"x^2 - {n}x = 0"},
    )


def _tiny(n: int) -> Shape:
    value = Decimal(n).scaleb(-9)
    coefficient, exponent = scientific(value)
    digits = in_digits(coefficient)
    output = json.dumps(float(value))
    return Shape(
        output,
        {
            "tiny_same": output,
            "tiny_latex": rf"{digits} \times 10^{{{exponent}}}",
            "tiny_decimal": in_digits(value),
        },
        {
            "tiny_exponent": rf"{digits} \times 10^{{{exponent - 1}}}",
            "tiny_coefficient": rf"{in_digits(coefficient + 1)} \times 10^{{{exponent}}}",
            "tiny_zero": "0",
        },
    )


def _float(n: int) -> Shape:
    top = 7 * n + 1
    value = top / 7
    return Shape(
        json.dumps(value),
        {
            "float_rounded": f"{value:.6f}",
            "float_fraction": rf"\frac{{{top}}}{{7}}",
        },
        {"float_digit": f"{value + 0.001:.6f}"},
    )


def _large(n: int) -> Shape:
    value = n * 10**20 + 7
    return Shape(
        str(value),
        {"large_grouped": f"{value:,}"},
        {"large_last_digit": str(value + 1), "large_rounded": rf"{n} \times 10^{{20}}"},
    )


def _matrix(n: int) -> Shape:
    a, b, c, d = n, n + 1, n + 4, n + 9

    def latex(*cells: int) -> str:
        return r"\begin{{pmatrix}} {} & {} \\ {} & {} \end{{pmatrix}}".format(*cells)

    return Shape(
        json.dumps([[a, b], [c, d]]),
        {"matrix_latex": latex(a, b, c, d)},
        {"matrix_cell": latex(a, b, c + 1, d), "matrix_transposed": latex(a, c, b, d)},
    )


def _object(n: int) -> Shape:
    output = json.dumps({"a": n, "b": n + 1})
    return Shape(
        output,
        {"object_same": output},
        {
            "object_value": json.dumps({"a": n, "b": n + 2}),
            "object_key": json.dumps({"a": n, "c": n + 1}),
        },
    )


_SHAPES: tuple[Callable[[int], Shape], ...] = (
    _fraction, _mixed, _list, _set, _interval, _relation, _unit, _rate, _scale, _base, _subscript,
    _expression, _power, _root, _both_signs, _choice, _truth, _words, _time, _zero, _tiny, _float,
    _large, _matrix, _object,
)  # fmt: skip


def _statements() -> Iterator[tuple[str, Statement]]:
    for shape in _SHAPES:
        example = shape(2)
        for kind in (*example.right, *example.wrong):
            yield kind, _statement(shape, kind)


def _statement(shape: Callable[[int], Shape], kind: str) -> Statement:
    def statement(known: Known, _: Random) -> Stated | None:
        # 1 is left out: it is the coefficient that nobody writes.
        if not 1 < known.count < 10**6:
            return None
        made = shape(known.count)
        answer = (made.right | made.wrong)[kind]
        return Stated(answer, closing(answer), output=made.output)

    return statement


SHAPED: Mapping[str, Statement] = dict(_statements())
