"""The LLM judge: is the question solvable, and is the solution's logic the program's?

The paper's second verification. It comes after the checks of `caco.stages.reverse.judge`, reads the
rows that they accept and loosens none of them: what an exact comparison decides is not left to a
model.
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

# Models put labels in bold, and lines in lists; anything else beside the label and the word is no
# judgement.
_LABELLED = r"^[ \t*]*(?:-|\d[.)])?[ \t*]*{label}[ \t*]*:[ \t*]*(yes|no)[ \t*.]*$"
_SOLVABLE, _SAME_LOGIC = (
    re.compile(_LABELLED.format(label=label), re.IGNORECASE | re.MULTILINE)
    for label in ("Solvable", "Same logic")
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge says of a row.

    Attributes:
        solvable: The problem can be solved as stated, with one answer.
        same_logic: The solution's logic is the program's.
    """

    solvable: bool
    same_logic: bool


def llm_judge_prompt(row: Solution) -> str:
    """Returns the user turn that asks for a judgement: the row, and what its program computed.

    What several rows share comes first: an engine with a cache of prefixes reads it once.
    """
    return LLM_JUDGE.render(
        question=row.question,
        solution=row.solution,
        program=row.program,
        input=row.input,
        output=row.output,
    )


def read_judgement(reply: str) -> Judgement | None:
    """Returns what a reply says, or None where it lacks one of the two lines.

    A judge may weigh both answers before it decides: of each line, the last one counts.
    """
    solvable, same_logic = _SOLVABLE.findall(reply), _SAME_LOGIC.findall(reply)
    if not solvable or not same_logic:
        return None
    return Judgement(solvable[-1].lower() == "yes", same_logic[-1].lower() == "yes")


_SHOWN = 300  # characters of a reply's end that a reason quotes


def llm_judge_solutions(
    rows: Iterable[Solution],
    model: GeneratingModel,
    section: LlmJudge,
    progress: Progress | None = None,
) -> Iterator[Solution | Rejected]:
    """Yields each row with the judge's digests in it, or its rejection, in order.

    Verdicts: `truncated` (no end token within the limit), `no_judgement` (the reply cannot be
    read), `unsolvable` (the problem has not exactly one answer as stated), `different_logic` (the
    solution's logic is not the program's).

    Args:
        rows: Questions with solutions; their question ids differ.
        model: The judge.
        section: How the judge samples.
        progress: Told of each finished completion.
    """

    def asked() -> Iterator[tuple[Solution, Request]]:
        for row in rows:
            seed = request_seed(section.sampling.seed, "llm_judge", row.question_id)
            yield (
                row,
                request(
                    row.question_id, model.frame(llm_judge_prompt(row)), seed, section.sampling
                ),
            )

    for row, completion in complete_in_order(model.engine, asked(), progress):
        verdict, reason = _verdict(completion)
        if verdict:
            yield reject(row.question_id, verdict, reason, row)
        else:
            yield replace(row, llm_judge_model=model.digest, llm_judge_prompt=LLM_JUDGE.digest)


def _verdict(completion: Completion) -> tuple[str, str]:
    """Returns the verdict with its reason, or two empty texts."""
    end = completion.text.strip()[-_SHOWN:]
    if completion.finish_reason != "stop":
        return "truncated", f"no end after {completion.tokens} tokens: {end!r}"
    judgement = read_judgement(completion.text)
    if judgement is None:
        return "no_judgement", f"lacks one of the two lines: {end!r}"
    if not judgement.solvable:
        return "unsolvable", f"the judge says that it cannot be solved as stated: {end!r}"
    if not judgement.same_logic:
        return "different_logic", f"the judge says that the logic is not the program's: {end!r}"
    return "", ""
