"""What depends on a seed, for a take-down: which rows have its text, which models learnt it.

A file of the run counts as dependent if a chain of jobs leads to it from the Code CoT of the seed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from caco.reports.audit.identities import Hit, Trace, rows_with, values
from caco.reports.audit.lineage import made, short
from caco.reports.records import trains
from caco.reports.run_files import Job, Run, inputs, outputs, row, tables
from caco.rows.table import count_rows, read_columns

# Folders whose rows are problems, or were made of one problem without a model that learnt it.
PROBLEMS = (
    "seeds", "drafts", "attempts", "code_cots", "calibration", "benchmarks", "answers", "bench",
)  # fmt: skip
_REJECTS_PROBLEMS = ("seeds", "unify", "bench_problems")
_SAMPLED = ("programs", "verified", "questions", "redrafts", "round_trips", "solutions",
            "judged", "llm_judged", "checked", "corpus", "export")  # fmt: skip
_COPIES = 5  # identities that are listed where there are more


def is_problem(hit: Hit) -> bool:
    """Tells whether a row is a problem or one of its Code CoTs, drafts, planted rows or answers."""
    if hit.folder == "rejected":
        return hit.job[0] in _REJECTS_PROBLEMS
    return hit.folder in PROBLEMS


def dependents(run: Run, seed_id: str, every: bool) -> Trace:
    """Traces a seed or a problem of a benchmark to everything that depends on it.

    Args:
        run: The run.
        seed_id: Its identity.
        every: Whether each row is listed that has its text.

    Raises:
        UserError: A file is missing or unreadable.
    """
    trace = Trace()
    hits = [hit for hit in rows_with(run, [seed_id]) if is_problem(hit)]
    code_cots = [hit for hit in hits if hit.folder == "code_cots"]
    programs = values(run, code_cots, "program_id")
    hits += _planted(run, hits, programs)
    _origin(run, seed_id, hits, trace)
    _removed(run, hits, every, trace)
    _copies(run, programs, every, trace)
    learnt = _reachable(run, {hit.name for hit in code_cots})
    _retrained(run, learnt, {hit.name for hit in code_cots}, trace)
    _made_again(run, learnt, trace)
    holders = {hit.name for hit in hits}
    own = {hit.job for hit in hits}
    read = {job for name in holders for job in run.read_by.get(name, [])} - set(learnt) - own
    for rule, jobs in _by_rule(run, read).items():
        trace.add("reads", f"{rule} reads a file with it, {_jobs(len(jobs))}")
    _named_by_rejections(run, seed_id, trace)
    return trace


def _planted(run: Run, hits: Iterable[Hit], programs: set[str]) -> list[Hit]:
    """Returns the rows of the calibration, but `hits`, that have a seed's text or its programs."""
    if not programs:
        return []
    known = {(hit.name, hit.index) for hit in hits}
    found = list(rows_with(run, programs, ("program_id",), folders=("calibration",)))
    planted = values(
        run, (hit for hit in (*hits, *found) if hit.folder == "calibration"), "question_id"
    )
    found += rows_with(run, planted, ("question_id",), folders=("calibration",))
    further = {(hit.name, hit.index): hit for hit in found}
    return [hit for place, hit in further.items() if place not in known]


def _origin(run: Run, seed_id: str, hits: list[Hit], trace: Trace) -> None:
    """Adds where a problem comes from and what became of it as a seed."""
    for hit in hits:
        where = f"row {hit.index} of {run.path(hit.name)}"
        if hit.folder in ("seeds", "benchmarks"):
            found = row(run.path(hit.name), hit.index)
            what = "held-out seed" if ".held_out." in hit.name else "seed"
            what = "problem of a benchmark" if hit.folder == "benchmarks" else what
            trace.add("problem", f"{what} {seed_id} of {found['source']}, {where}")
            trace.add("", f"licence {found['licence']}: {short(found['problem'])}")
            trace.add("", made(run, hit.job))
        elif hit.folder == "code_cots":
            found = row(run.path(hit.name), hit.index)
            trace.add("Code CoT", f"{found['program_id']} by {found['converter']}, {where}")
            trace.add("", made(run, hit.job))
    for verdict, n in sorted(_verdicts(run, hits).items()):
        trace.add("rejected", f"{n:,} {'row' if n == 1 else 'rows'} by {verdict}")
    for hit in hits:
        if hit.folder == "seeds" and ".held_out." not in hit.name:
            unify = "unify", hit.job[1]
            ended = [h for h in hits if h.job == unify and h.folder in ("code_cots", "rejected")]
            if unify not in run.records:
                trace.add("Code CoT", "not converted yet")
            elif not ended:
                trace.gap(
                    f"{run.path(hit.name)}: seed {seed_id} was neither converted nor rejected"
                )


def _verdicts(run: Run, hits: Iterable[Hit]) -> Counter[str]:
    found: Counter[str] = Counter()
    for hit in hits:
        if hit.folder == "rejected":
            rejected = row(run.path(hit.name), hit.index)
            found[f"{hit.job[0]}, {rejected['verdict']}: {short(rejected['reason'])}"] += 1
    return found


