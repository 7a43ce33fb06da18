"""The converter `program`: the source's program, which has the Code CoT form already."""

from collections.abc import Iterable, Iterator

from caco.config.checks import ProgramRules
from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.unify.code_cots import convert_seeds, executed_code_cots
from caco.stages.unify.not_convertible import NotConvertible


def code_cots(
    seeds: Iterable[Seed], rules: ProgramRules, sandbox: Sandbox
) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    return executed_code_cots(convert_seeds(seeds, _source_program), "program", rules, sandbox)


def _source_program(seed: Seed) -> str:
    if seed.program is None:
        raise NotConvertible("the source has no program")
    return seed.program
