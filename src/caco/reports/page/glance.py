"""The run at a glance: result, cost and identity, and its settings, models and seeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caco.reports.funnel import Counted, FunnelStage
from caco.reports.page.cost import by_rule, cost, hours
from caco.reports.page.scores_section import points
from caco.reports.page.tables import NONE, Table, numbers, text
from caco.reports.records import Record, root_of
from caco.runtime.progress import duration
from caco.stages.bench.scores import BASE, STUDENT, Scores
from caco.workflow.stages import BY_NAME, ONE

_SHORT = 12  # hex digits of a digest or commit in a tile or table
_HELD_OUT = ".held_out.parquet"


@dataclass(frozen=True, slots=True)
class Tile:
    """A number in large type.

    Attributes:
        label: What it is.
        value: The number.
        note: What to know about it.
    """

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Glance:
    """The section.

    Attributes:
        tiles: Result, corpus and cost.
        facts: Names and values: commit, times, software, root digest and its last verification.
        tables: Settings that matter, base models, and seeds by source.
    """

    tiles: list[Tile]
    facts: list[tuple[str, str]]
    tables: list[Table]


def glance(
    records: Sequence[Record],
    counted: Sequence[Counted],
    stages: Sequence[FunnelStage],
    scores: Scores,
    verified: str,
) -> Glance:
    """Returns the section.

    Args:
        records: Every job's record.
        counted: The rows of the jobs that have some.
        stages: The funnel.
        scores: The benchmarks' scores.
        verified: When the root digest was last verified, in one sentence.
    """
    ordered = [record for of_rule in by_rule(records).values() for record in of_rule]
    tables = [_trainings(ordered), _generation(ordered), _models(ordered), _sources(counted)]
    return Glance(
        [*_results(scores), *_sizes(stages), _cost(records)],
        _facts(records, verified),
        [table for table in tables if table.rows],
    )


def _results(scores: Scores) -> list[Tile]:
    accuracy = {(s.benchmark, s.model): s.accuracy for s in scores.scores}
    tiles = []
    for d in (one for one in scores.differences if one.other == BASE):
        value, interval = points(d)
        base, student = (accuracy.get((d.benchmark, model)) for model in (BASE, STUDENT))
        both = f"{base:.1%} to {student:.1%}; " if base is not None and student is not None else ""
        tiles.append(
            Tile(
                f"{d.benchmark}: student against base",
                f"{value} points",
                f"{both}95% interval {interval}, p = {d.p_holm:.2g}",
            )
        )
    return tiles


def _sizes(stages: Sequence[FunnelStage]) -> list[Tile]:
    of = {stage.stage: stage for stage in stages}
    if "corpus" not in of:
        return []
    sampled = f"from {of['sample'].accepted:,} sampled programs" if "sample" in of else ""
    return [Tile("Corpus", f"{of['corpus'].accepted:,} rows", sampled)]


def _cost(records: Sequence[Record]) -> Tile:
    whole = cost(records)
    jobs = f"{whole.jobs:,} jobs, {duration(whole.seconds)} of job time"
    return Tile("Cost", f"{hours(whole.core_h)} core-h, {hours(whole.gpu_h)} GPU-h", jobs)


def _facts(records: Sequence[Record], verified: str) -> list[tuple[str, str]]:
    versions: dict[str, set[str]] = {}
    for record in records:
        for package, version in record.versions.items():
            versions.setdefault(package, set()).add(version)
    packages = [f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items())]
    facts = [("Commit", _distinct(r.commit or "unknown (restored record)" for r in records))]
    if records:
        first, last = min(r.started for r in records), max(r.ended for r in records)
        facts.append(("When", f"{first} to {last}"))
    restarted = sum(len(record.starts) for record in records)
    return [
        *facts,
        ("Root digest", root_of(records)),
        ("Verified", verified),
        ("Hosts", _distinct(r.host for r in records)),
        ("GPUs", _distinct(gpu for r in records for gpu in r.gpus) or "none"),
        ("Failed or preempted starts", f"{restarted:,}"),
        ("Versions", ", ".join(packages)),
    ]


def _distinct(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values)))


def _trainings(records: Iterable[Record]) -> Table:
    rows = []
    for record in records:
        training = record.spec.get("training")
        if not BY_NAME[record.rule].trains or not isinstance(training, Mapping):
            continue
        examples = f"{record.counts.accepted:,}" if record.counts else NONE
        named = ("epochs", "learning_rate", "global_batch", "cutoff", "warmup", "weight_decay",
                 "precision", "seed")  # fmt: skip
        rows.append([
            _training(record), str(record.spec.get("model")), examples,
            *(_value(training, name) for name in named),
        ])  # fmt: skip
    return Table(
        "Settings of the trainings",
        [
            text("Training"), text("Base model"),
            *numbers("Examples", "Epochs", "Learning rate", "Batch", "Cutoff (tokens)",
                     "Warm-up", "Weight decay", "Precision", "Seed"),
        ],
        rows,
    )  # fmt: skip


def _training(record: Record) -> str:
    """Returns the name of a training, with that of its ablation."""
    return record.rule if record.identity in ONE else f"{record.rule} {record.identity}"


def _generation(records: Iterable[Record]) -> Table:
    """Returns the settings of each rule that generates; jobs with other ones have a row each."""
    rows: dict[tuple[str, ...], None] = {}
    for record in records:
        sampling = record.spec.get("sampling")
        if not BY_NAME[record.rule].generates or not isinstance(sampling, Mapping):
            continue
        named = ("temperature", "top_p", "top_k", "max_new_tokens", "seed")
        engine = _value(record.spec.get("engine") or {}, "kind")
        texts = _value(record.spec, *_NUMBERS)
        rows[
            record.rule, _model_of(record), texts, *(_value(sampling, n) for n in named), engine
        ] = None
    return Table(
        "Settings of the generation",
        [
            text("Stage"), text("Model"),
            *numbers("Texts a request", "Temperature", "Top-p", "Top-k", "New tokens",
                     "Seed"),
            text("Engine"),
        ],
        [list(row) for row in rows],
    )  # fmt: skip


_NUMBERS = ("variants", "samples")  # keys of the texts that are generated for one row


def _model_of(record: Record) -> str:
    """Returns the folder of the first checkpoint that a job read."""
    return next((name.removesuffix("/manifest.json") for name in record.models), NONE)


def _models(records: Iterable[Record]) -> Table:
    rows = []
    for record in records:
        if record.rule not in ("model", "data_set"):
            continue
        spec = record.spec
        source = _value(spec, "repo", "package", "path", "name")
        digest = next(iter(record.models.values()), NONE)
        rows.append([
            record.identity, _value(spec, "kind"), source, _value(spec, "revision", "sha256"),
            digest[:_SHORT],
        ])  # fmt: skip
    titles = ("Name", "Kind", "Source", "Revision, or SHA-256 of the file", "Digest of the files")
    return Table("Base models and data sets", [text(title) for title in titles], rows)


def _sources(counted: Iterable[Counted]) -> Table:
    cots = {}
    rows = []
    for job in counted:
        if job.record.rule == "unify":
            cots[job.record.identity] = sum(job.accepted.values())
    for job in counted:
        record = job.record
        if record.rule != "seeds" or record.counts is None:
            continue
        held = sum(n for path, n in job.accepted.items() if path.name.endswith(_HELD_OUT))
        rows.append([
            record.identity, _value(record.spec, "reader"), f"{record.counts.rows_in:,}",
            f"{record.counts.accepted:,}", f"{held:,}",
            f"{cots[record.identity]:,}" if record.identity in cots else NONE,
            NONE if record.seed is None else str(record.seed),
        ])  # fmt: skip
    return Table(
        "Seeds by source",
        [
            text("Source"), text("Reader"),
            *numbers("Rows read", "Accepted", "Held out", "Code CoTs", "Random seed"),
        ],
        rows,
    )  # fmt: skip


def _value(values: Mapping[str, Any], *names: str) -> str:
    """Returns the first of some settings that is set."""
    found = next((values[name] for name in names if values.get(name) is not None), None)
    return NONE if found is None else f"{found:g}" if isinstance(found, float) else str(found)
