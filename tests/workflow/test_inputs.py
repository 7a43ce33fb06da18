"""The user's files that jobs read: every reader's and every benchmark's file is among them."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from caco.config.bench import Benchmark
from caco.config.section import Section
from caco.config.sources import Reader
from caco.workflow.inputs import local_inputs

# The texts in these sections that are not the path of a file, by model and key.
NAMES = {
    ("Families", "families"), ("HeldOut", "source"), ("Table", "filters"), ("Table", "licence"),
    ("TableBenchmark", "filters"),
}  # fmt: skip


def kinds(union: Any) -> list[type[Section]]:
    """Returns the sections of an annotated union."""
    return list(get_args(get_args(union)[0]))


def texts(section: type[Section]) -> list[str]:
    """Returns the keys of a section whose values are texts that a user chooses."""
    return [
        key
        for key, field in section.model_fields.items()
        if {str, Path} & {field.annotation, *get_args(field.annotation)}
    ]


FILES = [
    (section, key)
    for union in (Reader, Benchmark)
    for section in kinds(union)
    for key in texts(section)
    if (section.__name__, key) not in NAMES
]


def config(section: Section) -> Any:
    """Returns a config with a section as its only source or benchmark."""
    of_seeds = type(section) in kinds(Reader)
    sources = {"mine": SimpleNamespace(seeds=section)} if of_seeds else {}
    bench = SimpleNamespace(benchmarks={} if of_seeds else {"mine": section})
    return SimpleNamespace(models={}, sources=sources, bench=bench)


@pytest.mark.parametrize(
    ("section", "key"), FILES, ids=lambda part: getattr(part, "__name__", part)
)
def test_the_file_of_a_reader_or_benchmark_is_an_input(
    tmp_path: Path, section: type[Section], key: str
) -> None:
    """Without it, Snakemake does not notice a changed file; a missing one is a late error."""
    file = tmp_path / "rows.jsonl"
    file.write_text("{}\n")
    values: dict[str, Any] = {key: str(file)}
    given = config(section.model_construct(**values))
    assert [str(file)] in local_inputs(given).files.values(), (
        f"{section.__name__}.{key}: add the file to src/caco/workflow/inputs.py, or the key to "
        "NAMES if it is not a path"
    )
    file.unlink()
    (error,) = local_inputs(given).missing.values()
    assert re.match(rf"{file}: there is no such .*key `.*mine.*\.{key}` of", str(error))


def test_the_readers_of_files_are_known() -> None:
    assert {(section.__name__, key) for section, key in FILES} >= {
        ("Gsm8kFile", "path"), ("Table", "path"), ("TableBenchmark", "path"), ("TheoremQA", "path"),
    }  # fmt: skip
