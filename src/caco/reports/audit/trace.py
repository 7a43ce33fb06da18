"""The trace of an identity: a row back to the seeds, a seed forward to what depends on it."""

from caco.reports.audit.dependents import dependents, is_problem
from caco.reports.audit.identities import Hit, NoRowError, Trace, find, rejected_row
from caco.reports.audit.lineage import lineage, short, target_of
from caco.reports.run_files import Run, altered_tables, row, unrecorded_inputs

_PLANTED = "calibration/planted.parquet"
_LISTED = 5  # rows of one program that are traced; all are counted


def trace(run: Run, identity: str, every: bool = False) -> Trace:
    """Traces an identity in both directions, as far as each of its rows goes.

    A row that was made of a sampled program goes back to the seeds on which its models were
    trained; a seed, a Code CoT or a problem of a benchmark goes forward to all that depends on it.
    A table that is not as recorded, or has no whole record, is a gap whatever is traced: its rows
    may have been edited, or it may have had rows of the identity.

    Args:
        run: The run.
        identity: As in `caco.reports.audit.identities.find`.
        every: Whether rows are listed that are otherwise counted.

    Raises:
        UserError: No row has the identity, or a file is missing or unreadable.
    """
    altered = altered_tables(run)
    gaps = [*run.torn.values(), *altered.values(), *unrecorded_inputs(run)]
    found = Trace()
    try:
        hits, variant = find(run, identity)
    except NoRowError as error:
        if not gaps:
            raise
        hits, variant = [], None
        found.gap(str(error))
    for seed_id in dict.fromkeys(
        seed for hit in hits if is_problem(hit) for seed in _seeds(run, hit, found)
    ):
        _extend(found, dependents(run, seed_id, every))
    sampled = [hit for hit in hits if not is_problem(hit)]
    targets = dict.fromkeys(target_of(run, hit, variant) for hit in _first(sampled))
    for target in list(targets)[: None if every else _LISTED]:
        _extend(found, lineage(run, target, altered, every))
    if (more := len(targets) - _LISTED) > 0 and not every:
        found.add("", f"and {more:,} other samples of the same program; --all shows them")
    for gap in gaps:
        if gap not in found.gaps:
            found.gap(gap)
    return found


def _first(hits: list[Hit]) -> list[Hit]:
    """Returns the rows in the first of the files that have an identity's rows."""
    folders = [hit.folder for hit in hits]
    return [hit for hit in hits if hit.folder == folders[0]]


def _seeds(run: Run, hit: Hit, found: Trace) -> list[str]:
    """Returns the seed of a row that was made of one problem."""
    if hit.column in ("seed_id", "problem_id"):
        return [hit.value]
    if (hit.name, hit.column) == (_PLANTED, "sample_id"):  # that of the seed
        return [hit.value]
    values = row(run.path(hit.name), hit.index)
    if hit.folder == "calibration":
        if hit.column == "program_id" or hit.name != _PLANTED:
            return []
        if hit.column == "question_id":
            found.add("planted", f"row {hit.index} of {run.path(hit.name)}, {values['kind']}")
            found.add("", f"of Code CoT {values['program_id']} and seed {values['sample_id']}")
            found.add("", f"question: {short(values['question'])}")
        return [values["sample_id"]]
    if hit.column == "row_id":
        return [str(rejected_row(values["row"]).get("seed_id", hit.value))]
    return [values["seed_id"]] if "seed_id" in values else []


def _extend(found: Trace, further: Trace) -> None:
    if found.lines and further.lines:
        found.lines.append("")
    found.lines += further.lines
    found.gaps += further.gaps
