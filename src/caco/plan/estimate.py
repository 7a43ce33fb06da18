"""Jobs, rows, tokens, hours and disk of every stage of a configuration; nothing is submitted."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from caco.config.training import FineTune
from caco.config.workflow import Config
from caco.plan.assumptions import Assumptions

# Bytes of a token's text in a Parquet file, zstd: 3.6 characters a token of GSM8K-like text,
# compressed to about a third.
_BYTES_A_TOKEN = 1.2


@dataclass(frozen=True, slots=True)
class Stage:
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

    stages: tuple[Stage, ...]
    programs_per_shard: int
    shards: int


def estimate(config: Config, seeds: dict[str, int], assumed: Assumptions) -> Plan:
    """Returns what a run of `config` would take.

    Args:
        config: The run.
        seeds: Seeds by source.
        assumed: The cluster.
    """
    stages = tuple(_stages(config, seeds, assumed))
    programs = config.shards * config.sample.programs_per_shard
    size = _shard_size(config, assumed)
    return Plan(stages, size, ceil(programs / size))


def _stages(config: Config, by_source: dict[str, int], a: Assumptions) -> Iterator[Stage]:
    tokens, rates = a.tokens, a.rates
    seeds = sum(by_source.values())
    yield Stage("seeds", len(config.sources), seeds, seeds, 0)
    cots = round(seeds * a.yields.unify)
    asked = sum(by_source[n] for n, s in config.sources.items() if s.unify.converter == "llm")
    yield _written(
        "unify", len(config.sources), (seeds, cots), asked, tokens.program, rates.unify, a
    )
    yield _trained("codegen", config.codegen, cots, tokens.program, a)
    programs = config.shards * config.sample.programs_per_shard
    shards = config.shards
    each = tokens.program
    yield _written("sample", shards, (programs, programs), programs, each, rates.sample, a)
    verified = round(programs * a.yields.verify)
    core_h = programs / rates.verify / 3600
    at_once = min(a.cores, shards * 8)  # a job takes eight cores
    disk = _disk(programs, tokens.program)
    yield Stage("verify", shards, programs, verified, 0, 0.0, core_h, core_h / at_once, disk)
    if config.writer.fine_tune:
        yield _trained("writer", config.writer, 2 * cots, tokens.solution, a)
    asked = verified * config.reverse.question.variants
    kept = round(verified * a.yields.reverse)
    each = tokens.question
    yield _written("question", shards, (asked, asked), asked, each, rates.question, a)
    each = tokens.solution
    yield _written("solution", shards, (asked, asked), asked, each, rates.solution, a)
    yield Stage("judge", shards, asked, kept, 0)
    if config.reverse.agree is not None:
        yield _written("agree", shards, (kept, kept), kept, 64, rates.solution, a)
    yield Stage("corpus", 1, kept, kept, 0, disk_gb=_disk(kept, sum(tokens.model_dump().values())))
    yield _trained("student", config.student, kept, tokens.question + tokens.solution, a)


def _written(
    name: str,
    jobs: int,
    rows: tuple[int, int],
    written: int,
    tokens: float,
    rate: float,
    a: Assumptions,
) -> Stage:
    """Returns a stage whose model writes `tokens` for each of `written` rows."""
    total = written * tokens
    gpu_h = total / rate / 3600 + (jobs * a.start_s / 3600 if written else 0.0)
    wall_h = gpu_h / min(a.gpus, jobs)
    disk = _disk(rows[1], tokens)
    return Stage(name, jobs, *rows, round(total), gpu_h, 0.0, wall_h, disk)


def _trained(name: str, section: FineTune, rows: int, tokens: float, a: Assumptions) -> Stage:
    """Returns a fine-tuning of `rows` examples of `tokens`, on all of the cluster's GPUs."""
    seen = rows * section.training.epochs
    gpu_h = seen * tokens / a.rates.train / 3600
    return Stage(name, 1, rows, round(seen), round(seen * tokens), gpu_h, 0.0, gpu_h / a.gpus)


def _disk(rows: int, tokens: float) -> float:
    return rows * tokens * _BYTES_A_TOKEN / 1e9


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
