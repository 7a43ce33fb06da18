"""The stage table: every rule of the workflow, in the order of the data flow.

Paths, DAG targets, the funnel, the plan, the status, the profiles' lists and the report's inputs
are derived from it. docs/stages.md shows how to add a stage.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from caco.config.config import Config
from caco.config.engines import EngineConfig
from caco.identity import shard_names
from caco.rows.ablation import AblationRow
from caco.rows.answered import Answered
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.graded import Graded
from caco.rows.program import Program
from caco.rows.question import Question
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.rows.table import Row
from caco.rows.verified import Verified
from caco.runtime.checksums import write_checked
from caco.workflow.paths import Paths

Engines = Mapping[str, EngineConfig]  # by their key in the config
ONE = ("all",)  # identities of a rule with a single job


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A rule of the workflow.

    Attributes:
        name: The rule. Its provenance records are in `provenance/{name}`, its logs in
            `logs/{run}/{name}`.
        jobs: Returns the identities of its jobs in a run; empty where the run does not have it.
        environment: The environment of its script; None for that of its engine.
        identity: The wildcards that tell its jobs apart; empty for a rule with a single job.
        script: Name of its script under `scripts/`, where it differs from the rule's.
        row: Type of its accepted rows; None for a rule without rows.
        files: Returns the Parquet files of one job's accepted rows; empty for a rule without rows.
        rejects: Whether its jobs also write rejected rows.
        keeps_replies: Whether its jobs also write the replies of their model: where the rows keep a
            part of them.
        shard_files: Folder of the files that its jobs write; None where it has no job per shard.
        follows: Names of stages; it reads the accepted rows of the first of these that the run has.
            Empty where its rows do not come from a stage.
        engines: Returns its engines in a run; None where no model generates.
        trains: Whether it fine-tunes a model.
        on_submit_host: Whether it runs on the host of Snakemake, also on a cluster.
        beside_funnel: Whether its rows belong to a benchmark or an ablation: the report shows them
            after the funnel, not in it.
    """

    name: str
    jobs: Callable[[Config], list[str]]
    environment: Literal["workflow", "train", "sandbox"] | None
    identity: str = ""
    script: str = ""
    row: type[Row] | None = None
    files: Callable[[Paths, str], list[str]] = lambda paths, identity: []
    rejects: bool = False
    keeps_replies: bool = False
    shard_files: str | None = None
    follows: tuple[str, ...] = ()
    engines: Callable[[Config], Engines] | None = None
    trains: bool = False
    on_submit_host: bool = False
    beside_funnel: bool = False

    @property
    def generates(self) -> bool:
        """Whether a model generates text in its jobs."""
        return self.engines is not None

    @property
    def uses_gpu(self) -> bool:
        """Whether its jobs use GPUs where the machine has any."""
        return self.generates or self.trains


def _one(config: Config) -> list[str]:
    return list(ONE)


def _sources(config: Config) -> list[str]:
    return list(config.sources)


def _rounds(config: Config) -> list[str]:
    return [f"{s}-{n}" for s, llm in config.converters().items() for n in range(llm.rounds)]


def _shards(config: Config) -> list[str]:
    return shard_names(config.shards)


def _benchmarks(config: Config) -> list[str]:
    return list(config.bench.benchmarks)


def _model_benchmarks(config: Config) -> list[str]:
    return [f"{model}-{b}" for model in config.benchmarked for b in config.bench.benchmarks]


def _ablations(config: Config) -> list[str]:
    return list(config.ablations)


def _calibration(config: Config) -> list[str]:
    return _one(config) if config.calibration else []


def _shard_stage(
    name: str,
    shard_files: str,
    row: type[Row],
    follows: tuple[str, ...],
    environment: Literal["workflow", "train", "sandbox"] | None = None,
    engines: Callable[[Config], Engines] | None = None,
    jobs: Callable[[Config], list[str]] = _shards,
) -> Stage:
    """Returns a stage with one job per shard that accepts or rejects rows."""
    return Stage(
        name=name,
        jobs=jobs,
        identity="{shard}",
        environment=environment,
        row=row,
        files=lambda paths, shard: [paths.shard(shard_files, shard)],
        rejects=True,
        keeps_replies=engines is not None,
        shard_files=shard_files,
        follows=follows,
        engines=engines,
    )


def _llm_judge_engine(config: Config) -> Engines:
    section = config.reverse.llm_judge
    return {"reverse.llm_judge.engine": section.engine} if section else {}


def _round_trip_shards(config: Config) -> list[str]:
    return _shards(config) if config.reverse.round_trip else []


def _round_trip_engine(config: Config) -> Engines:
    section = config.reverse.round_trip
    return {"reverse.round_trip.engine": section.engine} if section else {}


def _rated_shards(config: Config) -> list[str]:
    return _shards(config) if config.pass_rate else []


