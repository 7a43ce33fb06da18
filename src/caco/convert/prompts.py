"""The converter's prompt: one Jinja file, which also shows what was wrong with an earlier draft."""

from pathlib import Path

from caco.prompt import Prompt
from caco.rows.attempt import Attempt
from caco.rows.seed import Seed
from caco.seeds.marks import without_marks

CONVERT = Prompt(Path(__file__).parent / "convert.j2")


def convert_prompt(seed: Seed, earlier: Attempt | None) -> str:
    """Returns the user turn that asks for a seed's program.

    Args:
        seed: The seed. Its worked solution is shown where it has one; its bare answer never is,
            for a program that writes the answer down would pass.
        earlier: What the model drafted before, if anything.
    """
    return CONVERT.render(
        problem=seed.problem,
        solution=without_marks(seed.solution or ""),
        program=earlier.program.rstrip() if earlier else "",
        fault=earlier.reason.rstrip(".") if earlier else "",
    )
