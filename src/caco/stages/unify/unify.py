"""Conversion of seeds to Code CoTs by the source's converter."""

from collections.abc import Iterable, Iterator

from caco.config.checks import SandboxLimits
from caco.config.section import Section, load_implementation
from caco.config.sources import AnyUnify, Unify
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox


class UnifySpec(Section):
    """The settings that the rule `unify` depends on."""

    unify: AnyUnify
    sandbox: SandboxLimits


def unify(seeds: Iterable[Seed], section: Unify, sandbox: Sandbox) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, its Code CoT or its rejection.

    Verdicts: `not_convertible`; `not_code_cot` (the program violates the form); any outcome of the
    sandbox but `ok`, in the draw of inputs or in the run itself; `wrong_answer`; `duplicate` (an
    earlier seed has the same program).

    Args:
        seeds: The source's seeds.
        section: The section that selects the converter.
        sandbox: Executes the programs.

    Raises:
        SandboxUnavailable: The sandbox failed.
    """
    rows: Iterator[CodeCoT | Rejected] = load_implementation(section).code_cots(seeds, sandbox)
    return rows