def _embedded_problems(config: Config) -> list[str]:
    if config.embedding is None:
        return []
    compared = [f"benchmarks-{name}" for name in config.embedded_benchmarks()]
    return [*(f"seeds-{name}" for name in config.sources), *compared]


def _embedding_engine(config: Config) -> Engines:
    return {"embedding.engine": config.embedding.engine} if config.embedding else {}


def _split(identity: str) -> tuple[str, str]:
    """Returns the model and the benchmark of a job's identity."""
    model, _, benchmark = identity.partition("-")
    return model, benchmark


STAGES: tuple[Stage, ...] = (
    Stage(
        name="data_set",
        jobs=lambda config: list(config.hub_sources()),
        identity="{source}",
        environment="train",
        on_submit_host=True,
    ),
    Stage(
        name="seeds",
        jobs=_sources,
        identity="{source}",
        environment="workflow",
        row=Seed,
        files=lambda paths, source: [paths.seeds(source), paths.held_out(source)],
        rejects=True,
        on_submit_host=True,
    ),
    Stage(name="preflight", jobs=_one, environment="sandbox"),
    Stage(name="preflight_passed", jobs=_one, environment="workflow", on_submit_host=True),
    Stage(
        name="model",
        jobs=lambda config: config.used_models,
        identity="{model}",
        environment="train",
        on_submit_host=True,
    ),
    Stage(
        name="bench_problems",
        jobs=_benchmarks,
        identity="{benchmark}",
        environment="workflow",
        row=Seed,
        files=lambda paths, benchmark: [paths.bench_problems(benchmark)],
        rejects=True,
        on_submit_host=True,
        beside_funnel=True,
    ),
    Stage(
        name="draft",
        jobs=_rounds,
        identity="{source}-{round}",
        environment=None,
        engines=lambda config: {
            f"sources.{s}.unify.engine": llm.engine for s, llm in config.converters().items()
        },
    ),
    Stage(name="attempt", jobs=_rounds, identity="{source}-{round}", environment="sandbox"),
    Stage(
        name="unify",
        jobs=_sources,
        identity="{source}",
        environment="sandbox",
        row=CodeCoT,
        files=lambda paths, source: [paths.code_cots(source)],
        rejects=True,
        follows=("seeds",),
    ),
    Stage(name="codegen", jobs=_one, environment="train", trains=True),
    Stage(
        name="writer",
        jobs=lambda config: _one(config) if "writer" in config.trained else [],
        environment="train",
        trains=True,
    ),
    Stage(name="plant", jobs=_calibration, environment="sandbox"),
    Stage(
        name="judge_planted",
        jobs=lambda config: _calibration(config) if config.reverse.llm_judge else [],
        environment=None,
        keeps_replies=True,
        engines=_llm_judge_engine,
    ),
    Stage(name="calibrate", jobs=_calibration, environment="train"),
    Stage(
        name="sample",
        jobs=_shards,
        identity="{shard}",
        environment=None,
        row=Program,
        files=lambda paths, shard: [paths.shard("programs", shard)],
        shard_files="programs",
        engines=lambda config: {"sample.engine": config.sample.engine},
    ),
    _shard_stage("verify", "verified", Verified, ("sample",), "sandbox"),
    _shard_stage(
        "question", "questions", Question, ("verify",),
        engines=lambda config: {"reverse.question.engine": config.reverse.question.engine},
    ),
    Stage(
        name="redraft",
        jobs=_round_trip_shards,
        identity="{shard}",
        environment=None,
        shard_files="redrafts",
        engines=_round_trip_engine,
    ),
    _shard_stage(
        "round_trip", "round_trips", Question, ("question",), "sandbox", jobs=_round_trip_shards
    ),
    _shard_stage(
        "solution", "solutions", Solution, ("round_trip", "question"),
        engines=lambda config: {"reverse.solution.engine": config.reverse.solution.engine},
    ),
    _shard_stage("judge", "judged", Solution, ("solution",), "train"),
    _shard_stage(
        "llm_judge", "llm_judged", Solution, ("judge",),
        engines=_llm_judge_engine,
        jobs=lambda config: _shards(config) if config.reverse.llm_judge else [],
    ),
    _shard_stage("check", "checked", Solution, ("llm_judge", "judge"), "workflow"),
    Stage(
        name="rollout",
        jobs=_rated_shards,
        identity="{shard}",
        environment=None,
        shard_files="rollouts",
        engines=lambda config: (
            {"pass_rate.engine": config.pass_rate.engine} if config.pass_rate else {}
        ),
    ),
    Stage(
        name="pass_rate",
        jobs=_rated_shards,
        identity="{shard}",
        environment="train",
        shard_files="pass_rates",
    ),
    Stage(
        name="embed",
        jobs=lambda config: _shards(config) if config.embedding else [],
        identity="{shard}",
        environment=None,
        shard_files="embeddings",
        engines=_embedding_engine,
    ),
    Stage(
        name="embed_problems",
        script="embed",
        jobs=_embedded_problems,
        identity="{folder}-{name}",
        environment=None,
        engines=_embedding_engine,
    ),
    Stage(
        name="corpus",
        jobs=_one,
        environment="workflow",
        row=CorpusRow,
        files=lambda paths, identity: [paths.corpus()],
        rejects=True,
        follows=("check",),
    ),
    Stage(name="export", jobs=_one, environment="workflow"),
    Stage(name="student", jobs=_one, environment="train", trains=True),
    Stage(
        name="ablation_corpus",
        jobs=_ablations,
        identity="{ablation}",
        environment="workflow",
        row=AblationRow,
        files=lambda paths, ablation: [paths.ablation_rows(ablation)],
        rejects=True,
        beside_funnel=True,
    ),
    Stage(
        name="ablation_student",
        script="student",
        jobs=_ablations,
        identity="{ablation}",
        environment="train",
        trains=True,
    ),
    Stage(
        name="answer",
        jobs=_model_benchmarks,
        identity="{model}-{benchmark}",
        environment=None,
        row=Answered,
        files=lambda paths, identity: [paths.answers(*_split(identity))],
        engines=lambda config: {"bench.engine": config.bench.engine},
        beside_funnel=True,
    ),
    Stage(
        name="grade",
        script="grade_answers",
        jobs=_model_benchmarks,
        identity="{model}-{benchmark}",
        environment="train",
        row=Graded,
        files=lambda paths, identity: [paths.graded(*_split(identity))],
        follows=("answer",),
        beside_funnel=True,
    ),
    Stage(name="scores", jobs=_one, environment="workflow"),
    Stage(name="report", jobs=_one, environment="workflow"),
)  # fmt: skip

