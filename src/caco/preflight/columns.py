"""Columns of the user's files, compared with the field maps of the config before a run starts."""

from collections.abc import Iterable
from typing import Any

from caco.config.bench import TableBenchmark
from caco.config.config import Config
from caco.config.sources import Table
from caco.errors import UserError
from caco.stages.seeds.field_map import FieldMap


def missing_columns(jobs: Iterable[Any], config: Config) -> list[UserError]:
    """Returns one error for each source and benchmark whose files lack a column of its field map.

    Reads the beginning of each file. The files of a hub data set are read by their job only.

    Args:
        jobs: Snakemake's jobs that are to run; the files that they read exist.
        config: The run.
    """
    errors = []
    for job in jobs:
        name = "".join(job.wildcards)
        section, key = _section(job.rule.name, name, config)
        if section is None or section.path is None:
            continue
        try:
            FieldMap(section, name, key).require_columns()
        except UserError as error:
            errors.append(error)
    return errors


def _section(rule: str, name: str, config: Config) -> tuple[Table | TableBenchmark | None, str]:
    """Returns the tabular section that a job reads, if it reads one, and its key."""
    section: Any = None
    key = ""
    if rule == "seeds":
        section, key = config.sources[name].seeds, f"sources.{name}.seeds"
    elif rule == "bench_problems":
        section, key = config.bench.benchmarks[name], f"bench.benchmarks.{name}"
    return (section if isinstance(section, Table | TableBenchmark) else None), key
