"""The converter `equations`: the worked solution becomes a program."""

from collections.abc import Iterable, Iterator

from caco.config.checks import ProgramRules
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.unify.code_cots import convert_seeds, executed_code_cots
from caco.stages.unify.solution_program import from_equations


def code_cots(
    seeds: Iterable[Seed], rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    return executed_code_cots(convert_seeds(seeds, from_equations), "equations", rules, sandbox)