BY_NAME: dict[str, Stage] = {stage.name: stage for stage in STAGES}
# Row types of the stages that have rows: the funnel, then the benchmarks.
ROW_STAGES: dict[str, type[Row]] = {s.name: s.row for s in STAGES if s.row is not None}
SHARD_STAGES: tuple[Stage, ...] = tuple(s for s in STAGES if s.shard_files)
# Rules that decide no row: the preflight rules may run again at any time, and the report has times.
WITHOUT_ROWS = ("preflight", "preflight_passed", "report")


def jobs_of(config: Config) -> dict[str, list[str]]:
    """Returns the identities of each rule's jobs, in the order of the stage table."""
    jobs = {stage.name: stage.jobs(config) for stage in STAGES}
    return {rule: identities for rule, identities in jobs.items() if identities}


def shard_files(config: Config) -> dict[str, str]:
    """Returns, by stage with a job per shard, the folder of its files, in table order."""
    return {s.name: s.shard_files for s in SHARD_STAGES if s.shard_files and s.jobs(config)}


def engines_of(config: Config) -> dict[str, Engines]:
    """Returns, by rule in which a model generates, its engines by config key."""
    return {s.name: s.engines(config) for s in STAGES if s.engines is not None}


def trained_model(paths: Paths, rule: str, identity: str) -> str:
    """Returns what a training makes, as an argument of `Paths.checkpoint` and `Paths.loss`."""
    return paths.ablation(identity) if rule == "ablation_student" else rule


def loss_files(jobs: Mapping[str, Sequence[str]], paths: Paths) -> list[str]:
    """Returns the loss curves of a run, of whose jobs `jobs` has the identities by rule."""
    return [
        paths.loss(trained_model(paths, rule, identity))
        for rule, identities in jobs.items()
        if BY_NAME[rule].trains
        for identity in identities
    ]


def row_files(config: Config, paths: Paths) -> list[str]:
    """Returns the Parquet files that the report reads; of a stage with shards, those of shard 0."""
    return [
        file
        for stage in STAGES
        for identity in (stage.jobs(config)[:1] if stage.shard_files else stage.jobs(config))
        for file in [
            *stage.files(paths, identity),
            *([paths.rejected(stage.name, identity)] if stage.rejects else []),
            *([paths.replies(stage.name, identity)] if stage.keeps_replies else []),
        ]
    ]


def report_records(config: Config, paths: Paths) -> list[str]:
    """Returns the provenance records that the report reads; of a stage with shards, shard 0's.

    Excluded are those of `WITHOUT_ROWS`.
    """
    return [
        paths.provenance(rule, identity)
        for rule, identities in jobs_of(config).items()
        if rule not in WITHOUT_ROWS
        for identity in (identities[:1] if BY_NAME[rule].shard_files else identities)
    ]


def wildcards_of(rule: str, identity: str) -> dict[str, str]:
    """Returns the wildcards of a job by name; their values contain no hyphen."""
    names = re.findall(r"{(\w+)}", BY_NAME[rule].identity)
    return dict(zip(names, identity.split("-"), strict=True)) if names else {}


def write_jobs(path: Path, config: Config) -> None:
    """Writes the run's jobs by rule and its complete config as JSON, for the audit's commands."""
    write_checked(path, {"jobs": jobs_of(config), "config": config.model_dump(mode="json")})
