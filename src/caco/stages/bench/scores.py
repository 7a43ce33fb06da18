"""Scores: accuracy of each model with intervals, and the difference of student and base."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from caco.errors import UserError
from caco.grading.intervals import wilson
from caco.rows.graded import CORRECT, UNDECIDED, Graded
from caco.rows.table import read_rows
from caco.runtime.checksums import read_checked, write_checked

BASE, STUDENT = "base", "student"
MAX_OPEN_CASES = 100
"""Open cases that are listed for each benchmark and model; all are counted."""


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one model on one benchmark.

    Attributes:
        benchmark, model: The benchmark and the model.
        n: Number of problems.
        correct: Problems answered correctly.
        sound: Of these, problems whose reply states nothing false about numbers.
        accuracy: Fraction of problems answered correctly: pass@1.
        low, high: Wilson's 95% interval of the accuracy.
        verdicts: Number of problems by verdict of the grader.
        second_correct: Problems that the second grader finds correct.
        disagreements: Problems that exactly one of the two graders finds correct.
    """

    benchmark: str
    model: str
    n: int
    correct: int
    sound: int
    accuracy: float
    low: float
    high: float
    verdicts: dict[str, int]
    second_correct: int
    disagreements: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Student minus base on the same problems.

    Attributes:
        benchmark: The benchmark.
        n: Number of problems, the same for both.
        both, only_student, only_base, neither: Problems by which model is correct.
        difference: Accuracy of the student minus that of the base.
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
class OpenCase:
    """An answer that a person should look at: undecided, or the two graders disagree.

    Attributes:
        benchmark, model, problem_id: The answer.
        known: The known answer.
        stated: The answer that the model states.
        verdict, second_verdict: The verdicts of the two graders.
        reason: The reason of the first.
    """

    benchmark: str
    model: str
    problem_id: str
    known: str
    stated: str
    verdict: str
    second_verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of a run.

    Attributes:
        scores: One for each benchmark and model.
        differences: One for each benchmark that both base and student answered.
        open_cases: The first `MAX_OPEN_CASES` of each benchmark and model.
    """

    scores: list[Score]
    differences: list[Difference]
    open_cases: list[OpenCase]


@dataclass(slots=True)
class _Tally:
    """Grades of one model on one benchmark.

    Attributes:
        verdicts: Number of problems by verdict.
        sound, second_correct, disagreements: See `Score`.
        open_cases: See `Scores`.
        right: Whether each problem was answered correctly, by its id and occurrence.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    sound: int = 0
    second_correct: int = 0
    disagreements: int = 0
    open_cases: list[OpenCase] = field(default_factory=list)
    right: dict[tuple[str, int], bool] = field(default_factory=dict)
    _occurrences: Counter[str] = field(default_factory=Counter)

    def add(self, row: Graded) -> None:
        """Counts a row; a problem that occurs twice in a benchmark is two problems, in order."""
        self.verdicts[row.verdict] += 1
        self.sound += row.verdict == CORRECT and not row.false_statements
        self.second_correct += row.second_verdict == CORRECT
        disagree = (row.verdict == CORRECT) != (row.second_verdict == CORRECT)
        self.disagreements += disagree
        if (disagree or row.verdict == UNDECIDED) and len(self.open_cases) < MAX_OPEN_CASES:
            self.open_cases.append(
                OpenCase(
                    row.benchmark, row.model, row.problem_id, row.answer, row.stated[:200],
                    row.verdict, row.second_verdict, row.reason,
                )
            )  # fmt: skip
        self.right[row.problem_id, self._occurrences[row.problem_id]] = row.verdict == CORRECT
        self._occurrences[row.problem_id] += 1


