"""Scores: accuracy of each model with intervals, and the student against each other model."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from caco.errors import UserError
from caco.grading.intervals import mean_share
from caco.grading.paired import holm, paired_interval, sign_flip_p
from caco.rows.graded import CORRECT, UNDECIDED, Graded
from caco.rows.table import read_all
from caco.runtime.checksums import read_checked, write_checked

BASE, STUDENT = "base", "student"
MAX_OPEN_CASES = 100
"""Open cases that are listed for each benchmark and model; all are counted."""


@dataclass(frozen=True, slots=True)
class PassAt:
    """The probability that at least one of `k` answers to a problem is correct, as a mean.

    Attributes:
        k: Number of answers.
        value: The mean of the unbiased estimates over the problems.
        low, high: Its 95% interval (see `caco.grading.intervals.mean_share`).
    """

    k: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one model on one benchmark.

    Attributes:
        benchmark, model: The benchmark and the model.
        n: Number of problems.
        samples: Answers to each problem.
        correct: Correct answers.
        sound: Of these, answers that state nothing false about numbers.
        accuracy: Fraction of the answers that are correct: pass@1.
        low, high: 95% interval of the accuracy (see `caco.grading.intervals.mean_share`).
        pass_at: pass@k for the powers of two above 1 and up to `samples`, and for `samples`.
        verdicts: Number of answers by verdict of the grader.
        second_correct: Answers that the second grader finds correct.
        disagreements: Answers that exactly one of the two graders finds correct.
        published: The accuracy that others have published for a student of the same base; None for
            none, for every other model, and in files of older versions.
    """

    benchmark: str
    model: str
    n: int
    samples: int
    correct: int
    sound: int
    accuracy: float
    low: float
    high: float
    pass_at: list[PassAt]
    verdicts: dict[str, int]
    second_correct: int
    disagreements: int
    published: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Student minus another model on the same problems.

    Attributes:
        benchmark: The benchmark.
        other: The other model: `base`, or the name of an ablation.
        n: Number of problems, the same for both.
        student_better, other_better: Problems that this model answers correctly more often. With
            one answer to a problem: that only this model solves.
        equal: Problems that both answer correctly equally often.
        difference: Accuracy of the student minus that of the other model.
        low, high: 95% interval of the difference (see `caco.grading.paired.paired_interval`).
        p: Exact two-sided p-value of the paired sign-flip test; with one answer to a problem it is
            McNemar's.
        p_holm: `p` with Holm's correction for the number of benchmarks; each other model is a
            question of its own, so that ablations do not change the comparison with the base.
    """

    benchmark: str
    other: str
    n: int
    student_better: int
    other_better: int
    equal: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float


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
        differences: One for each other model, the base first, and each benchmark that both it and
            the student answered.
        open_cases: The first `MAX_OPEN_CASES` of each benchmark and model.
    """

    scores: list[Score]
    differences: list[Difference]
    open_cases: list[OpenCase]


@dataclass(slots=True)
class _Tally:
    """Grades of one model on one benchmark.

    Attributes:
        verdicts: Number of answers by verdict.
        sound, second_correct, disagreements: See `Score`.
        open_cases: See `Scores`.
        samples: Highest number of answers to a problem.
        right: Number of correct answers to each problem, by its id and occurrence.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    sound: int = 0
    second_correct: int = 0
    disagreements: int = 0
    open_cases: list[OpenCase] = field(default_factory=list)
    samples: int = 0
    right: Counter[tuple[str, int]] = field(default_factory=Counter)
    _occurrences: Counter[tuple[str, int]] = field(default_factory=Counter)

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
        self.samples = max(self.samples, row.sample + 1)
        answer = row.problem_id, row.sample
        self.right[row.problem_id, self._occurrences[answer]] += row.verdict == CORRECT
        self._occurrences[answer] += 1


def write_scores(graded: list[Path], path: Path, published: Mapping[str, float]) -> None:
    """Reads graded answers and writes scores and differences as JSON.

    Args:
        graded: Files of `Graded` rows of every model and benchmark.
        path: The JSON file to write.
        published: Published accuracies of the student, by benchmark.

    Raises:
        UserError: No file has an answer, or two models answered different problems.
    """
    scores = compare(read_all(graded, Graded), published)
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
        scores = [
            Score(**score | {"pass_at": [PassAt(**p) for p in score["pass_at"]]})
            for score in raw["scores"]
        ]
        differences = [Difference(**difference) for difference in raw["differences"]]
        return Scores(scores, differences, [OpenCase(**case) for case in raw["open_cases"]])
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the rule that makes it") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a file of scores; delete it and run again") from None


def scores_text(scores: Scores) -> str:
    """Returns the scores as plain text: a line for each model, then the differences."""
    lines = [
        f"{s.benchmark}, {s.model}: {s.correct:,} of {s.n * s.samples:,} right, {s.accuracy:.1%} "
        f"({100 * s.low:.1f} to {100 * s.high:.1f}); {s.sound:,} of these without a false statement"
        + "".join(
            f"; pass@{p.k} {p.value:.1%} ({100 * p.low:.1f} to {100 * p.high:.1f})"
            for p in s.pass_at
        )
        + ("" if s.published is None else f"; published {s.published:.1%}")
        for s in scores.scores
    ]
    several = len({d.benchmark for d in scores.differences}) > 1
    lines += [
        f"{d.benchmark}, student minus {d.other}: {100 * d.difference:+.1f} points "
        f"({100 * d.low:+.1f} to {100 * d.high:+.1f}), p = {d.p:.2g}"
        + (f", {d.p_holm:.2g} by Holm" if several else "")
        for d in scores.differences
    ]
    return "\n".join(lines) + "\n"


def compare(rows: Iterable[Graded], published: Mapping[str, float]) -> Scores:
    """Returns the scores of every model and benchmark, and student minus each other model.

    Args:
        rows: The graded answers.
        published: Published accuracies of the student, by benchmark.

    Raises:
        UserError: Two models answered different problems.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    for row in rows:
        tallies.setdefault((row.benchmark, row.model), _Tally()).add(row)
    scores = [
        _score(name, model, tallies[name, model], published.get(name) if model == STUDENT else None)
        for name, model in sorted(tallies)
    ]
    others = {model for _, model in tallies} - {STUDENT}
    differences = [
        difference
        for other in sorted(others, key=lambda model: (model != BASE, model))
        for difference in _differences(other, tallies)
    ]
    open_cases = [case for key in sorted(tallies) for case in tallies[key].open_cases]
    return Scores(scores, differences, open_cases)


