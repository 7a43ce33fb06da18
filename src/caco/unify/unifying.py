"""Seeds become Code CoTs: converted, executed in the sandbox, compared with the known answer."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from caco.answers import answer_text
from caco.config.sandbox import Sandbox as Limits
from caco.config.section import Section
from caco.config.sources import AnyUnify, Unify
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.sandbox.in_order import execute
from caco.sandbox.protocol import Execution, Sandbox
from caco.unify.agreement import agrees
from caco.unify.conversion import NotConvertible
from caco.unify.distinct import Distinct
from caco.unify.equations import from_equations
from caco.unify.form import departs
from caco.unify.main_solution import drawing_program, finished_program


class UnifySpec(Section):
    """What the rule depends on."""

    unify: AnyUnify
    sandbox: Limits


@dataclass(frozen=True, slots=True)
class _Draft:
    """A converted seed, not yet executed."""

    seed: Seed
    program: str
    answer: str


@dataclass(frozen=True, slots=True)
class _Run:
    """A draft with what its execution gave."""

    draft: _Draft
    execution: Execution


def unify(seeds: Iterable[Seed], section: Unify, sandbox: Sandbox) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, its Code CoT or its rejection.

    Verdicts: `not_convertible`; `not_code_cot` (the program departs from the form); any outcome of
    the sandbox but `ok`, in a draw of inputs or in the run itself; `wrong_answer`; `duplicate` (the
    same program came from an earlier seed).
    """
    if section.converter == "main_solution":
        drafts = _drawn(seeds, sandbox)
    else:
        drafts = _drafted(seeds, _CONVERTERS[section.converter])
    distinct = Distinct()
    for run in _executed(drafts, sandbox):
        yield run if isinstance(run, Rejected) else _judged(run, section.converter, distinct)


def _own_program(seed: Seed) -> str:
    if seed.program is None:
        raise NotConvertible("the source gives no program")
    return seed.program


_CONVERTERS: dict[str, Callable[[Seed], str]] = {
    "program": _own_program,
    "equations": from_equations,
}


def _drafted(seeds: Iterable[Seed], convert: Callable[[Seed], str]) -> Iterator[_Draft | Rejected]:
    for seed in seeds:
        yield _draft(seed, partial(convert, seed), seed.answer)


def _draft(seed: Seed, convert: Callable[[], str], answer: str) -> _Draft | Rejected:
    try:
        program = convert()
    except NotConvertible as e:
        return reject(seed.seed_id, "not_convertible", str(e), seed)
    fault = departs(program)
    if fault is not None:
        return reject(seed.seed_id, "not_code_cot", fault, seed)
    return _Draft(seed, program, answer)


def _drawn(seeds: Iterable[Seed], sandbox: Sandbox) -> Iterator[_Draft | Rejected]:
    """Yields drafts whose inputs and answers a first run has drawn.

    The first runs are over before the second begin: a sandbox streams one batch at a time.
    """
    for run in list(_executed(_drawing(seeds), sandbox)):
        if isinstance(run, Rejected):
            yield run
            continue
        seed, drawn = run.draft.seed, run.execution
        if drawn.input is None or drawn.output is None:
            yield _failed(run, "while its inputs were drawn: ")
        else:
            finish = partial(finished_program, seed, drawn.input)
            yield _draft(seed, finish, answer_text(drawn.output))


def _drawing(seeds: Iterable[Seed]) -> Iterator[_Draft | Rejected]:
    for seed in seeds:
        try:
            yield _Draft(seed, drawing_program(seed), "")
        except NotConvertible as e:
            yield reject(seed.seed_id, "not_convertible", str(e), seed)


def _executed(drafts: Iterable[_Draft | Rejected], sandbox: Sandbox) -> Iterator[_Run | Rejected]:
    """Executes the drafts; the order is theirs, whatever the sandbox takes ahead."""
    passed: list[Rejected] = []  # since the last draft

    def programs() -> Iterator[tuple[tuple[list[Rejected], _Draft], str]]:
        for draft in drafts:
            if isinstance(draft, Rejected):
                passed.append(draft)
            else:
                yield (passed.copy(), draft), draft.program
                passed.clear()

    for (before, draft), execution in execute(sandbox, programs()):
        yield from before
        yield _Run(draft, execution)
    yield from passed


def _failed(run: _Run, when: str = "") -> Rejected:
    seed, execution = run.draft.seed, run.execution
    return reject(seed.seed_id, str(execution.outcome), when + execution.detail, seed)


def _judged(run: _Run, converter: str, distinct: Distinct) -> CodeCoT | Rejected:
    draft, execution = run.draft, run.execution
    seed = draft.seed
    if execution.input is None or execution.output is None:
        return _failed(run)
    if not agrees(execution.output, draft.answer):
        reason = f"the program gives {execution.output[:200]}, the answer is {draft.answer[:200]}"
        return reject(seed.seed_id, "wrong_answer", reason, seed)
    return distinct.code_cot(seed, draft.program, execution.input, execution.output, converter)
