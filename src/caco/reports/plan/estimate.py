"""Jobs, rows, tokens, hours and disk of every stage of a configuration; nothing is submitted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from caco.config.config import Config
from caco.config.engines import EngineConfig
from caco.config.plan import Assumptions, Tokens
from caco.config.training import FineTune
from caco.reports.plan.input_sizes import InputSizes

# Bytes of a token's text in a Parquet file, zstd: 3.6 characters a token of GSM8K-like text,
# compressed to about a third.
_BYTES_A_TOKEN = 1.2
_JUDGEMENT = 64  # tokens of a judge's reply: two labelled lines with a reason each
_VERIFY_CORES = 8  # of a job, rules/verify.smk
_BENCHMARKED = 2  # models: base and student


@dataclass(frozen=True, slots=True)
class StageCost:
    """What one stage takes.

    Attributes:
        name: The stage.
        jobs: Jobs that Snakemake starts.
        rows_in, rows_out: Rows that enter and that are let through; of training, examples seen.
        tokens: Tokens written by a model, or seen in training.
        gpu_h: Hours of one GPU, engine starts included.
        core_h: Hours of one core.
        wall_h: Hours with the cluster's GPUs and cores to itself.
        disk_gb: Gigabytes of what it leaves.
    """

    name: str
    jobs: int
    rows_in: int
    rows_out: int
    tokens: int
    gpu_h: float = 0.0
    core_h: float = 0.0
    wall_h: float = 0.0
    disk_gb: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A configuration's cost.

    Attributes:
        stages: In the order of the data.
        programs_per_shard: Size of a shard whose longest job takes the hours wanted.
        shards: Shards of that size for as many programs.
    """

    stages: tuple[StageCost, ...]
    programs_per_shard: int
    shards: int


def estimate(config: Config, given: InputSizes, assumed: Assumptions) -> Plan:
    """Returns what a run of `config` would take.

    Args:
        config: The run.
        given: Rows that it starts from.
        assumed: The cluster.
    """
    stages = tuple(
        replace(stage, disk_gb=_disk_gb(stage, assumed.tokens))
        for stage in _stages(config, given, assumed)
    )
    programs = config.shards * config.sample.programs_per_shard
    size = _shard_size(config, assumed)
    return Plan(stages, size, ceil(programs / size))


def _stages(config: Config, given: InputSizes, a: Assumptions) -> Iterator[StageCost]:
    tokens, rates, reverse, shards = a.tokens, a.rates, config.reverse, config.shards
    seeds = sum(given.seeds.values())
    yield StageCost("seeds", len(given.seeds), seeds, seeds, 0)
    converters = config.converters()
    drafted = sum(given.seeds[name] for name in converters)
    gpus = max((_gpus(llm.engine) for llm in converters.values()), default=1)
    cots = round(seeds * a.yields.unify)
    converter = _Writer(tokens.program, rates.unify, gpus)
    yield converter.stage("unify", len(given.seeds), (seeds, cots), drafted, a)
    yield _trained("codegen", config.codegen, cots, tokens.program, a)
    programs = shards * config.sample.programs_per_shard
    sampler = _Writer(tokens.program, rates.sample, _gpus(config.sample.engine))
    yield sampler.stage("sample", shards, (programs, programs), programs, a)
    verified = round(programs * a.yields.verify)
    yield _on_cores("verify", shards, (programs, verified), rates.verify, _VERIFY_CORES, a)
    if config.writer.fine_tune:
        yield _trained("writer", config.writer, 2 * cots, tokens.solution, a)
    asked = verified * reverse.question.variants
    writer = _Writer(tokens.question, rates.question, _gpus(reverse.question.engine))
    yield writer.stage("question", shards, (asked, asked), asked, a)
    solver = _Writer(tokens.solution, rates.solution, _gpus(reverse.solution.engine))
    yield solver.stage("solution", shards, (asked, asked), asked, a)
    kept = round(asked * a.yields.reverse)
    yield _on_cores("judge", shards, (asked, kept), rates.judge, 1, a)
    if reverse.llm_judge is not None:
        judge = _Writer(_JUDGEMENT, rates.solution, _gpus(reverse.llm_judge.engine))
        yield judge.stage("llm_judge", shards, (kept, kept), kept, a)
    yield StageCost("corpus", 1, kept, kept, 0)
    yield _trained("student", config.student, kept, tokens.question + tokens.solution, a)
    asked = _BENCHMARKED * sum(given.problems.values())
    student = _Writer(tokens.solution, rates.answer, _gpus(config.bench.engine))
    jobs = _BENCHMARKED * len(given.problems)
    yield student.stage("answer", jobs, (asked, asked), asked, a)
    yield _on_cores("grade", jobs, (asked, asked), rates.judge, 1, a)


@dataclass(frozen=True, slots=True)
class _Writer:
    """A model that writes: tokens a row, tokens a second on one GPU, GPUs a job."""

    tokens: float
    rate: float
    gpus: int

    def stage(
        self, name: str, jobs: int, rows: tuple[int, int], written: int, a: Assumptions
    ) -> StageCost:
        """Returns a stage in which it writes for `written` rows, in `jobs`."""
        total = written * self.tokens
        starts_h = jobs * self.gpus * a.start_s / 3600 if written else 0.0
        gpu_h = total / self.rate / 3600 + starts_h
        wall_h = gpu_h / min(a.gpus, jobs * self.gpus)
        return StageCost(name, jobs, *rows, round(total), gpu_h, 0.0, wall_h)


def _gpus(engine: EngineConfig) -> int:
    return max(1, engine.gpus)  # a server's count too: rates are of one GPU


def _on_cores(
    name: str, jobs: int, rows: tuple[int, int], rate: float, cores: int, a: Assumptions
) -> StageCost:
    """Returns a stage without GPUs: `rate` rows a second on each of a job's `cores`."""
    core_h = rows[0] / rate / 3600
    return StageCost(name, jobs, *rows, 0, 0.0, core_h, core_h / min(a.cores, jobs * cores))


def _trained(name: str, section: FineTune, rows: int, tokens: float, a: Assumptions) -> StageCost:
    """Returns a fine-tuning of `rows` examples of `tokens`, on all of the cluster's GPUs."""
    seen = rows * section.training.epochs
    gpu_h = seen * tokens / a.rates.train / 3600
    return StageCost(name, 1, rows, round(seen), round(seen * tokens), gpu_h, 0.0, gpu_h / a.gpus)


def _disk_gb(stage: StageCost, tokens: Tokens) -> float:
    """Returns what a stage's tables take: every row that entered, let through or rejected.

    A row carries the texts that it was made from, so that each table can be read by itself.
    """
    written = tokens.question + tokens.solution
    held = {
        **dict.fromkeys(("unify", "sample", "verify"), tokens.program),
        "question": tokens.program + tokens.question,
        **dict.fromkeys(("solution", "judge", "llm_judge", "corpus"), tokens.program + written),
        **dict.fromkeys(("answer", "grade"), written),
    }
    return stage.rows_in * held.get(stage.name, 0.0) * _BYTES_A_TOKEN / 1e9


def _shard_size(config: Config, a: Assumptions) -> int:
    """Returns the programs of a shard whose slowest job takes `shard_h`."""
    working = max(a.shard_h * 3600 - a.start_s, a.start_s, 60.0)
    variants = config.reverse.question.variants * a.yields.verify
    slowest = max(
        a.tokens.program / a.rates.sample,
        a.tokens.question * variants / a.rates.question,
        a.tokens.solution * variants / a.rates.solution,
    )
    return max(1, int(working / slowest))
