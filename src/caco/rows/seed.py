"""Seeds: problems with known answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seed:
    """A problem with a known answer, from a source outside the workflow.

    Attributes:
        seed_id: Digest of source, problem and answer.
        source: Name of the source in the config.
        domain: `math` or `algorithm`.
        problem: The question, without instructions on the format of the answer.
        solution: A worked solution in words, or None where the source has none.
        program: The source's Python program for the problem, or None.
        answer: The known answer as text: a number, or JSON for structured values.
        licence: SPDX expression of the source's licence, or `unknown`.
        absolute_error: How far an answer may be from the known one: one number, or one for each of
            several known answers, with commas; None if the known answer is exact.
    """

    seed_id: str
    source: str
    domain: str
    problem: str
    solution: str | None
    program: str | None
    answer: str
    licence: str
    absolute_error: str | None = None