def _differences(other: str, tallies: Mapping[tuple[str, str], _Tally]) -> list[Difference]:
    """Returns student minus another model, by benchmark."""
    by_problem = {
        name: _paired((name, other), tally, tallies[name, STUDENT])
        for (name, model), tally in sorted(tallies.items())
        if model == other and (name, STUDENT) in tallies
    }
    p_values = [sign_flip_p(found) for found in by_problem.values()]
    return [
        _difference((name, other), found, tallies[name, STUDENT], p, corrected)
        for (name, found), p, corrected in zip(
            by_problem.items(), p_values, holm(p_values), strict=True
        )
    ]


def _score(benchmark: str, model: str, tally: _Tally, published: float | None) -> Score:
    n, samples, correct = len(tally.right), tally.samples, tally.verdicts[CORRECT]
    low, high = mean_share([right / samples for right in tally.right.values()], samples == 1)
    verdicts = dict(sorted(tally.verdicts.items()))
    return Score(
        benchmark, model, n, samples, correct, tally.sound, correct / (n * samples), low, high,
        _passes(list(tally.right.values()), samples), verdicts, tally.second_correct,
        tally.disagreements, published,
    )  # fmt: skip


def _passes(right: list[int], samples: int) -> list[PassAt]:
    """Returns pass@k of a benchmark for each k above 1 that is shown.

    Args:
        right: Number of correct answers to each problem.
        samples: Answers to each problem.
    """
    found = []
    for k in sorted({2**i for i in range(1, samples.bit_length())} | {samples} - {1}):
        shares = [pass_at_k(samples, correct, k) for correct in right]
        low, high = mean_share(shares, k == samples)
        found.append(PassAt(k, sum(shares) / len(shares), low, high))
    return found


def pass_at_k(answers: int, correct: int, k: int) -> float:
    """Returns the unbiased estimate of the probability that one of `k` answers is correct.

    The fraction of the sets of `k` of the answers that contain a correct one (M. Chen et al.,
    "Evaluating Large Language Models Trained on Code", arXiv 2107.03374, 2021, equation 1).

    Args:
        answers: Answers to a problem.
        correct: Those that are correct.
        k: At most `answers`.
    """
    return 1 - math.comb(answers - correct, k) / math.comb(answers, k)


def _paired(names: tuple[str, str], other: _Tally, student: _Tally) -> list[int]:
    """Returns, for each problem, correct answers of the student minus those of the other model.

    Args:
        names: The benchmark and the other model.
        other: The grades of the other model.
        student: The grades of the student.
    """
    benchmark, model = names
    if other.right.keys() != student.right.keys():
        only = other.right.keys() ^ student.right.keys()
        raise UserError(
            f"benchmark {benchmark}: {model} and student answered different problems ({len(only)} "
            "problems were answered by only one); delete both graded files and run again"
        )
    if other.samples != student.samples:
        raise UserError(
            f"benchmark {benchmark}: the {model} has {other.samples} answers to a problem, the "
            f"student {student.samples}; delete both graded files and run again"
        )
    return [right - other.right[problem] for problem, right in student.right.items()]


def _difference(
    names: tuple[str, str], by_problem: list[int], student: _Tally, p: float, p_holm: float
) -> Difference:
    n, samples = len(by_problem), student.samples
    better, worse = sum(d > 0 for d in by_problem), sum(d < 0 for d in by_problem)
    low, high = paired_interval(by_problem, samples, student.verdicts[CORRECT])
    return Difference(
        *names, n, better, worse, n - better - worse, sum(by_problem) / (n * samples), low, high,
        p, p_holm,
    )  # fmt: skip
