"""Conversion of seeds to Code CoTs by the source's converter."""

from collections.abc import Iterable, Iterator

from caco.config.checks import ProgramRules, Unifying
from caco.config.section import Section, load_implementation
from caco.config.sources import AnyUnify, Unify
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox


class UnifySpec(Section):
    """The settings that the rule `unify` depends on."""

    unify: AnyUnify
    checks: Unifying


def unify(
    seeds: Iterable[Seed], section: Unify, rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, its Code CoT or its rejection.

    Verdicts: `not_convertible`; of the converter `equations` also `ambiguous`,
    `unexplained_constant` and `no_stated_number`; `not_code_cot` (the program violates the form);
    any outcome of the sandbox but `ok`, in the draw of inputs or in the run itself; `wrong_answer`;
    a rule of `verify` on text or result; `unanalysable` (the converter or a rule cannot handle the
    seed); `duplicate` (an earlier seed has the same program). The script `unify.py` adds
    `held_out`.

    Args:
        seeds: The source's seeds.
        section: The section that selects the converter.
        rules: The rules on text and result.
        sandbox: Executes the programs.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    converter = load_implementation(section)
    rows: Iterator[CodeCoT | Rejected] = converter.code_cots(seeds, rules, sandbox)
    return rows
