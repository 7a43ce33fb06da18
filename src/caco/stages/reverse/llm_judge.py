"""The LLM judge: is the question solvable, and is the solution's logic that of the program?

This is the paper's second verification. It follows the checks of `caco.stages.reverse.judge` and
reads only the rows that they accept: no model decides what an exact comparison can decide.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from caco.config.generation import LlmJudge
from caco.engines.protocol import Completion, GeneratingModel, Request, complete_in_order, request
from caco.identity import request_seed
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution
from caco.runtime.progress import Progress
from caco.text.prompts import Prompt

LLM_JUDGE = Prompt(Path(__file__).parent / "llm_judge.j2")

# Models format labels in bold and lines as lists. A line with any other text is no judgement.
_LABELLED = r"^[ \t*]*(?:-|\d[.)])?[ \t*]*{label}[ \t*]*:[ \t*]*(yes|no)[ \t*.]*$"
_SOLVABLE, _SAME_LOGIC = (
    re.compile(_LABELLED.format(label=label), re.IGNORECASE | re.MULTILINE)
    for label in ("Solvable", "Same logic")
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of a row.

    Attributes:
        solvable: Whether the problem as stated has exactly one answer.
        same_logic: Whether the solution's logic is that of the program.
    """

    solvable: bool
    same_logic: bool


def llm_judge_prompt(row: Solution) -> str:
    """Returns the user turn that requests a judgement of a row.

    The instructions come first, as a common prefix of all rows for engines with prefix caching.
    """
    return LLM_JUDGE.render(
        question=row.question,
        solution=row.solution,
        program=row.program,
        input=row.input,
        output=row.output,
    )


def read_judgement(reply: str) -> Judgement | None:
    """Returns the judgement in a reply, or None where it lacks one of the two lines.

    The last occurrence of each line counts, since a judge may discuss both answers first.
    """
    solvable, same_logic = _SOLVABLE.findall(reply), _SAME_LOGIC.findall(reply)
    if not solvable or not same_logic:
        return None
    return Judgement(solvable[-1].lower() == "yes", same_logic[-1].lower() == "yes")


_SHOWN = 300  # characters of the end of a reply that a reason quotes


def llm_judge_solutions(
    rows: Iterable[Solution],
    model: GeneratingModel,
    section: LlmJudge,
    progress: Progress | None = None,
) -> Iterator[Solution | Rejected]:
    """Yields each row with the digests of the judge, or its rejection, in order.

    Verdicts: `truncated` (no end token within the limit), `no_judgement` (the reply holds no
    judgement), `unsolvable` (the problem as stated does not have exactly one answer),
    `different_logic` (the solution's logic is not that of the program).

    Args:
        rows: Questions with solutions; their row ids are distinct.
        model: The judge.
        section: The sampling settings of the judge.
        progress: Advances with each completion.
    """

    def requests() -> Iterator[tuple[Solution, Request]]:
        for row in rows:
            seed = request_seed(section.sampling.seed, "llm_judge", row.row_id)
            prompt = model.frame(llm_judge_prompt(row))
            yield row, request(row.row_id, prompt, seed, section.sampling)

    for row, completion in complete_in_order(model.engine, requests(), progress, model.keep):
        verdict, reason = _verdict(completion)
        if verdict:
            yield reject(row.row_id, verdict, reason, row)
        else:
            yield replace(row, llm_judge_model=model.digest, llm_judge_prompt=LLM_JUDGE.digest)


def _verdict(completion: Completion) -> tuple[str, str]:
    """Returns the verdict and its reason, or two empty strings for an accepted row."""
    end = completion.text.strip()[-_SHOWN:]
    if completion.finish_reason != "stop":
        return "truncated", f"no end token after {completion.tokens} tokens: {end!r}"
    judgement = read_judgement(completion.text)
    if judgement is None:
        return "no_judgement", f"the reply lacks one of the two lines: {end!r}"
    if not judgement.solvable:
        return "unsolvable", f"not solvable as stated, according to the judge: {end!r}"
    if not judgement.same_logic:
        return (
            "different_logic",
            f"the logic is not that of the program, according to the judge: {end!r}",
        )
    return "", ""
