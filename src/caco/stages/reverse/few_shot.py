"""Few-shot prompting: examples from the seeds' own pairs before a request."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from caco.config.generation import Redrafting, Write
from caco.errors import UserError
from caco.identity import digest, request_seed
from caco.rows.code_cot import CodeCoT
from caco.rows.seed import Seed
from caco.text.prompts import Prompt

EXAMPLES = Prompt(Path(__file__).parent / "examples.j2")
# Code CoTs whose pairs are in memory; every prompt draws its examples from them.
_POOL = 2_000


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt as in a request, with the reply that the seeds have for it.

    Attributes:
        program_id: The program that it comes from.
        prompt: The prompt.
        reply: The reply.
    """

    program_id: str
    prompt: str
    reply: str


def pool(
    code_cots: Iterable[CodeCoT], seeds: Iterable[Seed], seed: int
) -> Iterator[tuple[CodeCoT, Seed]]:
    """Yields a random part of the Code CoTs, of bounded size, each with its seed.

    Args:
        code_cots: The accepted Code CoTs.
        seeds: Their seeds, in any order, and others.
        seed: Seed of the draw.
    """
    drawn = heapq.nsmallest(_POOL, code_cots, key=lambda row: digest(str(seed), row.program_id))
    wanted = {row.seed_id for row in drawn}
    found = {row.seed_id: row for row in seeds if row.seed_id in wanted}
    return ((row, found[row.seed_id]) for row in drawn)


class FewShot:
    """The examples that stand before each prompt of a step."""

    def __init__(
        self, examples: Sequence[Example], count: int, seed: int, key: str, same: bool = False
    ) -> None:
        """Stores the examples to draw from.

        Args:
            examples: All examples.
            count: Examples in each prompt; 0 for none.
            seed: Seed of every draw.
            key: The config key of `count`, for the error message.
            same: Whether every request has the same examples.

        Raises:
            UserError: There are too few examples.
        """
        # A request never gets its own program as an example, so one more is needed.
        if count and len(examples) <= count:
            raise UserError(
                f"`{key}` is {count}, and the Code CoTs of the sources make {len(examples)} "
                f"examples; lower it to at most {max(0, len(examples) - 1)}, or add seeds"
            )
        self._examples, self._count, self._seed, self._same = examples, count, seed, same

    def digest_of(self, template: Prompt) -> str:
        """Returns the digest of a template with the template of the examples, if there are any."""
        return digest(template.digest, EXAMPLES.digest) if self._count else template.digest

    def digest_of_turns(self, template: Prompt) -> str:
        """Returns the digest of a template whose examples are turns, if there are any."""
        return digest(template.digest, "turns") if self._count else template.digest

    def before(self, prompt: str, name: str, program_id: str) -> str:
        """Returns a prompt with its examples before it.

        Args:
            prompt: The prompt.
            name: Name of the request, which determines the draw.
            program_id: The program of the request, which is not among its examples.
        """
        if not self._count:
            return prompt
        return EXAMPLES.render(examples=self._drawn(name, program_id), prompt=prompt)

    def turns(self, prompt: str, name: str, program_id: str) -> list[str]:
        """Returns turns of user and assistant, alternately: those of the examples, then a prompt.

        Args:
            prompt: As in `before`.
            name: As in `before`.
            program_id: As in `before`.
        """
        drawn = self._drawn(name, program_id) if self._count else ()
        return [text for example in drawn for text in (example.prompt, example.reply)] + [prompt]

    def _drawn(self, name: str, program_id: str) -> list[Example]:
        draw = Random(request_seed(self._seed, "examples", "" if self._same else name))
        drawn = draw.sample(self._examples, self._count + 1)
        return [example for example in drawn if example.program_id != program_id][: self._count]


ZERO_SHOT = FewShot((), 0, 0, "")


def few_shot_of(
    section: Write | Redrafting,
    key: str,
    code_cots: Iterable[CodeCoT],
    seeds: Iterable[Seed],
    example: Callable[[CodeCoT, Seed], Example | None],
) -> FewShot:
    """Returns the examples of a step's prompts, as its section asks for them.

    Args:
        section: The settings of the step.
        key: As in `FewShot`.
        code_cots: As in `pool`.
        seeds: As in `pool`.
        example: Returns the example of a pair, or None where the pair makes none.

    Raises:
        UserError: There are too few examples.
    """
    base = section.sampling.seed
    made = (example(row, seed) for row, seed in pool(code_cots, seeds, base))
    examples = [one for one in made if one is not None]
    return FewShot(examples, section.examples, base, key, section.same_examples)
