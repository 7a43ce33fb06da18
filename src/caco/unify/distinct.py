"""Code CoTs of one source, no two of which have the same program."""

from caco.rows.code_cot import CodeCoT
from caco.rows.rejected import Rejected, reject
from caco.rows.seed import Seed
from caco.syntax import program_id


class Distinct:
    """Makes Code CoTs, and remembers whose program each was."""

    def __init__(self) -> None:
        self._seed_of: dict[str, str] = {}

    def code_cot(
        self, seed: Seed, program: str, given: str, output: str, converter: str
    ) -> CodeCoT | Rejected:
        """Returns a seed's Code CoT, or a `duplicate` of an earlier seed's.

        Args:
            seed: The seed.
            program: Its program, executed and found right.
            given: The program's `input`, as JSON.
            output: Its `output`, as JSON.
            converter: What wrote the program.
        """
        name = program_id(program)
        if name in self._seed_of:
            reason = f"the program is that of the seed {self._seed_of[name]}"
            return reject(seed.seed_id, "duplicate", reason, seed)
        self._seed_of[name] = seed.seed_id
        return CodeCoT(
            program_id=name,
            seed_id=seed.seed_id,
            source=seed.source,
            program=program,
            converter=converter,
            input=given,
            output=output,
        )
