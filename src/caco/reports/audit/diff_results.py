"""What a change did to funnel and scores of a run, and whether that is more than chance."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from caco.errors import UserError
from caco.grading.intervals import wilson
from caco.grading.paired import holm, paired_interval, sign_flip_p
from caco.reports.audit.diff_rows import Pair
from caco.reports.run_files import Run, inputs, outputs
from caco.rows.graded import CORRECT
from caco.rows.table import read_columns
from caco.runtime.provenance import Counts
from caco.workflow.stages import BY_NAME, ROW_STAGES

_LEVEL = 0.05
_CHANCE = "within chance", "larger than chance"


def funnel_lines(pair: Pair) -> list[str]:
    """Returns the row counts of each stage, side by side, with the share of accepted rows.

    In the interval of the difference of two shares, rows count as independent.
    """
    lines = []
    for rule in ROW_STAGES:
        first, second = (_counts(run, rule) for run in pair.runs)
        if first is None or second is None:
            if (first or second) is not None:
                lines.append(f"{rule}: only in {(pair.a if first else pair.b).folder}")
            continue
        if first == second:
            lines.append(f"{rule}: {first.rows_in:,} in, {first.accepted:,} accepted, in both")
            continue
        lines.append(
            f"{rule}: {first.rows_in:,} -> {second.rows_in:,} in, {first.accepted:,} -> "
            f"{second.accepted:,} accepted{_share(pair, rule, first, second)}"
        )
        for verdict in dict.fromkeys((*first.rejected, *second.rejected)):
            old, new = first.rejected.get(verdict, 0), second.rejected.get(verdict, 0)
            if old != new:
                lines.append(f"  {verdict}: {old:,} -> {new:,}")
    return lines or ["no stage has run in both"]


def _counts(run: Run, rule: str) -> Counts | None:
    """Returns the row counts of a rule; None where no job of it has run."""
    found = Counts()
    ran = False
    for (name, _), values in run.records.items():
        if name == rule and (rows := values["rows"]) is not None:
            ran = True
            found.add(Counts(rows["in"], rows["accepted"], rows["rejected"]))
    return found if ran else None


def _share(pair: Pair, rule: str, first: Counts, second: Counts) -> str:
    if not first.rows_in or not second.rows_in or not BY_NAME[rule].follows:
        return ""
    p, q = first.accepted / first.rows_in, second.accepted / second.rows_in
    if p == q:
        return f" ({p:.1%} in both)"
    text = f" ({p:.1%} -> {q:.1%}"
    if _same_inputs(pair, rule):
        return f"{text}; the same rows entered, so the change decided it and not chance)"
    low, high = independent_interval(
        (second.accepted, second.rows_in), (first.accepted, first.rows_in)
    )
    larger = low > 0 or high < 0
    return f"{text}, {_points(q - p, low, high)}: {_CHANCE[larger]})"


def independent_interval(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    """Returns the 95% interval of the difference of two proportions of independent trials.

    Newcombe's hybrid score interval (R. G. Newcombe, "Interval estimation for the difference
    between independent proportions", Statistics in Medicine 17, 1998, method 10).

    Args:
        first: Successes and trials of the proportion from which the other is subtracted.
        second: Successes and trials of the other.
    """
    p, q = first[0] / first[1], second[0] / second[1]
    l1, u1 = wilson(*first)
    l2, u2 = wilson(*second)
    return p - q - math.hypot(p - l1, u2 - q), p - q + math.hypot(u1 - p, q - l2)


def _same_inputs(pair: Pair, rule: str) -> bool:
    jobs = [{job for job in run.records if job[0] == rule} for run in pair.runs]
    return jobs[0] == jobs[1] and all(
        inputs(pair.a.records[job]) == inputs(pair.b.records[job]) for job in jobs[0]
    )


@dataclass(frozen=True, slots=True)
class _Tested:
    """A model's answers in two runs to the problems that both have.

    Attributes:
        name: Benchmark and model.
        differences: For each problem, right answers of the second run minus those of the first.
        answers: Answers to each problem.
        right: Right answers of the first run and of the second.
        alone: Problems of one run alone.
    """

    name: str
    differences: list[int]
    answers: int
    right: tuple[int, int]
    alone: int


def score_lines(pair: Pair) -> list[str]:
    """Returns the difference of the scores of each model on each benchmark.

    The test is the paired one of `caco.grading.paired`, on the problems that both runs have, with
    Holm's correction for all models and benchmarks whose grades differ.
    """
    lines, alone, tested = [], [], []
    for job in pair.a.records:
        if job[0] != "grade":
            continue
        name = _of_model(job[1])
        if job not in pair.b.records:
            alone.append(f"{name}: only in {pair.a.folder}")
            continue
        grades = [outputs(run.records[job]) for run in pair.runs]
        if grades[0] == grades[1]:
            lines.append(f"{name}: every grade is equal, bit for bit")
            continue
        if not all(grades):
            lines.append(f"{name}: not compared: a record has no file of grades")
            continue
        try:
            files = [read_columns(run.path(next(iter(g))), ("problem_id", "sample", "verdict"))
                     for run, g in zip(pair.runs, grades, strict=True)]  # fmt: skip
        except UserError as error:
            lines.append(f"{name}: not compared: {error}")
            continue
        tested.append(_paired(name, *(_right(file.to_pylist()) for file in files)))
    alone += [
        f"{_of_model(job[1])}: only in {pair.b.folder}"
        for job in pair.b.records
        if job[0] == "grade" and job not in pair.a.records
    ]
    return [*lines, *_test(tested), *alone] or ["no model was graded in both"]


def _of_model(identity: str) -> str:
    model, _, benchmark = identity.partition("-")
    return f"{benchmark} of {model}"


_Grades = dict[tuple[str, int], dict[int, bool]]  # by problem and occurrence; right by sample


def _right(rows: Sequence[dict[str, object]]) -> _Grades:
    found: _Grades = {}
    seen: Counter[tuple[object, object]] = Counter()
    for row in rows:
        answer = row["problem_id"], row["sample"]
        by_sample = found.setdefault((str(answer[0]), seen[answer]), {})
        by_sample[int(str(answer[1]))] = row["verdict"] == CORRECT
        seen[answer] += 1
    return found


def _paired(name: str, first: _Grades, second: _Grades) -> _Tested:
    """Returns the answers that both runs have to the same problems; of more answers the first."""
    common = [problem for problem in first if problem in second]
    answers = min((len(g[p]) for g in (first, second) for p in common), default=0)
    right = [
        [sum(grades[p].get(n, False) for n in range(answers)) for p in common]
        for grades in (first, second)
    ]
    return _Tested(
        name,
        [new - old for old, new in zip(*right, strict=True)],
        answers,
        (sum(right[0]), sum(right[1])),
        len(first) + len(second) - 2 * len(common),
    )


def _test(tested: Sequence[_Tested]) -> list[str]:
    comparable = [one for one in tested if one.differences and one.answers]
    p_values = [sign_flip_p(one.differences) for one in comparable]
    lines = [f"{one.name}: no problem is in both" for one in tested if one not in comparable]
    for one, p, corrected in zip(comparable, p_values, holm(p_values), strict=True):
        n = len(one.differences) * one.answers
        low, high = paired_interval(one.differences, one.answers, one.right[1])
        difference = _points((one.right[1] - one.right[0]) / n, low, high)
        by_holm = f", {corrected:.2g} by Holm" if len(comparable) > 1 else ""
        alone = f"; {one.alone:,} problems are in one run alone" if one.alone else ""
        lines.append(
            f"{one.name}: {one.right[0]:,} -> {one.right[1]:,} of {n:,} right, {difference}, "
            f"p = {p:.2g}{by_holm}: {_CHANCE[corrected < _LEVEL]}{alone}"
        )
    return lines


def _points(difference: float, low: float, high: float) -> str:
    return f"{100 * difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
