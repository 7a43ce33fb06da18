"""The kinds of planted answers that the grader gets wrong, each with the reason.

A test fails when the grader no longer errs on one of them: its line is then removed.
"""

ERRS: dict[str, str] = {}