def write_scores(graded: list[Path], path: Path) -> None:
    """Reads graded answers and writes scores and differences as JSON.

    Args:
        graded: Files of `Graded` rows of every model and benchmark.
        path: The JSON file to write.

    Raises:
        UserError: No file has an answer, or base and student answered different problems.
    """
    scores = compare(row for file in graded for row in read_rows(file, Graded))
    if not scores.scores:
        raise UserError(
            f"{', '.join(map(str, graded)) or 'no file'}: there is no graded answer, so there are "
            "no scores; see that the benchmarks have problems, then delete the files and run again"
        )
    write_checked(path, asdict(scores))


def read_scores(path: Path) -> Scores:
    """Reads a file that `write_scores` wrote.

    Raises:
        UserError: The file is missing or is not a file of scores.
    """
    try:
        raw = read_checked(path)
        scores = [Score(**score) for score in raw["scores"]]
        differences = [Difference(**difference) for difference in raw["differences"]]
        return Scores(scores, differences, [OpenCase(**case) for case in raw["open_cases"]])
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a file of scores; delete it and run again") from None


def scores_text(scores: Scores) -> str:
    """Returns the scores as plain text: a line for each model, then the differences."""
    lines = [
        f"{s.benchmark}, {s.model}: {s.correct:,} of {s.n:,} right, {s.accuracy:.1%} "
        f"({100 * s.low:.1f} to {100 * s.high:.1f}); {s.sound:,} of these without a false statement"
        for s in scores.scores
    ]
    lines += [
        f"{d.benchmark}, student minus base: {100 * d.difference:+.1f} points "
        f"({100 * d.low:+.1f} to {100 * d.high:+.1f}), McNemar's p = {d.p:.2g}"
        for d in scores.differences
    ]
    return "\n".join(lines) + "\n"


def compare(rows: Iterable[Graded]) -> Scores:
    """Returns the scores of every model and benchmark, and student minus base by benchmark.

    Raises:
        UserError: Base and student answered different problems.
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
    open_cases = [case for key in sorted(tallies) for case in tallies[key].open_cases]
    return Scores(scores, differences, open_cases)


def _score(benchmark: str, model: str, tally: _Tally) -> Score:
    n, correct = tally.verdicts.total(), tally.verdicts[CORRECT]
    low, high = wilson(correct, n)
    verdicts = dict(sorted(tally.verdicts.items()))
    return Score(
        benchmark, model, n, correct, tally.sound, correct / n, low, high, verdicts,
        tally.second_correct, tally.disagreements,
    )  # fmt: skip


def _difference(benchmark: str, base: _Tally, student: _Tally) -> Difference:
    if base.right.keys() != student.right.keys():
        only = base.right.keys() ^ student.right.keys()
        raise UserError(
            f"benchmark {benchmark}: base and student answered different problems ({len(only)} "
            "problems were answered by only one); delete both graded files and run again"
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

    Under the null hypothesis, each problem that exactly one model solves is solved by either with
    probability 1/2. The p-value is the probability of a split at least as uneven as `gained` to
    `lost`.

    Args:
        gained: Problems that only the student solves.
        lost: Problems that only the base solves.
    """
    n = gained + lost
    tail = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail / 2**n))


def paired_interval(both: int, gained: int, lost: int, neither: int) -> tuple[float, float]:
    """Returns the 95% interval of the difference of two proportions of the same problems.

    Newcombe's hybrid score interval for paired proportions (R. G. Newcombe, "Improved confidence
    intervals for the difference between binomial proportions based on paired data", Statistics in
    Medicine 17, 1998, method 10). Unlike the normal approximation, it stays within [-1, 1] and has
    a positive width where the models agree on every problem.

    Args:
        both: Problems that both solve.
        gained: Problems that only the first model (the student) solves.
        lost: Problems that only the second model (the base) solves.
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
    """Returns the phi coefficient of the models' results, with Newcombe's continuity correction."""
    sums = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if sums == 0:
        return 0.0
    product = float(both * neither - gained * lost)
    if product > 0:
        product = max(product - (both + gained + lost + neither) / 2, 0.0)
    return product / math.sqrt(sums)
