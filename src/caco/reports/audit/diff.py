"""What differs between two runs: settings, code and inputs, then the stages that they changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caco.reports.audit.diff_causes import Change, causes, changes
from caco.reports.audit.diff_results import funnel_lines, score_lines
from caco.reports.audit.diff_rows import Pair, file_lines, same_content
from caco.reports.audit.show import Answer
from caco.reports.run_files import Job, Run, outputs
from caco.reports.wording import counted
from caco.workflow.stages import BY_NAME, WITHOUT_ROWS

_FILES = 3  # files of a stage whose rows are compared in the output; all are counted


@dataclass(slots=True)
class Compared:
    """A rule of two runs.

    Attributes:
        rule: The rule.
        equal: Files that are equal in both, bit for bit.
        different: Files that differ.
        only: Files of one run alone.
        jobs: The jobs that both runs have.
        unfinished: Planned jobs without a record in one of the runs.
    """

    rule: str
    equal: list[str]
    different: list[str]
    only: list[str]
    jobs: list[Job]
    unfinished: int

    @property
    def differs(self) -> bool:
        """Whether an output differs, or is in one run alone."""
        return bool(self.different or self.only)


def diff(a: Run, b: Run) -> list[Answer]:
    """Returns what differs between two runs, finished or not.

    Args:
        a: The first run.
        b: The second run.

    Raises:
        UserError: A file that must be compared is missing or unreadable.
    """
    pair = Pair(a, b)
    found = changes(pair)
    compared = [_compare(pair, rule) for rule in BY_NAME if rule in a.planned or rule in b.planned]
    return [
        Answer("What changed?", [change.text for change in found] or ["nothing"]),
        Answer("Where does it first show?", [_first(compared)]),
        Answer("Which stages are equal, bit for bit?", _equal(compared, found)),
        Answer("How do the others differ, and why?", _different(pair, compared, found)),
        Answer("What did it do to the funnel?", funnel_lines(pair)),
        Answer("What did it do to the scores?", score_lines(pair)),
        Answer("What was not compared?", _not_compared(pair, compared)),
    ]


def _compare(pair: Pair, rule: str) -> Compared:
    """Compares the outputs of a rule by the digests in the records."""
    result = Compared(rule, [], [], [], [], 0)
    of_a, of_b = (dict.fromkeys(run.planned.get(rule, ())) for run in pair.runs)
    for identity in of_a | of_b:
        job = rule, identity
        if identity not in of_a or identity not in of_b:
            known = pair.a if identity in of_a else pair.b
            result.only += outputs(known.records[job]) if job in known.records else ()
            continue
        if any(job not in run.records for run in pair.runs):
            result.unfinished += 1
            continue
        result.jobs.append(job)
        first, second = (outputs(run.records[job]) for run in pair.runs)
        for name in dict.fromkeys((*first, *second)):
            if name not in first or name not in second:
                result.only.append(name)
            elif same_content(pair, name, first[name], second[name]):
                result.equal.append(name)
            else:
                result.different.append(name)
    return result


def _first(compared: Iterable[Compared]) -> str:
    for rule in compared:
        if rule.differs and rule.rule not in WITHOUT_ROWS:
            names = rule.different or rule.only
            return f"{rule.rule}: {', '.join(names[:_FILES])}{_more(len(names) - _FILES)}"
    return "nowhere: every output that both runs have is equal, by the digests in the records"


def _equal(compared: Iterable[Compared], found: Sequence[Change]) -> list[str]:
    lines = []
    for rule in compared:
        if rule.equal and not rule.differs:
            own = [change for change in found if rule.rule in change.rules and change.decides]
            note = f", although it changed: {own[0].text}" if own else ""
            lines.append(f"{rule.rule}: {counted(len(rule.equal), 'file')}{note}")
    return lines or ["none"]


def _different(pair: Pair, compared: Sequence[Compared], found: Sequence[Change]) -> list[str]:
    lines: list[str] = []
    differing = {name: rule.rule for rule in compared for name in (*rule.different, *rule.only)}
    for rule in compared:
        if not rule.differs:
            continue
        total = len(rule.equal) + len(rule.different) + len(rule.only)
        verb = "differs" if total == 1 else "differ"
        alone = f", {len(rule.only):,} in one run alone" if rule.only else ""
        lines.append(
            f"{rule.rule}: {len(rule.different):,} of {counted(total, 'file')} {verb}{alone}"
        )
        lines += [
            f"  why: {why}" for why in causes(pair, rule.jobs, rule.different, differing, found)
        ]
        for name in rule.different[:_FILES]:
            lines += [f"  {line}" for line in file_lines(pair, name)]
        if more := _more(len(rule.different) - _FILES):
            lines.append(f"  {more.removeprefix(', ')}")
    return lines or ["none"]


def _not_compared(pair: Pair, compared: Iterable[Compared]) -> list[str]:
    lines = [line for run in pair.runs for line in run.torn.values()]
    for rule in compared:
        if rule.unfinished:
            lacking = [
                f"{run.folder} lacks {n:,}"
                for run in pair.runs
                if (n := sum(job[0] == rule.rule for job in run.missing()))
            ]
            lines.append(
                f"{rule.rule}: {counted(rule.unfinished, 'job')} without a record "
                f"({'; '.join(lacking)}): not finished, or the record is lost"
            )
    unknown = dict.fromkeys(r for run in pair.runs for r in run.planned if r not in BY_NAME)
    lines += [f"{rule}: only another version of the workflow has this rule" for rule in unknown]
    lines = lines or ["no job: both runs are finished"]
    return [*lines, "files with their records: `python scripts/audit.py verify RUN` does"]


def _more(number: int) -> str:
    return f", and {number:,} more" if number > 0 else ""
