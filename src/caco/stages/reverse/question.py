"""Questions: the writer turns a verified program and its execution into a problem in words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caco.config.generation import WriteQuestions
from caco.engines.protocol import Completion, GeneratingModel, Request, complete_in_order, request
from caco.identity import digest, request_seed
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.verified import Verified
from caco.runtime.progress import Progress
from caco.stages.reverse.prompts import QUESTION, STYLED_QUESTION, question_prompt

# What only a program says: a fence, a definition, the dict of inputs, an assignment of the result.
_CODE = re.compile(
    r"```|^\s*(?:def|import|from|class|return)\s+\w|\bprint\(|\binput\s*[\[=]|^\s*output\s*=",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question that is asked for.

    Attributes:
        row: The program.
        variant: Which of the program's questions, from 0.
        style: Its context or style, or None.
        name: Names it in the stage: the sample for the first, so that asking for more variants
            leaves the first as it was.
        seed: Seed of the request.
    """

    row: Verified
    variant: int
    style: str | None
    name: str
    seed: int


def write_questions(
    rows: Iterable[Verified],
    model: GeneratingModel,
    section: WriteQuestions,
    progress: Progress | None = None,
) -> Iterator[Question | Rejected]:
    """Yields a question or a rejection for each variant of each program, in order.

    Verdicts: `truncated` (no end token within the limit), `empty`, `echoes_code` (the writer
    copied program text instead of writing a problem).

    Args:
        rows: Verified programs.
        model: The writer.
        section: How the writer samples, how many variants and styles there are.
        progress: Told of each finished completion.
    """

    def requests() -> Iterator[tuple[_Asked, Request]]:
        for row in rows:
            for asked in _variants(row, section):
                text = question_prompt(row.program, row.input, row.output, asked.style)
                yield asked, request(asked.name, model.frame(text), asked.seed, section.sampling)

    for asked, completion in complete_in_order(model.engine, requests(), progress):
        yield _outcome(asked, completion, model.digest)


def _variants(row: Verified, section: WriteQuestions) -> Iterator[_Asked]:
    """Yields what is asked for one program: from a drawn style on, each variant takes the next."""
    seed, styles = section.sampling.seed, section.styles
    first = request_seed(seed, "style", row.sample_id)
    for variant in range(section.variants):
        name = f"{row.sample_id}.{variant}" if variant else row.sample_id
        style = styles[(first + variant) % len(styles)] if styles else None
        yield _Asked(row, variant, style, name, request_seed(seed, "question", name))


def _outcome(asked: _Asked, completion: Completion, model: str) -> Question | Rejected:
    text = completion.text.strip()
    row = asked.row
    if completion.finish_reason != "stop":
        why = f"no end after {completion.tokens} tokens: {text[-80:]!r}"
        return reject(asked.name, "truncated", why, row)
    if not text:
        return reject(asked.name, "empty", "the writer wrote nothing", row)
    if code := _CODE.search(text):
        why = f"holds program text ({code.group().strip()!r}): {text[:200]!r}"
        return reject(asked.name, "echoes_code", why, row)
    template = (QUESTION if asked.style is None else STYLED_QUESTION).digest
    return Question(
        question_id=digest(row.sample_id, template, model, str(asked.seed), text),
        sample_id=row.sample_id,
        program_id=row.program_id,
        shard=row.shard,
        program=row.program,
        codegen=row.codegen,
        input=row.input,
        output=row.output,
        question=text,
        question_prompt=template,
        question_model=model,
        variant=asked.variant,
        style=asked.style,
    )
