"""The second grader: math-verify, which extracts and compares answers in its own way.

It shares no code with `caco.answers`. Where the two disagree, a person should look.
"""

import logging
import re
from multiprocessing.connection import Connection
from typing import Any

from caco.grading.grader import Grader
from caco.grading.worker import Reply, Request, answer_requests
from caco.text.tolerances import absolute_errors


def second_grader(timeout_s: float) -> Grader:
    """Returns a grader for solutions that is independent of the first one.

    Args:
        timeout_s: Wall seconds for one solution.
    """
    return Grader(timeout_s, _serve)


def _serve(pipe: Connection) -> None:
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    import math_verify  # noqa: F401  (outside the first solution's time limit)

    answer_requests(pipe, _graded)


def _graded(request: Request) -> Reply:
    """Returns math-verify's grade of a solution.

    math-verify's own time limits are off: they use SIGALRM, and some inputs run on past it.
    """
    from math_verify import parse, verify

    expected = parse(f"${request.known}$", parsing_timeout=None)
    parsed = parse(request.text, parsing_timeout=None)
    if not parsed:
        return "no_answer", "", ""
    # The order matters: verify(gold, target) accepts variations of the target, not of the gold.
    equal = verify(expected, parsed, timeout_seconds=None)
    relative = request.tolerance if re.search("[.e]", request.known) else 0.0
    errors = absolute_errors(request.absolute_error)
    absolute = float(errors[0]) if len(errors) == 1 else 0.0
    if not equal and (relative or absolute):
        equal = _within(expected[0], parsed[0], relative, absolute)
    return "correct" if equal else "wrong", str(parsed[-1])[:200], ""


def _within(expected: Any, parsed: Any, relative: float, absolute: float) -> bool:
    try:
        known, found = float(expected), float(parsed)
    except (TypeError, ValueError, OverflowError):  # a list, a text, an expression
        return False
    rounding = 1e-12 * abs(known)  # 4.2 + 0.1 in double precision
    return abs(found - known) <= relative * abs(known) + absolute + (rounding if absolute else 0)
