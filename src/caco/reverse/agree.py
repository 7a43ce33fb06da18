"""The judging model: can the problem be solved, and is the solution's logic the program's?

The paper's second verification. It comes after the checks of `caco.reverse.judge`, reads what they
let through and loosens none of them: what an exact comparison decides is not left to a model.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from caco.config.generation import Agree
from caco.engines.in_order import complete
from caco.engines.protocol import Completion, Engine, Request, request
from caco.identity import request_seed
from caco.progress import Progress
from caco.reverse.agreement.prompt import AGREE, agree_prompt, read_judgement
from caco.rows.rejected import Rejected, reject
from caco.rows.solution import Solution

_SHOWN = 300  # characters of a reply's end that a reason quotes


def agree_solutions(
    rows: Iterable[Solution],
    engine: Engine,
    frame: Callable[[str], str],
    section: Agree,
    model: str,
    progress: Progress | None = None,
) -> Iterator[Solution | Rejected]:
    """Yields each row with the judge's digests in it, or its rejection, in order.

    Verdicts: `truncated` (no end token within the limit), `no_judgement` (the reply cannot be
    read), `unsolvable` (the problem has not exactly one answer as stated), `disagrees` (the
    solution's logic is not the program's).

    Args:
        rows: Questions with solutions; their question ids differ.
        engine: Runs the judge.
        frame: Puts a user's text into the judge's chat template.
        section: How the judge samples.
        model: Digest of the judge's manifest.
        progress: Told of each finished completion.
    """

    def asked() -> Iterator[tuple[Solution, Request]]:
        for row in rows:
            seed = request_seed(section.sampling.seed, "agree", row.question_id)
            yield row, request(row.question_id, frame(agree_prompt(row)), seed, section.sampling)

    for row, completion in complete(engine, asked(), progress):
        verdict, reason = _verdict(completion)
        if verdict:
            yield reject(row.question_id, verdict, reason, row)
        else:
            yield replace(row, agree_model=model, agree_prompt=AGREE.digest)


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
        return "disagrees", f"the judge says that the logic is not the program's: {end!r}"
    return "", ""
