"""The converter `program`: the source's own program, already in the Code CoT form."""

from collections.abc import Iterable, Iterator

from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected
from caco.rows.seed import Seed
from caco.sandbox.protocol import Sandbox
from caco.stages.unify.code_cots import NotConvertible, converted, executed_code_cots


def code_cots(seeds: Iterable[Seed], sandbox: Sandbox) -> Iterator[CodeCoT | Rejected]:
    """Yields each seed's Code CoT or its rejection; see `caco.stages.unify.unify.unify`."""
    return executed_code_cots(converted(seeds, _own_program), "program", sandbox)


def _own_program(seed: Seed) -> str:
    if seed.program is None:
        raise NotConvertible("the source gives no program")
    return seed.program
