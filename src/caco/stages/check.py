"""The check of a solution's steps: its statements about numbers are computed.

A right final answer can follow from a false step. This stage computes what a solution states about
numbers, exactly and without a model (`caco.statements`), and looks for program text, which it
cannot compute. It follows the judges, reads the text alone and runs neither a grader nor a
program, so that a changed reader re-runs no other check.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from caco.config.generation import Check
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.statements.read import statements

_FENCED = re.compile(
    r"^[ \t]*(?P<fence>```|~~~)[ \t]*(?P<language>[\w+#-]*)[^\n]*\n(?P<body>.*?)"
    r"(?:^[ \t]*(?P=fence)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_NO_CODE = frozenset(
    {"text", "txt", "plain", "plaintext", "math", "latex", "tex", "markdown", "md"}
)
_PROGRAM = re.compile(
    r"^[ \t]*(?:def|import|from|class|for|while|return)\b|\bprint\(", re.MULTILINE
)


def check_solutions(
    rows: Iterable[Solution], section: Check, progress: Progress | None = None
) -> Iterator[Solution | Rejected]:
    """Yields each row with its counts of statements, or its rejection.

    Verdicts: `false_statement`, `code_block` (a fenced block of program text, which was not
    executed).

    Args:
        rows: Judged questions with solutions.
        section: What rejects a row.
        progress: Advances with each row.
    """
    for row in rows:
        found = statements(row.solution)
        false = [statement for statement in found if statement.holds is False]
        counted = replace(
            row,
            statements=len(found),
            checked_statements=sum(statement.holds is not None for statement in found),
            false_statements=len(false),
        )
        if false and section.false_statements:
            more = f"; {len(false) - 1} more" if len(false) > 1 else ""
            reason = f"`{false[0].text}` is false: {false[0].right}{more}"
            yield reject(row.row_id, "false_statement", reason, counted)
        elif section.code_blocks and (block := _code_block(row.solution)):
            reason = f"a block of code, which was not executed: {block[:200]!r}"
            yield reject(row.row_id, "code_block", reason, counted)
        else:
            yield counted
        if progress is not None:
            progress.add()


def _code_block(solution: str) -> str | None:
    """Returns a fenced block of program text or of its output, without line breaks."""
    for block in _FENCED.finditer(solution):
        language = block["language"].lower()
        if language not in _NO_CODE and (language or _PROGRAM.search(block["body"])):
            return " ".join(block.group().split())
    return None
