"""Seeds become Code CoTs: converted, executed in the sandbox, compared with the known answer."""

from collections.abc import Iterable, Iterator

from caco.config.checks import SandboxLimits
from caco.config.section import Section, load_implementation
from caco.config.sources import AnyUnify, Unify
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox


class UnifySpec(Section):
    """What the rule depends on."""

    unify: AnyUnify
    sandbox: SandboxLimits


def unify(seeds: Iterable[Seed], section: Unify, sandbox: Sandbox) -> Iterator[CodeCoT | Rejected]:
    """Yields, for every seed, its Code CoT or its rejection.

    Verdicts: `not_convertible`; `not_code_cot` (the program departs from the form); any outcome of
    the sandbox but `ok`, in a draw of inputs or in the run itself; `wrong_answer`; `duplicate` (the
    same program came from an earlier seed).
    """
    made: Iterator[CodeCoT | Rejected] = load_implementation(section).code_cots(seeds, sandbox)
    return made
