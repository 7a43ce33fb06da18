"""Families of programs, and those whose accepted answers are all the same.

The programs of a family are equal but for their `input`, so their outputs differ. The judge accepts
a row if the solution's answer is the program's output. A solver that gives one answer to every
question of a family therefore has rows accepted: those whose output happens to be that answer.
Their questions and answers are right and their solutions are not worked out. One row does not show
it; the accepted rows of a family do, because their answers do not vary. Decision 0038 has the
argument.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import comb

from caco.identity import digest
from caco.rows.solution import Solution
from caco.rows.verified import Verified
from caco.syntax import family_id
from caco.text.answers import answer_text

_SHOWN = 10  # families of which the data card shows the acceptance


@dataclass(slots=True)
class Family:
    """The counts of a family.

    Attributes:
        accepted: Number of its programs with an accepted row.
        answer: Digest of their answer; None if they have several.
        outputs: Number of its verified programs by the digest of their output.
    """

    accepted: int = 0
    answer: bytes | None = None
    outputs: Counter[bytes] = field(default_factory=Counter)

    @property
    def verified(self) -> int:
        """Number of its verified programs."""
        return self.outputs.total()

    @property
    def chance(self) -> float:
        """The probability that as many programs, drawn at random, all have the same output."""
        draws = self.accepted
        if draws > self.verified:
            return 1.0
        same = sum(comb(programs, draws) for programs in self.outputs.values())
        return same / comb(self.verified, draws)


@dataclass(frozen=True, slots=True)
class Families:
    """The families of a run's accepted rows.

    Attributes:
        constant: Identities of those whose accepted answers are all the same although the outputs
            of their programs vary.
        largest: The families with the most accepted programs, largest first, with their identities.
    """

    constant: Collection[bytes]
    largest: list[tuple[bytes, Family]]


def family_key(program: str) -> bytes:
    """Returns a 16-byte identity of a program's family, which is small enough for memory."""
    return bytes.fromhex(family_id(program))


def families(judged: Iterable[Solution], verified: Iterable[Verified], chance: float) -> Families:
    """Returns the families of accepted rows.

    Rows of one program count once. The verified programs are read for the families with one answer
    and for the largest ones only.

    Args:
        judged: The accepted rows of every shard.
        verified: The verified programs of every shard, accepted later or not.
        chance: A family with one answer is constant if an honest solver, whose success does not
            depend on the output, would have it with at most this probability.
    """
    found = _accepted(judged)
    largest = sorted(found, key=lambda key: (-found[key].accepted, key))[:_SHOWN]
    one_answer = {key for key, family in found.items() if family.answer and family.accepted > 1}
    _count_outputs(found, one_answer.union(largest), verified)
    constant = frozenset(key for key in one_answer if found[key].chance <= chance)
    return Families(constant, [(key, found[key]) for key in largest])


def _accepted(judged: Iterable[Solution]) -> dict[bytes, Family]:
    found: dict[bytes, Family] = {}
    programs: set[bytes] = set()
    for row in judged:
        if (program := _digest(row.program_id)) in programs:
            continue
        programs.add(program)
        answer = _digest(answer_text(row.output))
        family = found.setdefault(family_key(row.program), Family(answer=answer))
        family.accepted += 1
        if family.answer != answer:
            family.answer = None
    return found


def _count_outputs(
    found: dict[bytes, Family], wanted: Collection[bytes], verified: Iterable[Verified]
) -> None:
    """Counts the outputs of the verified programs of the wanted families."""
    programs: set[bytes] = set()
    for row in verified if wanted else ():
        key = family_key(row.program)
        if key in wanted and (program := _digest(row.program_id)) not in programs:
            programs.add(program)
            found[key].outputs[_digest(answer_text(row.output))] += 1


def _digest(text: str) -> bytes:
    return bytes.fromhex(digest(text))
