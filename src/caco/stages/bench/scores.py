"""Scores: what each model got right, how sure that is, and what the student gained."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from caco.errors import UserError
from caco.grading.intervals import wilson
from caco.rows.graded import Graded
from caco.rows.table import read_rows
from caco.runtime.atomic_files import write_text

BASE, STUDENT = "base", "student"
CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class Score:
    """A model on a benchmark.

    Attributes:
        benchmark, model: Which.
        n: Problems asked.
        correct: Problems answered correctly.
        accuracy: Share answered correctly: pass@1.
        low, high: Wilson's 95% interval of the accuracy.
        verdicts: Problems by the grade's verdict.
    """

    benchmark: str
    model: str
    n: int
    correct: int
    accuracy: float
    low: float
    high: float
    verdicts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """Student minus base on the same problems.

    Attributes:
        benchmark: Which.
        n: Problems that both answered.
        both, only_student, only_base, neither: Problems by who was right.
        difference: Accuracy of the student minus the base's.
        low, high: 95% interval of the difference (see `paired_interval`).
        p: McNemar's exact two-sided p-value.
    """

    benchmark: str
    n: int
    both: int
    only_student: int
    only_base: int
    neither: int
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of a run.

    Attributes:
        scores: By benchmark and model.
        differences: By benchmark, where both base and student answered.
    """

    scores: list[Score]
    differences: list[Difference]


@dataclass(slots=True)
class _Tally:
    """Grades of one model on one benchmark: all verdicts, and which problems were right."""

    verdicts: Counter[str] = field(default_factory=Counter)
    right: dict[tuple[str, int], bool] = field(default_factory=dict)
    _asked: Counter[str] = field(default_factory=Counter)

    def add(self, row: Graded) -> None:
        """Counts a row; a problem that a benchmark holds twice is two problems, in order."""
        self.verdicts[row.verdict] += 1
        self.right[row.problem_id, self._asked[row.problem_id]] = row.verdict == CORRECT
        self._asked[row.problem_id] += 1


def write_scores(graded: list[Path], path: Path) -> None:
    """Reads graded answers and writes scores and differences as JSON.

    Args:
        graded: `Graded` rows of every model and benchmark.
        path: Where to.

    Raises:
        UserError: Base and student were asked different problems.
    """
    scores = compare(row for file in graded for row in read_rows(file, Graded))
    write_text(path, json.dumps(asdict(scores), indent=1) + "\n")


def read_scores(path: Path) -> Scores:
    """Reads what `write_scores` wrote.

    Raises:
        UserError: The file is absent or holds something else.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        scores = [Score(**score) for score in raw["scores"]]
        return Scores(scores, [Difference(**difference) for difference in raw["differences"]])
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a file of scores; delete it and run again") from None


def compare(rows: Iterable[Graded]) -> Scores:
    """Returns the scores of every model and benchmark, and student minus base by benchmark.

    Raises:
        UserError: Base and student were asked different problems.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    for row in rows:
        tallies.setdefault((row.benchmark, row.model), _Tally()).add(row)
    scores = [_score(name, model, tallies[name, model]) for name, model in sorted(tallies)]
    differences = [
        _difference(name, tallies[name, BASE], tallies[name, STUDENT])
        for name in sorted({name for name, _ in tallies})
        if (name, BASE) in tallies and (name, STUDENT) in tallies
    ]
    return Scores(scores, differences)


def _score(benchmark: str, model: str, tally: _Tally) -> Score:
    n, correct = tally.verdicts.total(), tally.verdicts[CORRECT]
    low, high = wilson(correct, n)
    verdicts = dict(sorted(tally.verdicts.items()))
    return Score(benchmark, model, n, correct, correct / n, low, high, verdicts)


def _difference(benchmark: str, base: _Tally, student: _Tally) -> Difference:
    if base.right.keys() != student.right.keys():
        only = base.right.keys() ^ student.right.keys()
        raise UserError(
            f"benchmark {benchmark}: base and student were asked different problems ({len(only)} "
            "were put to one of them only); delete both graded files and run again"
        )
    table = Counter((right, base.right[problem]) for problem, right in student.right.items())
    both, neither = table[True, True], table[False, False]
    gained, lost = table[True, False], table[False, True]
    n = both + gained + lost + neither
    low, high = paired_interval(both, gained, lost, neither)
    return Difference(
        benchmark, n, both, gained, lost, neither, (gained - lost) / n, low, high,
        mcnemar(gained, lost),
    )  # fmt: skip


def mcnemar(gained: int, lost: int) -> float:
    """Returns McNemar's exact two-sided p-value.

    If the models were equally good, each problem that only one of them solves would be a toss of a
    fair coin: the p-value is the chance of a split at least as uneven as `gained` to `lost`.
    """
    n = gained + lost
    tail = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail / 2**n))


def paired_interval(both: int, gained: int, lost: int, neither: int) -> tuple[float, float]:
    """Returns the 95% interval of a difference of two shares of the same n problems.

    Newcombe's hybrid score interval for paired shares ("Improved confidence intervals for the
    difference between binomial proportions based on paired data", Statistics in Medicine 17,
    1998, method 10). Unlike the normal approximation it stays within [-1, 1] and has a width where
    nobody disagrees.

    Args:
        both: Problems that both solve.
        gained: Problems that only the first (the student) solves.
        lost: Problems that only the second (the base) solves.
        neither: Problems that neither solves.
    """
    n = both + gained + lost + neither
    p1, p2 = (both + gained) / n, (both + lost) / n
    l1, u1 = wilson(both + gained, n)
    l2, u2 = wilson(both + lost, n)
    phi = _phi(both, gained, lost, neither)
    below = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    above = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    difference = p1 - p2
    low, high = difference - math.sqrt(max(0.0, below)), difference + math.sqrt(max(0.0, above))
    return max(-1.0, low), min(1.0, high)


def _phi(both: int, gained: int, lost: int, neither: int) -> float:
    """Returns the correlation of the two models' answers, with Newcombe's continuity correction."""
    sums = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if sums == 0:
        return 0.0
    product = float(both * neither - gained * lost)
    if product > 0:
        product = max(product - (both + gained + lost + neither) / 2, 0.0)
    return product / math.sqrt(sums)
