"""Attempts: a model's drafts, executed in the sandbox and compared with the known answers."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from caco.answers.compare import compare_program
from caco.config.checks import ProgramRules
from caco.rows.draft import Attempt, Draft
from caco.rows.rejected import ACCEPTED
from caco.sandbox.protocol import Execution, Sandbox, execute_in_order
from caco.stages.unify.code_cots import (
    form_violation,
    rule_violation,
    windows,
    with_second_runs,
)
from caco.stages.verify.rules import Violation, analysed
from caco.text.program_reply import program_in

# The reason of a violation that further runs show: the next prompt has it, and must not reveal the
# output, which is the known answer.
_AGAIN = (
    "another run of the program, or one from the value of `input` that is recorded where it is "
    "assigned, does not give the same result"
)


def attempt_drafts(
    drafts: Iterable[Draft], answers: Mapping[str, str], rules: ProgramRules, sandbox: Sandbox
) -> Iterator[Attempt]:
    """Yields an attempt for each draft, in order.

    Programs without the Code CoT form are executed too: that costs one fork each, and keeps drafts
    and executions aligned.

    Args:
        drafts: Replies of the converter.
        answers: Known answers by seed id.
        rules: The rules on text and result.
        sandbox: Executes the programs.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    for window in windows(drafts):
        texts = [program_in(draft.reply) for draft in window]
        runs = [run for _, run in execute_in_order(sandbox, ((None, text) for text in texts))]
        first = [
            analysed(partial(_violation, draft, text, run, answers[draft.seed_id], rules))
            for draft, text, run in zip(window, texts, runs, strict=True)
        ]
        executed = list(zip(texts, runs, strict=True))
        violations = with_second_runs(first, executed, rules, sandbox)
        for draft, (text, run), violation, before in zip(
            window, executed, violations, first, strict=True
        ):
            reason = violation.reason if violation else ""
            yield Attempt(
                seed_id=draft.seed_id,
                candidate=draft.candidate,
                prompt=draft.prompt,
                model=draft.model,
                program=text,
                verdict=violation.verdict if violation else ACCEPTED,
                reason=_AGAIN if violation is not before else reason,
                input=run.input,
                output=run.output,
            )


def _violation(
    draft: Draft, program: str, execution: Execution, answer: str, rules: ProgramRules
) -> Violation | None:
    """Returns why an attempt is not accepted, or None; the reason does not reveal the answer."""
    if draft.finish_reason != "stop":
        return Violation("truncated", f"the reply did not end within {draft.tokens} tokens")
    if not program:
        return Violation("no_program", "the reply holds no program")
    if fault := form_violation(program):
        return Violation("not_code_cot", fault)
    if execution.input is None or execution.output is None:
        reason = execution.detail or "it ended without a result"
        return Violation(str(execution.outcome), reason)
    if compare_program(execution.output, answer).outcome != "equal":
        reason = f"it gives {execution.output[:200]}, which is not the known answer"
        return Violation("wrong_answer", reason)
    return rule_violation(program, execution, rules)