def _removed(run: Run, hits: Iterable[Hit], every: bool, trace: Trace) -> None:
    """Adds the files in which a problem's text is, with the number of its rows."""
    by_file: dict[str, set[int]] = defaultdict(set)
    for hit in hits:
        by_file[hit.name].add(hit.index)
    for name, indices in by_file.items():
        path = run.path(name)
        trace.add("remove", f"{len(indices):,} of {count_rows(path):,} rows of {path}")
        if every:
            trace.add("", f"rows {', '.join(map(str, sorted(indices)))}")


def _copies(run: Run, programs: set[str], every: bool, trace: Trace) -> None:
    """Adds the sampled rows whose program is that of a Code CoT."""
    found = rows_with(run, programs, ("program_id",), folders=_SAMPLED) if programs else ()
    by_folder: dict[str, list[Hit]] = defaultdict(list)
    for hit in found:
        by_folder[hit.folder].append(hit)
    for folder, hits in by_folder.items():
        trace.add(
            "remove", f"{len(hits):,} rows of {run.path(folder)}, sampled with the same program"
        )
        listed = hits if every else hits[:_COPIES] if folder == "corpus" else []
        for hit in listed:
            trace.add("", f"row {hit.index} of {run.path(hit.name)}")


def _reachable(run: Run, names: Iterable[str]) -> list[Job]:
    """Returns the jobs to which chains of files lead from some files, in data order."""
    found: set[Job] = set()
    waiting = list(names)
    while waiting:
        for job in run.read_by.get(waiting.pop(), []):
            if job not in found:
                found.add(job)
                waiting += outputs(run.records[job])
    return [job for job in run.records if job in found]


def _retrained(run: Run, learnt: list[Job], code_cots: set[str], trace: Trace) -> None:
    """Adds the models that were trained on a Code CoT of the seed."""
    trained = [
        job for job in learnt if trains(job[0]) and code_cots & set(inputs(run.records[job]))
    ]
    for job in trained:
        for name in outputs(run.records[job]):
            if name.endswith("manifest.json"):
                _require(run, name, trace)
                trace.add("retrain", f"{run.path(name)}, which learnt it, {_seconds(run, [job])}")
                trace.add("", made(run, job))
    if not trained:
        trace.add("retrain", "nothing: no model was trained on it")


def _made_again(run: Run, learnt: list[Job], trace: Trace) -> None:
    """Adds all jobs after the models that learnt a seed."""
    direct = {job for job in learnt if any(n.startswith("code_cots/") for n in _read(run, job))}
    later = [job for job in learnt if not (job in direct and trains(job[0]))]
    for rule, jobs in _by_rule(run, later).items():
        names = [name for job in jobs for name in outputs(run.records[job])]
        for name in names:
            _require(run, name, trace)
        places = sorted({_place(run, name, len(jobs)) for name in names if "rejected/" not in name})
        rows = sum((run.records[job]["rows"] or {}).get("accepted", 0) for job in jobs)
        counted = f", {rows:,} rows" if rows else ""
        verb = "retrain" if trains(rule) else "make again"
        trace.add(verb, f"{rule}, {_jobs(len(jobs))}{counted}: {', '.join(places)}")
    if later:
        trace.add("", f"{_seconds(run, learnt)}, with the trainings")
    waiting = [f"{rule} {identity}" for rule, identity in run.missing()]
    if waiting:
        trace.add("", f"{_jobs(len(waiting))} of the run have not run yet, so they are not listed")


def _read(run: Run, job: Job) -> Iterable[str]:
    return inputs(run.records[job])


def _place(run: Run, name: str, jobs: int) -> str:
    """Returns a file; of many jobs, all files of its folder."""
    path = run.path(name)
    return str(path.with_name(f"*{PurePath(name).suffix}") if jobs > 1 else path)


def _require(run: Run, name: str, trace: Trace) -> None:
    if not run.path(name).exists():
        trace.gap(f"{run.path(name)}: {' '.join(run.made_by[name])} made it, and it is not there")


def _named_by_rejections(run: Run, seed_id: str, trace: Trace) -> None:
    """Adds the rows that were rejected because of a problem."""
    for name, job in tables(run):
        if not name.startswith("rejected/"):
            continue
        found = read_columns(run.path(name), ("row_id", "verdict", "reason"))
        mask = pc.and_(
            pc.match_substring(found["reason"], seed_id),
            pc.not_equal(found["row_id"], pa.scalar(seed_id)),
        )
        for verdict, n in sorted(Counter(found.filter(mask)["verdict"].to_pylist()).items()):
            rows = "row was" if n == 1 else "rows were"
            trace.add(
                "compared", f"{n:,} {rows} rejected by {job[0]} because of it, {verdict}, {name}"
            )


def _by_rule(run: Run, jobs: Iterable[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = defaultdict(list)
    wanted = set(jobs)
    for job in run.records:
        if job in wanted:
            found[job[0]].append(job)
    return found


def _seconds(run: Run, jobs: Iterable[Job]) -> str:
    return f"{sum(run.records[job].get('seconds') or 0 for job in jobs):,.0f} s of jobs"


def _jobs(number: int) -> str:
    return f"{number:,} {'job' if number == 1 else 'jobs'}"
