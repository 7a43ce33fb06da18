"""Questions: the writer translates a verified program and its execution into a problem."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from caco.config.generation import Prompting, WriteQuestions
from caco.engines.protocol import Completion, GeneratingModel, Request, complete_in_order, request
from caco.identity import digest, request_seed
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.rows.verified import Verified
from caco.runtime.progress import Progress
from caco.stages.reverse.detailed_question import DETAILED_QUESTION, detailed_question
from caco.stages.reverse.few_shot import ZERO_SHOT, Example, FewShot, few_shot_of
from caco.stages.reverse.no_question import no_question
from caco.stages.reverse.question_prompt import QUESTION, STYLED_QUESTION, question_prompt
from caco.text.thoughts import without_thoughts

# Text that only a program contains: a fence, a definition, the dict `input`, an assignment to
# `output`.
_CODE = re.compile(
    r"```|^\s*(?:def|import|from|class|return)\s+\w|\bprint\(|\binput\s*[\[=]|^\s*output\s*=",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Variant:
    """One requested question.

    Attributes:
        row: The program.
        number: Number of the question among the program's questions, from 0.
        style: The requested context or style, or None.
        name: Its request id. That of the first question is the sample id, so that more variants do
            not change the first.
        seed: Seed of the request.
    """

    row: Verified
    number: int
    style: str | None
    name: str
    seed: int


def write_questions(
    rows: Iterable[Verified],
    model: GeneratingModel,
    section: WriteQuestions,
    progress: Progress | None = None,
    few_shot: FewShot = ZERO_SHOT,
) -> Iterator[Question | Rejected]:
    """Yields a question or a rejection for each variant of each program, in order.

    The writer's thoughts are no part of a question. Verdicts: `truncated` (no end token within the
    limit), `empty`, `only_thoughts`, `echoes_code` (the writer copied program text instead of
    writing a problem), `not_a_question` (see `caco.stages.reverse.no_question`).

    Args:
        rows: Verified programs.
        model: The writer.
        section: The sampling settings, the number of variants and the styles.
        progress: Advances with each completion.
        few_shot: The examples before each prompt.
    """

    def requests() -> Iterator[tuple[_Variant, Request]]:
        for row in rows:
            for variant in _variants(row, section):
                framed = _framed(variant, section.prompt, model, few_shot)
                yield variant, request(variant.name, framed, variant.seed, section.sampling)

    for variant, completion in complete_in_order(model.engine, requests(), progress, model.keep):
        template = _template(variant, section.prompt, few_shot)
        yield _outcome(variant, completion, template, model.digest)


def question_example(row: CodeCoT, seed: Seed, prompting: Prompting = "short") -> Example:
    """Returns the example of a Code CoT and its seed, for a kind of prompt."""
    if prompting == "detailed":
        prompt = detailed_question(row.program, row.input)
    else:
        prompt = question_prompt(row.program, row.input, row.output)
    return Example(row.program_id, prompt, seed.problem.strip())


def question_few_shot(
    section: WriteQuestions, code_cots: Iterable[CodeCoT], seeds: Iterable[Seed]
) -> FewShot:
    """Returns the examples of the prompts, as the section asks for them.

    Raises:
        UserError: There are too few Code CoTs.
    """
    return few_shot_of(
        section,
        "reverse.question.examples",
        code_cots,
        seeds,
        partial(question_example, prompting=section.prompt),
    )


def _framed(
    variant: _Variant, prompting: Prompting, model: GeneratingModel, few_shot: FewShot
) -> str:
    """Returns the prompt of a request, with its examples."""
    row, name = variant.row, variant.name
    if prompting == "detailed":
        prompt = detailed_question(row.program, row.input, variant.style)
        return model.converse(few_shot.turns(prompt, name, row.program_id))
    prompt = question_prompt(row.program, row.input, row.output, variant.style)
    return model.frame(few_shot.before(prompt, name, row.program_id))


def _template(variant: _Variant, prompting: Prompting, few_shot: FewShot) -> str:
    """Returns the digest of the template of a request."""
    if prompting == "detailed":
        return few_shot.digest_of_turns(DETAILED_QUESTION)
    return few_shot.digest_of(QUESTION if variant.style is None else STYLED_QUESTION)


def _variants(row: Verified, section: WriteQuestions) -> Iterator[_Variant]:
    """Yields the variants of one program: the first style is drawn, the others follow in order."""
    seed, styles = section.sampling.seed, section.styles
    first = request_seed(seed, "style", row.sample_id)
    for number in range(section.variants):
        name = f"{row.sample_id}.{number}" if number else row.sample_id
        style = styles[(first + number) % len(styles)] if styles else None
        yield _Variant(row, number, style, name, request_seed(seed, "question", name))


def _outcome(
    variant: _Variant, completion: Completion, template: str, model: str
) -> Question | Rejected:
    reply, row = completion.text.strip(), variant.row
    if completion.finish_reason != "stop":
        why = f"no end token after {completion.tokens} tokens: {reply[-80:]!r}"
        return reject(variant.name, "truncated", why, row)
    if not reply:
        return reject(variant.name, "empty", "the completion is empty", row)
    text = without_thoughts(reply)
    if not text:
        why = f"nothing follows the writer's thoughts: {reply[-80:]!r}"
        return reject(variant.name, "only_thoughts", why, row)
    if code := _CODE.search(text):
        why = f"contains program text ({code.group().strip()!r}): {text[:200]!r}"
        return reject(variant.name, "echoes_code", why, row)
    if found := no_question(text):
        return reject(variant.name, "not_a_question", found, row)
    return Question(
        question_id=digest(row.sample_id, template, model, str(variant.seed), text),
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
        variant=variant.number,
        style=variant.style,
    )
