"""Questions: the writer turns a verified program and its execution into a problem in words."""

import re
from collections.abc import Callable, Iterable, Iterator

from caco.config.generation import Write
from caco.engines.in_order import complete
from caco.engines.protocol import Completion, Engine, Request, request
from caco.identity import digest, request_seed
from caco.progress import Progress
from caco.reverse.prompts import question_prompt, template_digest
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.verified import Verified

# What only a program says: a fence, a definition, the dict of inputs, an assignment of the result.
_CODE = re.compile(
    r"```|^\s*(?:def|import|from|class|return)\s+\w|\bprint\(|\binput\s*[\[=]|^\s*output\s*=",
    re.MULTILINE,
)


def write_questions(
    rows: Iterable[Verified],
    engine: Engine,
    frame: Callable[[str], str],
    section: Write,
    model: str,
    progress: Progress | None = None,
) -> Iterator[Question | Rejected]:
    """Yields a question or a rejection for each program, in order.

    Verdicts: `truncated` (no end token within the limit), `empty`, `echoes_code` (the writer
    copied program text instead of writing a problem).

    Args:
        rows: Verified programs.
        engine: Runs the writer.
        frame: Puts a user's text into the writer's chat template.
        section: How the writer samples.
        model: Digest of the writer's manifest.
        progress: Told of each finished completion.
    """

    def asked() -> Iterator[tuple[Verified, Request]]:
        for row in rows:
            prompt = frame(question_prompt(row.program, row.input, row.output))
            seed = request_seed(section.sampling.seed, "question", row.sample_id)
            yield row, request(row.sample_id, prompt, seed, section.sampling)

    for row, completion in complete(engine, asked(), progress):
        yield _outcome(row, completion, section, model)


def _outcome(
    row: Verified, completion: Completion, section: Write, model: str
) -> Question | Rejected:
    text = completion.text.strip()
    if completion.finish_reason != "stop":
        why = f"no end after {completion.tokens} tokens: {text[-80:]!r}"
        return reject(row.sample_id, "truncated", why, row)
    if not text:
        return reject(row.sample_id, "empty", "the writer wrote nothing", row)
    if code := _CODE.search(text):
        why = f"holds program text ({code.group().strip()!r}): {text[:200]!r}"
        return reject(row.sample_id, "echoes_code", why, row)
    template = template_digest("question")
    seed = request_seed(section.sampling.seed, "question", row.sample_id)
    return Question(
        question_id=digest(row.sample_id, template, model, str(seed), text),
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
    )
